"""Baselines of single rows: mean and deviation, and the fences of a box plot."""

from __future__ import annotations

import numpy as np

from course_lib.core.preprocessing import fit_scaling
from course_lib.hybrid.baseline import Baseline
from course_lib.statistics.iqr_fence import IQRFence


class Standardise(Baseline):
    """z-scores: each column minus its training mean, with `scaled` over its deviation.

    Here the deviation, and not the robust one, is the unit, so that the result is the ordinary z-score.

    Parameters
    ----------
    scaled : bool

    Attributes
    ----------
    mean_, spread_ : ndarray, shape (n_features,)
    """

    def __init__(self, scaled: bool = True):
        self.scaled = scaled

    def _learn_all(self, X: np.ndarray) -> None:
        self.mean_, deviation = fit_scaling(X, "standard")
        self.spread_ = deviation if self.scaled else np.ones(X.shape[1])

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        return X - self.mean_


class Fences(Baseline):
    """Distance beyond Tukey's fences, negative below the lower and positive above the upper; 0 between them.

    Parameters
    ----------
    k : float, at least 0
        The fences stand `k` interquartile ranges outside the quartiles.
    scaled : bool
        Count in interquartile ranges of each column.

    Attributes
    ----------
    lower_, upper_ : ndarray, shape (n_features,)
        The fences.
    spread_ : ndarray, shape (n_features,)

    References
    ----------
    Tukey, 1977, Exploratory Data Analysis.
    """

    def __init__(self, k: float = 1.5, scaled: bool = True):
        self.k = k
        self.scaled = scaled

    def _learn_all(self, X: np.ndarray) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, float, np.number)) or not 0 <= self.k < np.inf:
            raise ValueError(f"k must be a number of at least 0, but is {self.k!r}.")
        box = IQRFence().fit(X)
        self.lower_ = box.lower_quartile_ - self.k * box.iqr_
        self.upper_ = box.upper_quartile_ + self.k * box.iqr_
        self.spread_ = box.iqr_ if self.scaled else np.ones(X.shape[1])

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        return np.minimum(X - self.lower_, 0) + np.maximum(X - self.upper_, 0)
