"""Volume under the surface: areas under the curve of a series, forgiving towards alarms beside an event.

Labels of a series begin and end at somebody's choice, and an alarm three rows early is no false one. Around each
event lies a buffer of ``window // 2`` rows on each side in which labels fade, ``sqrt(1 - distance / window)``. The
true-positive rate is the (soft) recall times the share of events, buffers included, that were hit at all. The volume is
the mean of the areas over all windows from 0 to a largest one, so that no single window has to be chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.metrics.events import events
from course_lib.core.metrics.ranking import check_both_classes, check_pair


def vus_roc(y: Any, scores: Any, max_window: int = 100) -> float:
    """Volume under the ROC surface; about 0.5 for random scores without events close to each other.

    See :func:`vus_pr`, which is the stricter of the two where anomalies are rare.
    """
    return vus(y, scores, max_window)[0]


def vus_pr(y: Any, scores: Any, max_window: int = 100) -> float:
    """Volume under the precision-recall surface.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n,)
    scores : array-like, shape (n,)
    max_window : int
        Largest window; the buffer reaches half of it to each side of an event. About the length of the windows that
        were scored, or of a period.

    Returns
    -------
    float
        1 for scores that rank every row of an event above all others.

    References
    ----------
    Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin, 2022, Volume Under the Surface: A New Accuracy Evaluation
    Measure for Time-Series Anomaly Detection. The arithmetic is that of the authors' later code for long series, where
    rows of a buffer count as missed only if they were flagged; all thresholds are used here instead of a sample of 250.
    """
    return vus(y, scores, max_window)[1]


def vus(y: Any, scores: Any, max_window: int = 100) -> tuple[float, float]:
    """Both volumes, (VUS-ROC, VUS-PR), for the price of one."""
    y, scores = check_pair(y, scores)
    check_both_classes(y, "The volume under the surface")
    if isinstance(max_window, bool) or not isinstance(max_window, (int, np.integer)) or max_window < 0:
        raise ValueError(f"max_window must be a whole number of rows, at least 0, but is {max_window!r}.")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # the last row of each distinct score
    runs = events(y)
    areas = [_areas(y, scores, runs, window, order, last) for window in range(max_window + 1)]
    roc, pr = np.mean(areas, axis=0)
    return float(roc), float(pr)


def _areas(
    y: np.ndarray, scores: np.ndarray, runs: np.ndarray, window: int, order: np.ndarray, last: np.ndarray
) -> tuple[float, float]:
    """Areas under the ROC and the precision-recall curve for one window."""
    flagged = last + 1.0
    soft, edges = _softened(y, runs, window)
    hits = np.cumsum(soft[order])[last]
    in_buffer = np.cumsum(np.where(y[order] == 1, 0.0, soft[order]))[last]
    positives = y.sum() + in_buffer / 2
    peaks = np.sort([scores[first:end].max() for first, end in edges])
    found = 1 - np.searchsorted(peaks, scores[order][last]) / len(peaks)
    recall = np.minimum(hits / positives, 1) * found
    false = (flagged - hits) / (len(y) - positives)
    height = np.r_[0, recall, 1]
    roc = np.diff(np.r_[0, false, 1]) @ (height[1:] + height[:-1]) / 2
    pr = np.diff(recall, prepend=0) @ (hits / flagged)
    return float(roc), float(pr)


def _softened(y: np.ndarray, runs: np.ndarray, window: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Labels with fading buffers, and first row and end of each event with its buffers, merged where they overlap."""
    half = window // 2
    soft = y.astype(float)
    fading = np.sqrt(1 - np.arange(1, half + 1) / max(window, 1))
    edges: list[tuple[int, int]] = []
    for first, end in runs.tolist():
        after, before = soft[end : end + half], soft[max(first - half, 0) : first][::-1]
        after += fading[: len(after)]
        before += fading[: len(before)]
        low, high = max(first - half, 0), min(end + half, len(y))
        if edges and low < edges[-1][1]:
            low = edges.pop()[0]
        edges.append((low, high))
    return np.minimum(soft, 1), edges
