"""Baseline of a series without season: the median of the values just before."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.hybrid.baseline import Baseline
from course_lib.statistics.rolling import rolling_median


class RollingMedianBaseline(Baseline):
    """``x[t]`` minus the median of the `window` values before t; rows are timestamps in order.

    The first `min_past` rows have too little past to be compared with, and get 0.

    Parameters
    ----------
    window, min_past : int
    scaled : bool
        See :class:`~course_lib.hybrid.baseline.Baseline`.
    """

    def __init__(self, window: int = 50, min_past: int = 10, scaled: bool = True):
        self.window = window
        self.min_past = min_past
        self.scaled = scaled

    def _learn(self, X: np.ndarray) -> None:
        check_whole("window", self.window, 1)
        check_whole("min_past", self.min_past, 1)

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        residuals = np.zeros_like(X)
        residuals[1:] = X[1:] - rolling_median(X, self.window)[:-1]
        residuals[: self.min_past] = 0
        return residuals
