"""Precision and recall of ranges: how much of each range was met, where in it, and in how many pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.metrics.events import events
from course_lib.core.validation import check_labels, to_numpy

_BIASES = ("flat", "front", "middle", "back")


def range_recall(y: Any, predictions: Any, *, alpha: float = 0.0, bias: str = "flat") -> float:
    """Mean reward of the labelled ranges.

    A range's reward is ``alpha`` for being touched at all, and ``1 - alpha`` times the share of it that is flagged,
    weighted by place and divided by the number of alarms that share it.

    Parameters
    ----------
    y, predictions : array-like of 0 and 1, shape (n,)
    alpha : float in [0, 1]
        What mere existence is worth.
    bias : {"flat", "front", "middle", "back"}
        Which rows of a range weigh most.

    Returns
    -------
    float
        0 where there is no range.

    References
    ----------
    Tatbul, Lee, Zdonik, Alam and Gottschlich, 2018, Precision and Recall for Time Series.
    """
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, but is {alpha!r}.")
    if bias not in _BIASES:
        raise ValueError(f"bias must be 'flat', 'front', 'middle' or 'back', but is {bias!r}.")
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    flagged = check_labels(predictions, len(y), "predictions")
    return _mean_reward(events(y), flagged, alpha, bias)


def range_precision(y: Any, predictions: Any, *, bias: str = "flat") -> float:
    """Mean reward of the alarms: the share of each that lies inside labelled ranges, see :func:`range_recall`.

    The same formula with the two roles exchanged; to exist is no merit of an alarm, so there is no ``alpha``.
    """
    y = check_labels(y, len(np.asarray(to_numpy(y)).ravel()))
    return range_recall(check_labels(predictions, len(y), "predictions"), y, bias=bias)


def _mean_reward(ranges: np.ndarray, met: np.ndarray, alpha: float, bias: str) -> float:
    rewards = []
    for first, end in ranges:
        inside = met[first:end]
        pieces = len(events(inside))
        weights = _weights(end - first, bias)
        overlap = (weights * inside).sum() / weights.sum() / max(pieces, 1)
        rewards.append(alpha * (pieces > 0) + (1 - alpha) * overlap)
    return float(np.mean(rewards)) if rewards else 0.0


def _weights(length: int, bias: str) -> np.ndarray:
    """Weight of each row of a range."""
    place = np.arange(1, length + 1)
    if bias == "flat":
        return np.ones(length)
    if bias == "back":
        return place
    return place[::-1] if bias == "front" else np.minimum(place, place[::-1])
