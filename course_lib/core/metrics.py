"""Measure a detector: ranking quality, quality at one threshold, and how far chance could have moved either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from course_lib.core.validation import check_labels, check_scores, to_numpy


def _pair(y: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    scores = check_scores(scores)
    return check_labels(y, len(scores)), scores


def _both_classes(y: np.ndarray, what: str) -> None:
    if y.min() == y.max():
        raise ValueError(f"{what} compares anomalies with normal samples, but every label in y is {y[0]}.")


def auroc(y: Any, scores: Any) -> float:
    """Area under the ROC curve: how often a random anomaly scores higher than a random normal sample (ties half)."""
    y, scores = _pair(y, scores)
    _both_classes(y, "AUROC")
    return float(roc_auc_score(y, scores))


def average_precision(y: Any, scores: Any) -> float:
    """Average precision, the area under the precision-recall steps; chance level is the share of anomalies."""
    y, scores = _pair(y, scores)
    _both_classes(y, "Average precision")
    return float(average_precision_score(y, scores))


def precision_at_k(y: Any, scores: Any, k: int | None = None) -> float:
    """Share of anomalies among the `k` highest scores; `k` defaults to the number of anomalies.

    Ties at the border count by expectation, so that the order of the rows cannot change the result.
    """
    y, scores = _pair(y, scores)
    k = int(y.sum()) if k is None else k
    if not isinstance(k, (int, np.integer)) or not 1 <= k <= len(y):
        raise ValueError(f"precision at k needs a whole number k between 1 and the {len(y)} samples, but got {k!r}.")
    border = np.sort(scores)[-k]
    above, tied = scores > border, scores == border
    places = k - int(above.sum())
    return float((y[above].sum() + y[tied].mean() * places) / k)


@dataclass(frozen=True)
class Counts:
    """The confusion matrix at one threshold, and the rates that follow from it."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of real anomalies among the flagged; 0 when nothing is flagged."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the anomalies that were flagged."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> float:
        """Share of the normal samples that were flagged."""
        return _share(self.false_positives, self.false_positives + self.true_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def confusion(y: Any, predictions: Any) -> Counts:
    """Count hits and misses of 0/1 `predictions`, shape (n,), against labels `y`, shape (n,)."""
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    hit = check_labels(predictions, len(y), "predictions") == 1
    return Counts(
        int((y[hit] == 1).sum()),
        int((y[hit] == 0).sum()),
        int((y[~hit] == 1).sum()),
        int((y[~hit] == 0).sum()),
    )


def evaluate(y: Any, scores: Any, threshold: float | None = None) -> dict[str, float]:
    """All figures of one detector on labelled data.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
    scores : array-like, shape (n,)
        Higher is more anomalous.
    threshold : float, optional
        Adds counts, precision, recall, F1 and false-positive rate for "score above threshold".

    Returns
    -------
    dict
        ``auroc``, ``average_precision``, ``precision_at_k`` (k = number of anomalies) and, with a threshold, the rest.
    """
    result = {
        "auroc": auroc(y, scores),
        "average_precision": average_precision(y, scores),
        "precision_at_k": precision_at_k(y, scores),
    }
    if threshold is not None:
        counts = confusion(y, (check_scores(scores) > threshold).astype(int))
        for name in ("precision", "recall", "f1", "false_positive_rate"):
            result[name] = getattr(counts, name)
        result.update(asdict(counts))
    return result


def bootstrap_interval(
    metric: Callable[[np.ndarray, np.ndarray], float],
    y: Any,
    scores: Any,
    *,
    level: float = 0.95,
    repeats: int = 1000,
    random_state: int | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap interval of ``metric(y, scores)``, resampling anomalies and normal samples separately.

    Parameters
    ----------
    metric : callable
        For example :func:`auroc`.
    level : float in (0, 1)
        Share of resamples inside the interval.
    repeats : int
        Number of resamples.

    Returns
    -------
    (float, float)
        Lower and upper end.

    References
    ----------
    Efron and Tibshirani, 1993, An Introduction to the Bootstrap.
    """
    y, scores = _pair(y, scores)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, but is {level!r}.")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, but is {repeats!r}.")
    rng = np.random.default_rng(random_state)
    groups = [np.flatnonzero(y == label) for label in (0, 1) if (y == label).any()]
    values = []
    for _ in range(repeats):
        rows = np.concatenate([rng.choice(group, len(group)) for group in groups])
        values.append(metric(y[rows], scores[rows]))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
