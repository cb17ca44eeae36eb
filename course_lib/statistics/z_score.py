"""z-score: how many standard deviations a value lies from the mean."""

from __future__ import annotations

import numpy as np

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import is_spread
from course_lib.core.thresholds import ThresholdRule


class ZScore(Detector):
    """Largest ``|x - mean| / deviation`` over the columns of a row.

    Mean and deviation are those of the training rows, outliers included: with ``n`` rows in training no training row
    can score above :func:`largest_z`. A constant column gets deviation 1, so it counts in its own unit.

    Parameters
    ----------
    ddof : int, default 0
        0 divides the sum of squares by n (population deviation), 1 by n - 1 (sample deviation).
    threshold : ThresholdRule, optional

    Attributes
    ----------
    mean_, scale_ : ndarray, shape (n_features,)

    References
    ----------
    Shiffler, 1988, Maximum Z Scores and Outliers, The American Statistician 42.
    """

    def __init__(self, ddof: int = 0, threshold: ThresholdRule | None = None):
        self.ddof = ddof
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        X = X.astype(np.float64, copy=False)
        check_ddof(self.ddof, len(X))
        self.mean_, deviation = X.mean(axis=0), X.std(axis=0, ddof=self.ddof)
        self.scale_ = np.where(is_spread(X, deviation), deviation, 1.0)

    def _score(self, X: np.ndarray) -> np.ndarray:
        return (np.abs(X.astype(np.float64, copy=False) - self.mean_) / self.scale_).max(axis=1)


def check_ddof(ddof: int, n: int) -> None:
    """Raise ValueError unless `ddof` is a whole number from 0 to n - 1."""
    if isinstance(ddof, bool) or not isinstance(ddof, (int, np.integer)) or not 0 <= ddof < n:
        raise ValueError(f"ddof must be a whole number from 0 to {n - 1} for {n} values, but is {ddof!r}.")


def largest_z(n: int, ddof: int = 0) -> float:
    """The largest \\|z\\| that one of `n` values can reach, whatever the values are.

    ``sqrt(n - 1)`` with the population deviation, ``(n - 1) / sqrt(n)`` with the sample deviation (Shiffler, 1988).

    Raises
    ------
    ValueError
        If `n` is below 2, or `ddof` is no whole number from 0 to n - 1.
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, because one value has no deviation, but is {n}.")
    check_ddof(ddof, n)
    return float(np.sqrt((n - 1) * (n - ddof) / n))
