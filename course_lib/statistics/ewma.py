"""EWMA: a z-score against an average that forgets the past little by little."""

from __future__ import annotations

import numpy as np

from course_lib.core.thresholds import ThresholdRule
from course_lib.statistics.past import PastDetector
from course_lib.statistics.rolling import check_alpha, ewm_moments


class EWMA(PastDetector):
    """``|x[t] - mean| / deviation`` with exponentially weighted mean and deviation of the values before t.

    Rows are timestamps in order; see :class:`~course_lib.statistics.past.PastDetector` for the first ones, for several
    columns and for a past without variation.

    Parameters
    ----------
    alpha : float in (0, 1], default 0.05
        Weight of the newest value: large follows fast and forgets fast. With 1 only the value before is left, and no
        deviation: the score is then the step in units of the least scale.
    min_past : int, default 10
        Timestamps at the start that are not judged and score 0.
    threshold : ThresholdRule, optional

    References
    ----------
    Roberts, 1959, Control Chart Tests Based on Geometric Moving Averages, Technometrics 1.
    """

    def __init__(self, alpha: float = 0.05, min_past: int = 10, threshold: ThresholdRule | None = None):
        self.alpha = alpha
        self.min_past = min_past
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        check_alpha(self.alpha)
        super()._fit(X)

    def _describe(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, variance = ewm_moments(X, self.alpha)
        # The variance starts from 0: what its weights still lack to their final sum is made up for.
        age = np.arange(len(X))[:, None]
        weight = 1 - (1 - self.alpha) ** np.maximum(age, 1)
        return mean, np.sqrt(variance / weight)
