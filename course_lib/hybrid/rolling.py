"""Baseline of a series without season: the median of the values just before."""

from __future__ import annotations

import numpy as np

from course_lib.hybrid.baseline import Baseline
from course_lib.statistics.rolling import check_window, rolling_median


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
        check_window(self.window)
        past = self.min_past
        if isinstance(past, bool) or not isinstance(past, (int, np.integer)) or past < 1:
            raise ValueError(f"min_past must be a whole number of at least 1, but is {past!r}.")

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        residuals = np.zeros_like(X)
        residuals[1:] = X[1:] - rolling_median(X, self.window)[:-1]
        residuals[: self.min_past] = 0
        return residuals
