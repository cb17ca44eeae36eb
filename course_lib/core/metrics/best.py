"""The best F1 that any threshold could give: what hindsight would reach, and the same for events."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.metrics.events import events
from course_lib.core.metrics.ranking import check_both_classes, check_pair


def best_f1(y: Any, scores: Any) -> tuple[float, float]:
    """Highest F1 over all thresholds, and the lowest score that is then flagged.

    The threshold is chosen with the labels it is judged by: an upper bound for comparing rankings, not what a detector
    at work would reach.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
    scores : array-like, shape (n,)

    Returns
    -------
    (float, float)
        F1 of ``scores >= threshold``, and that threshold.
    """
    y, scores = check_pair(y, scores)
    check_both_classes(y, "The best F1")
    cuts, flagged, hits = _cumulative(y, scores)
    f1 = 2 * hits / (flagged + y.sum())
    best = int(f1.argmax())
    return float(f1[best]), float(cuts[best])


def best_event_f1(y: Any, scores: Any) -> tuple[float, float]:
    """Highest event F1 (see :func:`course_lib.core.metrics.count_events`) over all thresholds, and the threshold.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
    scores : array-like, shape (n,)

    Returns
    -------
    (float, float)
        Event F1 of ``scores >= threshold``, and that threshold. Chosen with the labels, like :func:`best_f1`.
    """
    y, scores = check_pair(y, scores)
    check_both_classes(y, "The best event F1")
    cuts, flagged, hits = _cumulative(y, scores)
    # An event is found by every threshold up to its highest score.
    peaks = np.sort([scores[first:end].max() for first, end in events(y)])
    recall = 1 - np.searchsorted(peaks, cuts) / len(peaks)
    precision = hits / flagged
    total = precision + recall
    f1 = 2 * precision * recall / np.where(total > 0, total, 1)
    best = int(f1.argmax())
    return float(f1[best]), float(cuts[best])


def _cumulative(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct scores, highest first, and how many rows and how many anomalies reach each of them."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return ranked[last], last + 1.0, np.cumsum(y[order])[last].astype(float)
