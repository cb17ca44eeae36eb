"""Random cut forest: an event is anomalous if taking it in would push many others aside."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.streaming.cut_trees import CutTrees
from course_lib.streaming.detector import StreamingDetector


class RandomCutForest(StreamingDetector):
    """Robust random cut forest over a sliding window, scored by expected collusive displacement.

    Every tree holds the last `window_size` events, cut apart at random; a new event is inserted, the oldest removed,
    and the tree is always distributed as if it had been drawn for the present window. The score is how many events
    the new one would displace, for each event that would have to leave with it, averaged over the trees: about 1 to
    10 inside the data, up to the size of the window far outside. Cuts prefer features with a wide range: scale them
    first.

    A missing feature is given the mean of the window. All trees are handled at once in NumPy; a block takes as long as
    a loop, because every event changes every tree.

    Parameters
    ----------
    n_trees : int
    window_size : int
    shingle : int
        Look at this many events in a row as one point, so that shapes in time count. Until there are that many,
        events score 0.
    random_state : int or None

    References
    ----------
    Guha, Mishra, Roy and Schrijvers, 2016, Robust Random Cut Forest Based Anomaly Detection on Streams.
    """

    def __init__(self, n_trees: int = 40, window_size: int = 256, shingle: int = 1, random_state: int | None = None):
        self.n_trees = n_trees
        self.window_size = window_size
        self.shingle = shingle
        self.random_state = random_state

    def _check(self) -> None:
        check_whole("n_trees", self.n_trees, 1)
        check_whole("window_size", self.window_size, 2)
        check_whole("shingle", self.shingle, 1)
        draw_seed(self.random_state)

    def _start(self, d: int) -> None:
        self.generator_ = np.random.default_rng(draw_seed(self.random_state))
        self.trees_ = CutTrees(self.n_trees, self.window_size, d * self.shingle)
        self.points_ = np.full((self.window_size, d * self.shingle), np.nan)
        self.last_ = np.empty((0, d))  # events of the present shingle, oldest first
        self.slot_ = 0

    def _point(self, row: list[float], complete: bool) -> np.ndarray | None:
        """The newest `shingle` events as one row; None if there are too few."""
        event = np.array(row, dtype=np.float64)
        d = len(event)
        if not complete:
            known = self.points_[~np.isnan(self.points_[:, 0]), -d:]
            event = np.where(np.isnan(event), known.mean(axis=0) if len(known) else 0.0, event)
        rows = np.concatenate([self.last_, event[None]])[-self.shingle :]
        return rows.ravel() if len(rows) == self.shingle else None

    def _score(self, row: list[float], complete: bool) -> float:
        point = self._point(row, complete)
        return float(self.trees_.displacement(point).mean()) if point is not None and self.trees_.held else 0.0

    def _learn(self, row: list[float], complete: bool) -> None:
        point = self._point(row, complete)
        d = len(row)
        event = np.array([row]) if complete or point is None else point[None, -d:]
        self.last_ = np.concatenate([self.last_, np.nan_to_num(event, nan=0.0)])[-self.shingle :]
        if point is None:
            return
        if self.trees_.held == self.window_size:
            self.trees_.remove(self.slot_)
        self.trees_.insert(self.slot_, point, self.generator_)
        self.points_[self.slot_] = point
        self.slot_ = (self.slot_ + 1) % self.window_size
