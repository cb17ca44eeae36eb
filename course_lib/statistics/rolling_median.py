"""Rolling median: a modified z-score against the window of values just before, which one spike cannot move."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.thresholds import ThresholdRule
from course_lib.statistics.modified_z_score import MAD_TO_DEVIATION
from course_lib.statistics.past import PastDetector
from course_lib.statistics.rolling import rolling_median


class RollingMedian(PastDetector):
    """``|x[t] - median| / scale`` with the median of the `window` values before t.

    The scale is 1.4826 times the median of the last `window` distances between a value and the median up to it: a
    rolling MAD that needs one more pass, not one for each window. Rows are timestamps in order; see
    :class:`~course_lib.statistics.past.PastDetector` for the first ones, for several columns and for a past without
    variation.

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
        median = rolling_median(X, self.window)
        return median, MAD_TO_DEVIATION * rolling_median(np.abs(X - median), self.window)
