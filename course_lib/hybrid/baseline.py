"""What all baselines share: they learn what to expect, and give back how far each value is from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib.core.validation import check_rows
from course_lib.statistics.modified_z_score import robust_deviation
from course_lib.statistics.stl_residual import LEAST_SCALE


class Baseline(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base class, a scikit-learn transformer: a subclass writes ``_learn(X)`` and ``_residuals(X)``.

    Parameters
    ----------
    scaled : bool
        Divide each column of residuals by its robust deviation on the training rows (1.4826 MAD), so that a residual
        says how many ordinary deviations a value is off.

    Attributes
    ----------
    spread_ : ndarray, shape (n_features,)
        What residuals are divided by; ones when `scaled` is False.
    """

    scaled: bool
    _min_rows = 2

    def _learn(self, X: np.ndarray) -> None:
        """Learn from checked floats, shape (n, n_features)."""
        raise NotImplementedError

    def _residuals(self, X: np.ndarray) -> np.ndarray:
        """Residuals of checked float64, shape (n, n_features), in the units of `X`."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Baseline:
        """Learn what to expect from `X`, shape (n, n_features); `y` is ignored."""
        self._learn_all(check_rows(self, X, reset=True, min_rows=self._min_rows).astype(np.float64, copy=False))
        return self

    def _learn_all(self, X: np.ndarray) -> None:
        self._learn(X)
        if self.scaled:
            self.spread_ = np.maximum(robust_deviation(self._residuals(X)), LEAST_SCALE * robust_deviation(X))
        else:
            self.spread_ = np.ones(X.shape[1])

    def transform(self, X: Any) -> np.ndarray:
        """Residuals of `X`, float64 of the same shape, (n, n_features)."""
        return self._residuals(self._checked(X)) / self.spread_

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return check_rows(self, X, reset=False).astype(np.float64, copy=False)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "spread_")
