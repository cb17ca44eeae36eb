"""The same detector under scikit-learn's opposite convention: lower is more anomalous, labels -1 and +1."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.validation import check_rows


class SklearnOutlierDetector(OutlierMixin, BaseEstimator):
    """Wrap a :class:`Detector` so that it behaves like ``sklearn.ensemble.IsolationForest``.

    Parameters
    ----------
    detector : Detector
        Cloned in ``fit``; the one passed in stays as it is.

    Attributes
    ----------
    detector_ : Detector
        The fitted clone.
    offset_ : float
        ``score_samples(X) - offset_ == decision_function(X)``.
    """

    def __init__(self, detector: Detector):
        self.detector = detector

    def fit(self, X: Any, y: Any = None) -> SklearnOutlierDetector:
        """Fit a clone of the detector to `X`, shape (n, n_features); `y` only serves threshold rules with labels."""
        check_rows(self, X, reset=True)
        self.detector_ = clone(self.detector).fit(X, y)
        return self

    @property
    def offset_(self) -> float:
        """Minus the detector's threshold; follows it when it is re-placed."""
        return -self.detector_.threshold_

    def score_samples(self, X: Any) -> np.ndarray:
        """Minus the detector's scores, shape (n,): LOWER is more anomalous."""
        check_is_fitted(self, "detector_")
        check_rows(self, X, reset=False)
        # scikit-learn promises float64, also for networks that compute in float32.
        return -self.detector_.decision_function(X).astype(np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores shifted by the threshold, shape (n,): negative = anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """-1 for an anomaly, +1 for a normal row, shape (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def as_sklearn(detector: Detector) -> SklearnOutlierDetector:
    """Give `detector` scikit-learn's sign (lower is more anomalous) and labels (-1 anomaly, +1 normal)."""
    if not isinstance(detector, Detector):
        raise TypeError(f"as_sklearn takes a course_lib detector, but got {type(detector).__name__}.")
    return SklearnOutlierDetector(detector)
