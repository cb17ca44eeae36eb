"""Baselines of a series with a season: a median profile that is learnt once, or STL of the series itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.hybrid.baseline import Baseline
from course_lib.statistics.rolling import rolling_median
from course_lib.statistics.stl import stl


class SeasonalBaseline(Baseline):
    """``x[t]`` minus the profile of its phase and minus a slow level; rows are timestamps in order.

    The profile is the median of the training values of each phase, each whole period taken relative to its own median.
    The level at t is the median of the `level_window` values before t, the profile taken off. The first row of a series
    has no past to be compared with, and gets 0.

    Parameters
    ----------
    period : int
        Rows in a season, for example 144 for a day of ten-minute readings.
    level_window : int or None
        None: one period.
    scaled : bool
        See :class:`~course_lib.hybrid.baseline.Baseline`.

    Attributes
    ----------
    profile_ : ndarray, shape (period, n_features)
        Its median over the phases is 0.
    """

    def __init__(self, period: int, level_window: int | None = None, scaled: bool = True):
        self.period = period
        self.level_window = level_window
        self.scaled = scaled

    def _learn(self, X: np.ndarray) -> None:
        check_period(self.period, len(X))
        check_whole("window", self._window(), 1)
        whole = X[: len(X) // self.period * self.period].reshape(-1, int(self.period), X.shape[1])
        profile = np.median(whole - np.median(whole, axis=1, keepdims=True), axis=0)
        self.profile_ = profile - np.median(profile, axis=0)

    def _window(self) -> int:
        return self.period if self.level_window is None else self.level_window

    def _season(self, n: int, start: int) -> np.ndarray:
        return self.profile_[(start + np.arange(n)) % len(self.profile_)]

    def transform(self, X: Any, start: int = 0) -> np.ndarray:
        """Residuals of a series, shape (n, n_features) both.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
        start : int
            How many rows after the first training row the series begins: 0 for the training series, or for another
            that begins at the same hour; the number of training rows for the series that follows.
        """
        X = self._checked(X)
        if isinstance(start, bool) or not isinstance(start, (int, np.integer)):
            raise ValueError(f"start must be a whole number of rows, but is {start!r}.")
        return self._residuals(X, int(start)) / self.spread_

    def _residuals(self, X: np.ndarray, start: int = 0) -> np.ndarray:
        left = X - self._season(len(X), start)
        return left - np.vstack([left[:1], rolling_median(left, self._window())[:-1]])


class STLBaseline(Baseline):
    """What STL leaves of the series it is given: nothing but the spread is learnt; rows are timestamps in order.

    A value is judged with what came after it, too, so this is for looking back, not for alerts.

    Parameters
    ----------
    period : int
        Every series, in training and later, must have two of them.
    seasonal, trend, robust
        See :class:`course_lib.statistics.STLResidual`.
    scaled : bool
        See :class:`~course_lib.hybrid.baseline.Baseline`.
    """

    def __init__(
        self, period: int, seasonal: int = 13, trend: int | None = None, robust: bool = True, scaled: bool = True
    ):
        self.period = period
        self.seasonal = seasonal
        self.trend = trend
        self.robust = robust
        self.scaled = scaled

    def _learn(self, X: np.ndarray) -> None:
        check_period(self.period, len(X))

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        return stl(X, self.period, seasonal=self.seasonal, trend=self.trend, robust=self.robust).residual


def check_period(period: int, n: int) -> None:
    """Raise ValueError unless `period` is a whole number of at least 2, twice in a series of `n` rows."""
    check_whole("period", period, 2)
    if n < 2 * period:
        raise ValueError(f"A period of {period} needs at least {2 * period} rows, but the series has {n}.")
