"""A statistical baseline says what is expected, a model judges what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.hybrid.baseline import Baseline
from course_lib.hybrid.members import check_detector


class Residual(Detector):
    """`detector` on the residuals that `baseline` leaves.

    With the baseline of a series the rows are timestamps in order, and a row's score depends on those before it (for
    STL, on those after it too). Options of the baseline's ``transform`` may be handed through the methods here, for
    example ``decision_function(X_new, start=len(X_train))`` for a season that goes on.

    Parameters
    ----------
    baseline : Baseline
        From :mod:`course_lib.hybrid`; cloned in ``fit``.
    detector : Detector
        Cloned in ``fit``.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    baseline_ : Baseline
    detector_ : Detector
    """

    def __init__(self, baseline: Baseline, detector: Detector, threshold: ThresholdRule | None = None):
        self.baseline = baseline
        self.detector = detector
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray:
        if not isinstance(self.baseline, Baseline):
            raise TypeError(f"Residual needs a baseline such as Standardise(), but got {self.baseline!r}.")
        check_detector(self.detector, "Residual needs a fresh course_lib detector")
        self.baseline_ = clone(self.baseline)
        self.detector_ = clone(self.detector).fit(self.baseline_.fit_transform(X))
        return self.detector_.decision_scores_

    def _score(self, X: np.ndarray) -> np.ndarray:
        return self.detector_.decision_function(self.baseline_.transform(X))

    def residuals(self, X: Any, **options: Any) -> np.ndarray:
        """What the baseline leaves of `X`, shape (n, n_features) both; `options` go to the baseline."""
        check_is_fitted(self)
        return self.baseline_.transform(check_rows(self, X, reset=False), **options)

    def decision_function(self, X: Any, **options: Any) -> np.ndarray:
        """Scores of the rows of `X`, shape (n,), higher is more anomalous; `options` go to the baseline."""
        check_is_fitted(self)
        return self._finite(self.detector_.decision_function(self.residuals(X, **options)))

    def predict(self, X: Any, **options: Any) -> np.ndarray:
        """Labels of the rows of `X`, shape (n,): 1 = anomaly, 0 = normal; `options` go to the baseline."""
        check_is_fitted(self)
        return self._label(self.decision_function(X, **options))
