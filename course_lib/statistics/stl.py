"""STL: a series as trend plus season plus what is left, each found by loess with the others taken off."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.statistics.loess import Loess


class Decomposition(NamedTuple):
    """Parts of a series, each of its shape; trend + seasonal + residual gives it back."""

    trend: np.ndarray
    seasonal: np.ndarray
    residual: np.ndarray
    weights: np.ndarray  # of each value at the end: 1 unless robust, then 0 for an outlier


def stl(
    x: Any,
    period: int,
    seasonal: int = 7,
    trend: int | None = None,
    low_pass: int | None = None,
    seasonal_degree: int = 1,
    trend_degree: int = 1,
    robust: bool = False,
    inner_iterations: int | None = None,
    outer_iterations: int | None = None,
) -> Decomposition:
    """Decompose an evenly spaced series; several columns are decomposed side by side.

    Parameters
    ----------
    x : array-like, shape (n,) or (n, n_features)
        At least two periods, time along the first axis.
    period : int, at least 2
        Values in a season.
    seasonal : int, odd, at least 3
        Seasons over which the value of a phase may change.
    trend : int, odd, longer than `period`, optional
        Window of the trend; None: the next odd number from ``1.5 period / (1 - 1.5 / seasonal)``.
    low_pass : int, odd, longer than `period`, optional
        Window that takes the trend out of the season; None: the next odd number above `period`.
    seasonal_degree, trend_degree : {0, 1}
        Loess fits a mean or a line.
    robust : bool
        Repeat with values weighted down by their residual, so that outliers stay in the residual.
    inner_iterations, outer_iterations : int, optional
        None: 5 and 0, with `robust` 2 and 15.

    Returns
    -------
    Decomposition
        trend, seasonal, residual and weights, each of the shape of `x`.

    Raises
    ------
    ValueError
        If the series is too short or not finite, or a number is out of range.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning, 1990, STL: A Seasonal-Trend Decomposition Procedure Based on Loess.
    """
    values = np.asarray(to_numpy(x), dtype=np.float64)
    if values.ndim not in (1, 2) or not np.isfinite(values).all():
        raise ValueError(f"STL needs finite values of shape (n,) or (n, n_features), but got shape {values.shape}.")
    n = len(values)
    _require(_whole(period) and period >= 2, "period", "a whole number of at least 2", period)
    _require(n >= 2 * period, "the series", f"at least two periods, {2 * period} values, long", n)
    _require(_odd(seasonal, 3), "seasonal", "an odd number of at least 3", seasonal)
    trend = _next_odd(1.5 * period / (1 - 1.5 / seasonal)) if trend is None else trend
    low_pass = _next_odd(period + 1) if low_pass is None else low_pass
    for name, value in (("trend", trend), ("low_pass", low_pass)):
        _require(_odd(value, period + 1), name, f"an odd number above the period {period}", value)
    for name, value in (("seasonal_degree", seasonal_degree), ("trend_degree", trend_degree)):
        _require(value in (0, 1), name, "0 or 1", value)
    inner = (2 if robust else 5) if inner_iterations is None else inner_iterations
    outer = (15 if robust else 0) if outer_iterations is None else outer_iterations
    _require(_whole(inner) and inner >= 1, "inner_iterations", "a whole number of at least 1", inner)
    _require(_whole(outer) and outer >= 0, "outer_iterations", "a whole number of at least 0", outer)

    y = np.atleast_2d(values.T)
    season = _Season(n, int(period), int(seasonal), seasonal_degree, int(low_pass))
    smoother = Loess(n, int(trend), trend_degree)
    slow, repeated, weights = np.zeros_like(y), np.zeros_like(y), None
    for turn in range(outer + 1):
        if turn > 0:
            weights = _robustness(y - slow - repeated, y, weights)
        for _ in range(inner):
            repeated = season.find(y - slow, weights)
            slow = smoother.smooth(y - repeated, weights)
    last = np.ones_like(y) if weights is None else weights
    return Decomposition(*(part.T.reshape(values.shape) for part in (slow, repeated, y - slow - repeated, last)))


class _Season:
    """Loess along each phase, and what is slow in that taken out again."""

    def __init__(self, n: int, period: int, window: int, degree: int, low_pass: int):
        self.n, self.period = n, period
        # Phases of the beginning have one value more when the last season is not whole.
        self.long = n % period
        self.smoothers = {count: Loess(count, window, degree, reach=1) for count in {n // period, -(-n // period)}}
        self.low_pass = Loess(n, low_pass)

    def find(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """The season in y, shape (d, n)."""
        period = self.period
        # One season more at either end, which the moving averages use up.
        cycles = np.empty((len(y), self.n + 2 * period))
        for first, end in ((0, self.long), (self.long, period)):
            if end > first:
                smooth = self._phases(y, weights, first, end)
                for phase in range(first, end):
                    cycles[:, phase::period] = smooth[:, phase - first]
        slow = cycles
        for width in (period, period, 3):
            slow = np.lib.stride_tricks.sliding_window_view(slow, width, axis=1).mean(axis=-1)
        return cycles[:, period:-period] - self.low_pass.smooth(slow)

    def _phases(self, y: np.ndarray, weights: np.ndarray | None, first: int, end: int) -> np.ndarray:
        """Smooth the phases from `first` to before `end`, all of one length: (d, phases, seasons + 2)."""
        index = np.arange(first, end)[:, None] + self.period * np.arange((self.n - first - 1) // self.period + 1)
        return self.smoothers[index.shape[1]].smooth(y[:, index], None if weights is None else weights[:, index])


def _robustness(residuals: np.ndarray, y: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Bisquare weights: from 1 at no residual to 0 at six times the median of its size, for each row of (d, n)."""
    size = np.abs(residuals)
    median = np.median(size, axis=1, keepdims=True)
    share = size / np.where(median > 0, 6 * median, 1.0)
    bisquare = np.where(share <= 0.001, 1.0, np.where(share <= 0.999, (1 - share**2) ** 2, 0.0))
    # Once more than half of the values are met to the last digit, weights would be drawn by rounding: keep the old.
    exact = median <= 1e-13 * np.abs(y).max(axis=1, keepdims=True)
    return np.where(exact, 1.0 if before is None else before, bisquare)


def _next_odd(value: float) -> int:
    whole = int(np.ceil(value))
    return whole + (whole % 2 == 0)


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _odd(value: Any, least: int) -> bool:
    return _whole(value) and value >= least and value % 2 == 1


def _require(ok: bool, name: str, wanted: str, found: Any) -> None:
    if not ok:
        raise ValueError(
            f"STL needs {name} {'' if wanted.startswith('to be') else 'to be '}{wanted}, but got {found!r}."
        )
