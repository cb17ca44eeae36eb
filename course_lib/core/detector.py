"""The contract that every batch detector of the course keeps, from a z-score to a Transformer.

Names and orientation are PyOD's (higher is more anomalous, 1 = anomaly), the estimator rules are scikit-learn's
(Pedregosa et al., 2011, Scikit-learn: Machine Learning in Python; Zhao, Nasrullah and Li, 2019, PyOD).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from course_lib.core.persistence import load_detector, save_detector
from course_lib.core.thresholds import Contamination, ThresholdRule
from course_lib.core.validation import check_rows


class Detector(BaseEstimator):
    """Base class: validation, threshold and labels happen here, once; a subclass writes ``_fit`` and ``_score``.

    A subclass's ``__init__`` only stores its keyword parameters. One of them is `threshold`, a rule from
    :mod:`course_lib.core.thresholds` or None for ``Contamination(0.1)``.

    Attributes
    ----------
    decision_scores_ : ndarray, shape (n_train,)
        Scores of the training rows.
    threshold_ : float
        Scores above it are anomalies.
    labels_ : ndarray of int, shape (n_train,)
        1 = anomaly, 0 = normal; equal to ``predict(X_train)``.
    n_features_in_ : int
    """

    threshold: ThresholdRule | None
    _min_rows = 2

    def _fit(self, X: np.ndarray) -> np.ndarray | None:
        """Learn from checked floats, shape (n, n_features); may return the training scores if they are at hand."""
        raise NotImplementedError

    def _score(self, X: np.ndarray) -> np.ndarray:
        """Score checked floats, shape (n, n_features), as floats, shape (n,)."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Detector:
        """Learn what is normal from `X` and place the threshold on its scores.

        Parameters
        ----------
        X : array-like, DataFrame or tensor, shape (n, n_features)
        y : array-like of 0 and 1, shape (n,), optional
            Only passed on to threshold rules that need labels.

        Returns
        -------
        self
        """
        X = check_rows(self, X, reset=True, min_rows=self._min_rows)
        rule = self._rule(self.threshold)
        rule.check()
        rule.check_labels_given(y)
        scores = self._fit(X)
        self.decision_scores_ = self._finite(self._score(X) if scores is None else scores)
        # In a pipeline y may hold labels of any kind: only a rule that learns from it gets to see it here.
        self._place(rule, self.decision_scores_, y if rule.needs_labels else None)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Score the rows of `X`, shape (n, n_features): finite floats, shape (n,), HIGHER IS MORE ANOMALOUS."""
        check_is_fitted(self)
        return self._finite(self._score(check_rows(self, X, reset=False)))

    def predict(self, X: Any) -> np.ndarray:
        """Label each row of `X`, shape (n, n_features): ints of shape (n,), 1 = anomaly, 0 = normal."""
        check_is_fitted(self)
        return self._label(self.decision_function(X))

    def set_threshold(self, X: Any, y: Any = None, rule: ThresholdRule | None = None) -> Detector:
        """Place the threshold anew, on data of your choice, for example held-out normal rows.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
        y : array-like of 0 and 1, shape (n,), optional
        rule : ThresholdRule, optional
            By default the detector's own.

        Returns
        -------
        self
        """
        if isinstance(y, ThresholdRule):
            raise TypeError("The rule came in the place of y: pass it by name, set_threshold(X, rule=...).")
        self._place(self._rule(self.threshold if rule is None else rule), self.decision_function(X), y)
        return self

    @staticmethod
    def _rule(rule: ThresholdRule | None) -> ThresholdRule:
        rule = Contamination() if rule is None else rule
        if not isinstance(rule, ThresholdRule):
            raise TypeError(f"A threshold is placed by a rule such as FalsePositiveRate(0.05), and {rule!r} is none.")
        return rule

    def _place(self, rule: ThresholdRule, scores: np.ndarray, y: Any) -> None:
        self.threshold_ = rule.place(scores, y)
        self.labels_ = self._label(self.decision_scores_)

    def _label(self, scores: np.ndarray) -> np.ndarray:
        # In float64: NumPy would round the threshold to the scores' float32, where it can meet a score.
        return (scores.astype(np.float64) > self.threshold_).astype(int)

    def __sklearn_is_fitted__(self) -> bool:
        """True after a fit that came to its end; a failed one leaves attributes behind, but no threshold."""
        return hasattr(self, "threshold_")

    def _finite(self, scores: np.ndarray) -> np.ndarray:
        if scores.dtype.kind != "f":
            scores = scores.astype(float)
        if not np.isfinite(scores).all():
            raise FloatingPointError(
                f"{type(self).__name__} produced {int((~np.isfinite(scores)).sum())} scores that are not finite: "
                "scale the features to a common, moderate range first."
            )
        return scores

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted detector, its threshold included, to one safetensors file that holds no code."""
        check_is_fitted(self)
        save_detector(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Detector:
        """Read a detector of this class from a file that :meth:`save` wrote."""
        return load_detector(path, cls)
