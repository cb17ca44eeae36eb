"""Tukey's fences: how far a value lies outside the box that holds the middle half of the data."""

from __future__ import annotations

import numpy as np

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import is_spread
from course_lib.core.thresholds import ThresholdRule
from course_lib.statistics.modified_z_score import robust_deviation

IQR_OF_BELL = 1.348980  # interquartile range of bell-shaped data, in deviations


class IQRFence(Detector):
    """Largest distance over the columns beyond the nearer quartile, in interquartile ranges.

    A score above 1.5 lies outside the inner fences of a box plot, above 3 outside the outer ones. Inside the box the
    score is negative, down to -0.5 in its middle. Where the quartiles are equal, 1.349 times
    :func:`~course_lib.statistics.modified_z_score.robust_deviation` stands in for their distance.

    Parameters
    ----------
    threshold : ThresholdRule, optional

    Attributes
    ----------
    lower_quartile_, upper_quartile_, iqr_ : ndarray, shape (n_features,)

    References
    ----------
    Tukey, 1977, Exploratory Data Analysis.
    """

    def __init__(self, threshold: ThresholdRule | None = None):
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        X = X.astype(np.float64, copy=False)
        self.lower_quartile_, self.upper_quartile_ = np.percentile(X, [25, 75], axis=0)
        iqr = self.upper_quartile_ - self.lower_quartile_
        self.iqr_ = np.where(is_spread(X, iqr), iqr, IQR_OF_BELL * robust_deviation(X))

    def _score(self, X: np.ndarray) -> np.ndarray:
        X = X.astype(np.float64, copy=False)
        return (np.maximum(self.lower_quartile_ - X, X - self.upper_quartile_) / self.iqr_).max(axis=1)
