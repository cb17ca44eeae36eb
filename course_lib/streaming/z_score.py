"""Online z-score: how many deviations an event lies from the mean of those before it."""

from __future__ import annotations

import math

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.statistics.rolling import check_alpha
from course_lib.streaming.decayed import DecayedMoments
from course_lib.streaming.detector import StreamingDetector
from course_lib.streaming.moments import RunningMoments

# A past without variation would make every change infinite: the deviation is at least this share of the values' size.
LEAST_SHARE = 1e-12


class OnlineZScore(StreamingDetector):
    """The largest ``|x - mean| / deviation`` over the features, both of the events before.

    A missing feature takes no part: the others decide the score, and its own mean stays as it is.

    Parameters
    ----------
    alpha : float in (0, 1] or None
        None: all events of the past count alike. A number: they fade, the newest has weight `alpha`, and the detector
        follows a stream that drifts.
    warm_up : int
        Values that a feature must have shown before it is judged; until then it scores 0.
    """

    def __init__(self, alpha: float | None = None, warm_up: int = 10):
        self.alpha = alpha
        self.warm_up = warm_up

    def _check(self) -> None:
        if self.alpha is not None:
            check_alpha(self.alpha)
        check_whole("warm_up", self.warm_up, 2)

    def _start(self, d: int) -> None:
        self.moments_ = [RunningMoments() if self.alpha is None else DecayedMoments(self.alpha) for _ in range(d)]

    def _score(self, row: list[float], complete: bool) -> float:
        score = 0.0
        for x, past in zip(row, self.moments_, strict=True):
            if past.n >= self.warm_up and x == x:
                mean, variance = past.both()
                z = abs(x - mean) / max(math.sqrt(variance), LEAST_SHARE * (abs(x) + abs(mean)), 5e-324)
                if z > score:
                    score = z
        return score

    def _learn(self, row: list[float], complete: bool) -> None:
        for x, past in zip(row, self.moments_, strict=True):
            if x == x:
                past.learn_one(x)

    def _score_learn(self, X: np.ndarray) -> np.ndarray:
        scores = np.zeros(len(X))
        for column, past in zip(X.T, self.moments_, strict=True):
            there = column == column
            values = np.ascontiguousarray(column[there])
            seen = past.n + np.arange(len(values))
            means, variances = (moment[:-1] for moment in past.before_each(values))
            gap = np.abs(values - means)
            floor = np.maximum(LEAST_SHARE * (np.abs(values) + np.abs(means)), 5e-324)
            z = np.where(seen >= self.warm_up, gap / np.maximum(np.sqrt(variances), floor), 0.0)
            scores[there] = np.maximum(scores[there], z)
        self.n_seen_ += len(X)
        return scores
