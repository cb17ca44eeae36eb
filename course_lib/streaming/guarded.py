"""A detector that learns only what its threshold lets pass, and begins anew when the stream has really changed."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.drift import DriftDetector
from course_lib.streaming.quantile_threshold import RollingQuantileThreshold
from course_lib.streaming.threshold import StreamingThreshold


class Guarded(StreamingDetector):
    """Any detector of a stream with a threshold in front of its memory.

    A flagged event is scored but not learnt, so an anomaly that lasts does not become normal by lasting. When the
    threshold has to start anew because most of the last `patience` events were flagged (or when `drift` reports a
    change of the scores), the stream itself has changed: a fresh detector and a fresh threshold learn the last
    `patience` events, flagged or not, and go on from there. Until the fresh threshold is warm nothing is flagged.

    Parameters
    ----------
    detector : StreamingDetector
        A pattern: copies of it learn.
    threshold : StreamingThreshold or None
        A pattern too; None: a rolling quantile of 0.995, times 1.5. It needs its guard.
    drift : DriftDetector or None
        An additional watch over the scores, on a log scale.
    patience : int or None
        Events that are remembered for a new beginning; None: the threshold's own patience.

    Attributes
    ----------
    flag_ : bool
        Whether the event learnt last was flagged.
    flags_ : ndarray of bool
        The same for each event of the last block.
    n_restarts_ : int
    restarted_at_ : list of int
        Counts of events at which the detector began anew.
    """

    flag_: bool = False
    flags_: np.ndarray | None = None
    n_restarts_: int = 0

    def __init__(
        self,
        detector: StreamingDetector,
        threshold: StreamingThreshold | None = None,
        drift: DriftDetector | None = None,
        patience: int | None = None,
    ):
        self.detector = detector
        self.threshold = threshold
        self.drift = drift
        self.patience = patience

    def _check(self) -> None:
        if not isinstance(self.detector, StreamingDetector):
            raise TypeError(f"Guarded needs a detector of a stream, but got a {type(self.detector).__name__}.")
        if self.threshold is not None and not isinstance(self.threshold, StreamingThreshold):
            raise TypeError(f"Guarded needs a threshold of a stream, but got a {type(self.threshold).__name__}.")
        if not self._pattern().guard:
            raise ValueError("Guarded needs a threshold with its guard on: pass guard=True.")
        if self.patience is not None:
            check_whole("patience", self.patience, 2)

    def _pattern(self) -> StreamingThreshold:
        return RollingQuantileThreshold(margin=1.5) if self.threshold is None else self.threshold

    def _start(self, d: int) -> None:
        self.detector_ = self.detector.clone()
        self.threshold_ = self._pattern().clone()
        self.drift_ = None if self.drift is None else self.drift.clone()
        self.latest_: deque[Any] = deque(maxlen=self._pattern().patience if self.patience is None else self.patience)
        self.restarted_at_: list[int] = []

    @property
    def threshold_now(self) -> float:
        """The present threshold, infinite while it is warming up."""
        return self.threshold_.threshold if self.n_seen_ else np.inf

    def _score(self, row: list[float], complete: bool) -> float:
        return self.detector_.score_one(row)

    def _learn(self, row: list[float], complete: bool) -> None:
        score = self.detector_.score_one(row)
        self._learn_scored(row, score)

    def _learn_scored(self, row: list[float], score: float) -> None:
        self.latest_.append(list(row))
        restarts = self.threshold_.n_restarts_
        # Scores of 0 come from a detector that cannot judge yet.
        self.flag_ = self.threshold_.update(score) if score > 0 else False
        changed = self.threshold_.n_restarts_ > restarts
        if self.drift_ is not None and score > 0:
            self.drift_.update(float(np.log1p(score)))
            changed = changed or self.drift_.drift_detected
        if changed:
            self._begin_anew()
        elif not self.flag_:
            self.detector_.learn_one(row)

    def _begin_anew(self) -> None:
        self.n_restarts_ += 1
        self.restarted_at_.append(self.n_seen_ + 1)
        self.detector_ = self.detector.clone()
        self.threshold_ = self._pattern().clone()
        if self.drift is not None:
            self.drift_ = self.drift.clone()
        for row in self.latest_:
            score = self.detector_.score_learn_one(row)
            if score > 0:
                self.threshold_.update(score)

    def score_learn_one(self, x: Any) -> float:
        """Score an event, then learn from it, if it is not flagged."""
        row, _ = self._row(x)
        if not self.n_features_in_:
            self._begin(x, len(row))
        score = self.detector_.score_one(row)
        self._learn_scored(row, score)
        self.n_seen_ += 1
        return score

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        scores, self.flags_ = np.empty(len(X)), np.zeros(len(X), dtype=bool)
        for place, row in enumerate(X.tolist()):
            scores[place] = self.detector_.score_one(row)
            self._learn_scored(row, scores[place])
            self.flags_[place] = self.flag_
            self.n_seen_ += 1
        return scores
