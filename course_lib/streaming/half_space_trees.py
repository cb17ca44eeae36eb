"""Half-space trees: random boxes drawn before the data come, and how many events each box held a window ago."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.streaming.half_space_limits import given_limits, limits_of
from course_lib.streaming.half_spaces import collected, counts_of_all, draw_trees, walk, walk_with_gaps
from course_lib.streaming.half_spaces_quick import exit_tables
from course_lib.streaming.piecewise import PiecewiseDetector

# Tan, Ting and Liu: a box with fewer events than this share of a window is not looked into any further.
SMALL = 0.1
# About how many events are handled at once: few enough to stay in the processor's cache.
CHUNK = 2000


@lru_cache(maxsize=1)
def compiled_kernels() -> ModuleType | None:
    """The compiled ways through the trees; None where numba is not installed."""
    try:
        from course_lib.streaming import half_spaces_compiled
    except ImportError:
        return None
    return half_spaces_compiled


class HalfSpaceTrees(PiecewiseDetector):
    """Half-space trees of Tan, Ting and Liu: an event is anomalous where few events were in the window before.

    Each tree halves the space at random, `height` times. The events of one window are counted in the boxes they fall
    into; the next window is scored with these counts: at every level of its way down an event collects the box's count
    times 2^level and stops where the count falls below a tenth of the window. The sum over all trees, divided by the
    largest possible one, is subtracted from 1. The events of the first window score 0. Given the same trees, the scores
    are river's.

    A missing feature does not decide: the way goes to the half that has seen more events in the present window.

    Parameters
    ----------
    n_trees : int
    height : int
        Halvings on the way from the whole space to a smallest box; a tree has 2^height of them.
    window_size : int
    limits : None, (float, float), or mapping of name to (float, float)
        Where each feature lies. None: read from the first window, and widened by a tenth to both sides. A pair holds
        for every feature; (0, 1) is river's default. Events beyond the limits fall into the outermost boxes.
    random_state : int or None
    compiled : bool
        Use numba (the extra "fast") if it is installed. The scores are the same; the first event takes a second.

    Attributes
    ----------
    features_ : ndarray of int, shape (n_trees, 2**height)
        Feature that each inner node asks for, in heap order: the root is 1, node i has the children 2i and 2i + 1.
    cuts_ : ndarray, shape (n_trees, 2**height)
        Values below the cut go to the first child.
    reference_ : ndarray of int, shape (n_trees, 2**(height + 1))
        Events of the last full window in each node.

    References
    ----------
    Tan, Ting and Liu, 2011, Fast Anomaly Detection for Streaming Data.
    """

    _derived = frozenset({"_exits", "_value", "_fast"})
    _exits: Any = None
    _fast: Any = None
    _value: Any = None
    ready_: bool = False

    def __init__(
        self,
        n_trees: int = 10,
        height: int = 8,
        window_size: int = 250,
        limits: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
        random_state: int | None = None,
        compiled: bool = False,
    ):
        self.n_trees = n_trees
        self.height = height
        self.window_size = window_size
        self.limits = limits
        self.random_state = random_state
        self.compiled = compiled

    def _check(self) -> None:
        check_whole("n_trees", self.n_trees, 1)
        check_whole("height", self.height, 1)
        check_whole("window_size", self.window_size, 2)
        if self.height > 20:
            raise ValueError(f"height must be at most 20 (a tree has 2**height boxes), but is {self.height}.")
        draw_seed(self.random_state)

    def _start(self, d: int) -> None:
        super()._start(d)
        self.seed_ = draw_seed(self.random_state)
        self.built_ = False

    def _begin(self, x: Any, d: int) -> None:
        super()._begin(x, d)
        if self.limits is not None:
            try:
                self._build(*given_limits(self.limits, self.feature_names_, d))
            except (TypeError, ValueError):
                self.reset()
                raise

    def _next(self, n: int) -> int:
        return n + self.window_size

    def _build(self, low: np.ndarray, high: np.ndarray) -> None:
        generator = np.random.default_rng(self.seed_)
        self.features_, self.cuts_ = draw_trees(low, high, self.n_trees, self.height, generator)
        self.reference_ = np.zeros((self.n_trees, 2 << self.height), dtype=np.int64)
        self.built_ = True

    def _renew(self, piece: np.ndarray) -> None:
        if not self.built_:
            self._build(*limits_of(piece))
        self._set_reference(counts_of_all(self._leaf_counts(piece)))

    def _set_reference(self, counts: np.ndarray) -> None:
        self.reference_, self.ready_ = counts, True
        self._exits = self._value = self._fast = None

    def _leaf_counts(self, piece: np.ndarray) -> np.ndarray:
        """How many events ended in each smallest box, in order where a missing feature looks at the counts so far."""
        counts = np.zeros((self.n_trees, 1 << self.height), dtype=np.int64)
        gaps = np.flatnonzero(np.isnan(piece).any(axis=1))
        start = 0
        for stop in [*gaps.tolist(), len(piece)]:
            if stop > start:
                counts += self._count(self._walk(piece[start:stop]))
            if stop < len(piece):
                counts[np.arange(self.n_trees), walk_with_gaps(piece[stop], counts, self.features_, self.cuts_)] += 1
            start = stop + 1
        return counts

    def _walk(self, X: np.ndarray) -> np.ndarray:
        kernels = compiled_kernels() if self.compiled else None
        return (walk if kernels is None else kernels.walk)(X, self.features_, self.cuts_)

    def _count(self, leaves: np.ndarray) -> np.ndarray:
        size = 1 << self.height
        flat = leaves + np.arange(self.n_trees) * size
        return np.bincount(flat.ravel(), minlength=self.n_trees * size).reshape(self.n_trees, size)

    def _values(self) -> np.ndarray:
        """What an event collects in each tree if it ends in this smallest box, shape (n_trees, 2**height)."""
        if self._value is None:
            self._value = collected(self.reference_, SMALL * self.window_size)
        return self._value

    @property
    def _largest(self) -> int:
        return self.n_trees * self.window_size * ((2 << self.height) - 1)

    def _score_leaves(self, leaves: np.ndarray) -> np.ndarray:
        collected = self._values().ravel().take(leaves + np.arange(self.n_trees) * (1 << self.height)).sum(axis=1)
        return 1 - collected / self._largest

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        scores = self._score_leaves(self._walk(np.nan_to_num(X, nan=0.0)))
        for place in np.flatnonzero(np.isnan(X).any(axis=1)):
            scores[place] = self._score_with_gaps(X[place])
        return scores

    def _score_with_gaps(self, row: np.ndarray) -> float:
        counts = self._leaf_counts(np.array(self.pending_, dtype=np.float64).reshape(-1, len(row)))
        return float(self._score_leaves(walk_with_gaps(row, counts, self.features_, self.cuts_)[None])[0])

    def _score(self, row: list[float], complete: bool) -> float:
        if not self.ready_:
            return 0.0
        if not complete:
            return self._score_with_gaps(np.array(row))
        if self.compiled and (kernels := compiled_kernels()) is not None:
            if self._fast is None:
                self._fast = kernels.tables(self.features_, self.cuts_, self.reference_), self._largest
            tables, largest = self._fast
            return 1 - kernels.collect(tables, SMALL * self.window_size, *row) / largest
        if self._exits is None:
            tables = exit_tables(self.reference_, self.features_, self.cuts_, SMALL * self.window_size)
            self._exits = (*tables, self._largest, {})
        feature_tables, open_, ones, value, bit, largest, known = self._exits
        for feature, cuts, masks in feature_tables:
            open_ &= masks[bisect_right(cuts, row[feature])]
        # The lowest open box of each tree is where the event stops; see `exit_tables`.
        lowest = rest = open_ & ~(open_ - ones)
        score = known.get(lowest)
        if score is None:
            total = 0
            while rest:
                place = rest.bit_length()
                total += value[place]
                rest ^= bit[place]
            score = known[lowest] = 1 - total / largest
        return score

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        if np.isnan(X).any():
            # Events with gaps need the counts of the present window: one by one.
            return super(PiecewiseDetector, self)._score_learn(X)
        first = 0 if self.ready_ and not self.pending_ else min(len(X), self.due_ - self.n_seen_)
        scores = [super()._score_learn(X[:first])]
        windows = (len(X) - first) // self.window_size if self.built_ else 0
        last = first + windows * self.window_size
        at_once = max(1, CHUNK // self.window_size) * self.window_size
        scores += [self._whole_windows(X[start : min(start + at_once, last)]) for start in range(first, last, at_once)]
        return np.concatenate([*scores, super()._score_learn(X[last:])])

    def _whole_windows(self, X: np.ndarray) -> np.ndarray:
        """Score and learn windows from their first event to their last: each by the counts of the one before."""
        windows, n_trees, size = len(X) // self.window_size, self.n_trees, 1 << self.height
        leaves = self._walk(X) + np.arange(n_trees) * size
        leaves = leaves.reshape(windows, -1, n_trees) + (np.arange(windows) * n_trees * size)[:, None, None]
        counts = np.bincount(leaves.ravel(), minlength=windows * n_trees * size)
        nodes = counts_of_all(counts.reshape(-1, size))
        before = np.concatenate([self.reference_, nodes[:-n_trees]])
        sums = collected(before, SMALL * self.window_size).ravel().take(leaves).sum(axis=2).ravel()
        self._set_reference(nodes[-n_trees:].copy())
        self.n_seen_ += len(X)
        self.due_ = self._next(self.n_seen_)
        return 1 - sums / self._largest
