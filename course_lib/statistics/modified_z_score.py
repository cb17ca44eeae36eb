"""Modified z-score: median and MAD in place of mean and deviation, so that outliers cannot hide themselves."""

from __future__ import annotations

import numpy as np

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import is_spread
from course_lib.core.thresholds import ThresholdRule

MAD_TO_DEVIATION = 1.482602  # 1 / 0.674490: MAD of bell-shaped data is 0.6745 deviations
MEAN_AD_TO_DEVIATION = 1.253314  # sqrt(pi / 2): their mean absolute deviation is 0.7979 deviations


class ModifiedZScore(Detector):
    """Largest ``0.6745 |x - median| / MAD`` over the columns of a row, MAD = median of ``|x - median|``.

    Where more than half of a column's values are equal, MAD is 0 and :func:`robust_deviation` takes over.

    Parameters
    ----------
    threshold : ThresholdRule, optional
        The usual limit for this score is 3.5.

    Attributes
    ----------
    median_, scale_ : ndarray, shape (n_features,)
        `scale_` is MAD / 0.6745, which estimates the standard deviation of bell-shaped data.

    References
    ----------
    Iglewicz and Hoaglin, 1993, How to Detect and Handle Outliers.
    """

    def __init__(self, threshold: ThresholdRule | None = None):
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        X = X.astype(np.float64, copy=False)
        self.median_ = np.median(X, axis=0)
        self.scale_ = robust_deviation(X)

    def _score(self, X: np.ndarray) -> np.ndarray:
        return (np.abs(X.astype(np.float64, copy=False) - self.median_) / self.scale_).max(axis=1)


def robust_deviation(X: np.ndarray) -> np.ndarray:
    """The deviation of each column, estimated so that outliers hardly move it, and never 0.

    Parameters
    ----------
    X : ndarray, shape (n, n_features)

    Returns
    -------
    ndarray, shape (n_features,)
        1.4826 MAD; where that is 0, 1.2533 times the mean of ``|x - median|``; for a constant column 1.
    """
    X = X.astype(np.float64, copy=False)
    gaps = np.abs(X - np.median(X, axis=0))
    mad, mean_ad = np.median(gaps, axis=0) * MAD_TO_DEVIATION, gaps.mean(axis=0) * MEAN_AD_TO_DEVIATION
    return np.where(is_spread(X, mad), mad, np.where(is_spread(X, mean_ad), mean_ad, 1.0))
