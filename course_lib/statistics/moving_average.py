"""Moving average: a z-score against the window of values just before."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.thresholds import ThresholdRule
from course_lib.statistics.past import PastDetector
from course_lib.statistics.rolling import rolling_moments


class MovingAverage(PastDetector):
    """``|x[t] - mean| / deviation`` with mean and deviation of the `window` values before t.

    Rows are timestamps in order; see :class:`~course_lib.statistics.past.PastDetector` for the first ones, for several
    columns and for a past without variation.

    Parameters
    ----------
    window : int, default 50
    min_past : int, default 10
        Timestamps at the start that are not judged and score 0.
    threshold : ThresholdRule, optional
    """

    def __init__(self, window: int = 50, min_past: int = 10, threshold: ThresholdRule | None = None):
        self.window = window
        self.min_past = min_past
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        check_whole("window", self.window, 1)
        super()._fit(X)

    def _describe(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, variance = rolling_moments(X, self.window)
        return mean, np.sqrt(variance)
