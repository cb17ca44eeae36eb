"""All figures of one detector at once, and how far chance could have moved them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from course_lib.core.metrics.counting import confusion
from course_lib.core.metrics.ranking import auroc, average_precision, check_pair, precision_at_k
from course_lib.core.validation import check_scores


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
    y, scores = check_pair(y, scores)
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
