"""Stacking: a few labels say how much each detector's score is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from course_lib.core.runtime import draw_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import to_numpy
from course_lib.hybrid.members import Composite, Named

UNLABELLED = -1


class StackedCombination(Composite):
    """Logistic regression on the normalised scores of several detectors, learnt from the rows that have a label.

    The detectors themselves are fitted to all rows, without labels. The score is the logarithm of the odds:
    ``intercept_ + scores @ weights_``.

    Parameters
    ----------
    detectors : list of (str, Detector), optional
        Names and detectors; None takes :func:`course_lib.hybrid.recommended.recommended_detectors`.
    normalisation : {"rank", "z", "robust_z", "probability"}
    strength : float, above 0
        Of the pull towards weight 0: the loss is the sum of the log losses plus ``strength / 2`` times the sum of
        squared weights (scikit-learn's ``C`` is its inverse).
    non_negative : bool
        Refuse weights below 0: a detector whose high scores meant "normal" by the accident of a few labels would
        otherwise be turned upside down.
    random_state : int or None
        Seeds the recommended detectors only.
    threshold : ThresholdRule, optional
        A rule that needs labels gets the labelled rows only.

    Attributes
    ----------
    detectors_, normalisers_ : dict by name
        See :class:`~course_lib.hybrid.members.Composite`.
    weights_ : ndarray, shape (n_detectors,)
    intercept_ : float

    References
    ----------
    Wolpert, 1992, Stacked Generalization.
    """

    def __init__(
        self,
        detectors: Named | None = None,
        normalisation: str = "z",
        strength: float = 1.0,
        non_negative: bool = True,
        random_state: int | None = None,
        threshold: ThresholdRule | None = None,
    ):
        self.detectors = detectors
        self.normalisation = normalisation
        self.strength = strength
        self.non_negative = non_negative
        self.random_state = random_state
        self.threshold = threshold

    def fit(self, X: Any, y: Any = None) -> StackedCombination:
        """Fit the detectors to all rows and the weights to the labelled ones.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
        y : array-like of int, shape (n,)
            1 = anomaly, 0 = normal, -1 = no label; at least one of each of the first two.

        Returns
        -------
        self
        """
        self._labels = y
        try:
            super().fit(X, y)
        finally:
            del self._labels
        return self

    def _fit(self, X: np.ndarray) -> np.ndarray:
        if isinstance(self.strength, bool) or not isinstance(self.strength, (int, float)) or not self.strength > 0:
            raise ValueError(f"strength must be a number above 0, but is {self.strength!r}.")
        labels = check_few_labels(self._labels, len(X))
        scores = self._fit_members(X, draw_seed(self.random_state))
        known = labels != UNLABELLED
        self.weights_, self.intercept_ = logistic(scores[known], labels[known], self.strength, self.non_negative)
        return self._combine(scores)

    def _place(self, rule: ThresholdRule, scores: np.ndarray, y: Any) -> None:
        if y is not None:
            y = np.asarray(to_numpy(y))
            known = y != UNLABELLED
            scores, y = scores[known], y[known]
        super()._place(rule, scores, y)

    def _score(self, X: np.ndarray) -> np.ndarray:
        return self._combine(self._member_scores(X))

    def _combine(self, scores: np.ndarray) -> np.ndarray:
        # One column after the other: a matrix product may round a row otherwise in another batch.
        total = np.full(len(scores), self.intercept_)
        for weight, column in zip(self.weights_, scores.T, strict=True):
            total += weight * column
        return total


def check_few_labels(y: Any, n: int) -> np.ndarray:
    """Return labels 1, 0 and -1 as ints of shape (n,), or raise one sentence."""
    if y is None:
        raise ValueError(
            "StackedCombination requires y to be passed, but the target y is None: give 1, 0 and -1 for rows without "
            "a label, or take Combination, which needs no labels."
        )
    labels = np.asarray(to_numpy(y))
    if labels.shape != (n,) or not np.isin(labels, (UNLABELLED, 0, 1)).all():
        raise ValueError(f"y needs shape ({n},) and labels 1 (anomaly), 0 (normal) or -1 (none): recode or reshape it.")
    anomalies, normal = int((labels == 1).sum()), int((labels == 0).sum())
    if not anomalies or not normal:
        raise ValueError(
            f"Stacking learns from both kinds of rows, but y holds {anomalies} anomalies and {normal} normal rows: "
            "label at least one of each."
        )
    return labels.astype(int)


def logistic(Z: np.ndarray, y: np.ndarray, strength: float, non_negative: bool) -> tuple[np.ndarray, float]:
    """Weights and intercept of a ridge-penalised logistic regression, with weights of at least 0 if so wanted.

    Parameters
    ----------
    Z : ndarray, shape (n, d)
    y : ndarray of 0 and 1, shape (n,)
    strength : float
    non_negative : bool

    Returns
    -------
    weights : ndarray, shape (d,)
    intercept : float
    """
    sign = 2.0 * y - 1

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = parameters[:-1], parameters[-1]
        margin = sign * (Z @ weights + intercept)
        pull = -sign * expit(-margin)
        value = np.logaddexp(0, -margin).sum() + strength / 2 * (weights**2).sum()
        return value, np.append(Z.T @ pull + strength * weights, pull.sum())

    bounds = [(0.0 if non_negative else None, None)] * Z.shape[1] + [(None, None)]
    options = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, np.zeros(Z.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    return found.x[:-1], float(found.x[-1])
