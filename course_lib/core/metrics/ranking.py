"""Ranking quality: how well scores put anomalies above normal samples, whatever the threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from course_lib.core.validation import check_labels, check_scores


def check_pair(y: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of the same samples, checked, both of shape (n,)."""
    scores = check_scores(scores)
    return check_labels(y, len(scores)), scores


def check_both_classes(y: np.ndarray, what: str) -> None:
    """Raise ValueError unless `y` holds anomalies and normal samples."""
    if y.min() == y.max():
        raise ValueError(f"{what} compares anomalies with normal samples, but every label in y is {y[0]}.")


def auroc(y: Any, scores: Any) -> float:
    """Area under the ROC curve: how often a random anomaly scores higher than a random normal sample (ties half)."""
    y, scores = check_pair(y, scores)
    check_both_classes(y, "AUROC")
    return float(roc_auc_score(y, scores))


def average_precision(y: Any, scores: Any) -> float:
    """Average precision, the area under the precision-recall steps; chance level is the share of anomalies."""
    y, scores = check_pair(y, scores)
    check_both_classes(y, "Average precision")
    return float(average_precision_score(y, scores))


def precision_at_k(y: Any, scores: Any, k: int | None = None) -> float:
    """Share of anomalies among the `k` highest scores; `k` defaults to the number of anomalies.

    Ties at the border count by expectation, so that the order of the rows cannot change the result.
    """
    y, scores = check_pair(y, scores)
    k = int(y.sum()) if k is None else k
    if not isinstance(k, (int, np.integer)) or not 1 <= k <= len(y):
        raise ValueError(f"precision at k needs a whole number k between 1 and the {len(y)} samples, but got {k!r}.")
    border = np.sort(scores)[-k]
    above, tied = scores > border, scores == border
    places = k - int(above.sum())
    return float((y[above].sum() + y[tied].mean() * places) / k)
