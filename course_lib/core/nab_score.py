"""The score of the Numenta Anomaly Benchmark: early alarms inside a window earn, alarms elsewhere cost.

Alarms are 0/1 (or bool) arrays, one entry for each row of a series; windows are pairs of rows, both included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.core.validation import check_labels, check_scores


@dataclass(frozen=True)
class Profile:
    """What a found window earns, a false alarm costs at most, and a missed window costs."""

    hit: float
    false_alarm: float
    miss: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward low FP rate": Profile(1.0, 0.22, 1.0),
    "reward low FN rate": Profile(1.0, 0.055, 2.0),
}


@dataclass(frozen=True)
class Outcome:
    """One series under one profile.

    Parameters
    ----------
    score : float
        Raw score: earned minus paid.
    windows, found : int
        Anomalies there are and anomalies with an alarm inside.
    false_alarms : int
        Rows with an alarm outside all windows, probation left out.
    """

    score: float
    windows: int
    found: int
    false_alarms: int


def sigmoid_weight(position: Any) -> np.ndarray:
    """2 / (1 + exp(5 p)) - 1 at positions p: near 1 at a window's start (-1), 0 at its end, near -1 a window behind.

    Three windows behind the end and further it is exactly -1, like a false alarm before the first window.
    """
    position = np.asarray(position, dtype=float)
    return np.where(position > 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, 3.0))) - 1.0)


def window_rows(timestamps: np.ndarray, windows: Sequence[tuple[Any, Any]]) -> list[tuple[int, int]]:
    """First and last row of each window of timestamps; a repeated timestamp counts where it stands first."""
    rows = []
    for start, end in windows:
        inside = [np.flatnonzero(timestamps == moment) for moment in (start, end)]
        if not all(len(found) for found in inside):
            raise ValueError(f"The window from {start} to {end} does not begin and end at a timestamp of the series.")
        rows.append((int(inside[0][0]), int(inside[1][0])))
    return rows


def row_weights(n: int, windows: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """What an alarm at each row is worth before the profile's weights.

    Returns
    -------
    weights : ndarray, shape (n,)
        Inside a window from 1 at its first row down towards 0; outside from nearly 0 just behind a window down to -1.
    window : ndarray of int, shape (n,)
        Number of the window that the row lies in, -1 outside.
    """
    weights, window = np.full(n, -1.0), np.full(n, -1)
    rows = np.arange(n)
    for number, (first, last) in enumerate(windows):
        length = last - first + 1
        weights[last + 1 :] = sigmoid_weight((rows[last + 1 :] - last) / max(length - 1, 1))
        inside = slice(first, last + 1)
        weights[inside] = sigmoid_weight(-(last - rows[inside] + 1) / length) / sigmoid_weight(-1.0)
        window[inside] = number
    return weights, window


def score_series(
    alarms: Any, windows: Sequence[tuple[int, int]], probation: int = 0, profile: str = "standard"
) -> Outcome:
    """Score the alarms of one series.

    Each window earns by its first alarm, the more the earlier it comes; a window without one costs. Each alarm outside
    costs, less if it comes shortly after a window.

    Parameters
    ----------
    alarms : array-like of 0 and 1, shape (n,)
    windows : list of (first row, last row), ascending
    probation : int
        Rows at the beginning that do not count.
    profile : {"standard", "reward low FP rate", "reward low FN rate"}

    References
    ----------
    Lavin and Ahmad, 2015, Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark.
    """
    cost = _profile(profile)
    raised = check_labels(alarms, len(np.asarray(alarms))) == 1
    raised[:probation] = False
    weights, window = row_weights(len(raised), windows)
    false = raised & (window < 0)
    score, found = cost.false_alarm * float(weights[false].sum()), 0
    for number in range(len(windows)):
        earned = weights[raised & (window == number)]
        found += len(earned) > 0
        score += cost.hit * float(earned.max()) if len(earned) else -cost.miss
    return Outcome(score, len(windows), found, int(false.sum()))


def normalised(outcomes: Sequence[Outcome], profile: str = "standard") -> float:
    """Score of a whole collection of series: 0 for a detector that never alarms, 100 for a perfect one."""
    cost = _profile(profile)
    windows = sum(outcome.windows for outcome in outcomes)
    if windows == 0:
        raise ValueError("The NAB score needs at least one series with an anomaly window.")
    silent = -cost.miss * windows
    return 100 * (sum(outcome.score for outcome in outcomes) - silent) / (cost.hit * windows - silent)


def nab_score(series: Sequence[Any], alarms: Sequence[Any], profile: str = "standard") -> float:
    """NAB's normalised score of alarms on several series.

    Parameters
    ----------
    series : list of NabSeries
        ``timestamps``, ``windows`` and ``probation`` of each are used.
    alarms : list of array-likes of 0 and 1
        One for each series, one entry for each of its rows.
    """
    pairs = zip(series, alarms, strict=True)
    return normalised(
        [score_series(a, window_rows(s.timestamps, s.windows), s.probation, profile) for s, a in pairs], profile
    )


def best_threshold(series: Sequence[Any], scores: Sequence[Any], profile: str = "standard") -> tuple[float, float]:
    """The one threshold for all series with the highest normalised score, and that score: NAB's own way to place it.

    A row alarms if its score is at least the threshold. Of the series that it was chosen on the result says little: it
    is a peek. Use it on other series.
    """
    cost, windows, parts = _profile(profile), 0, []
    for one, raw in zip(series, scores, strict=True):
        values = check_scores(raw)
        rows = window_rows(one.timestamps, one.windows)
        weights, window = row_weights(len(values), rows)
        counted = slice(one.probation, None)
        parts.append((values[counted], weights[counted], np.where(window < 0, -1, window + windows)[counted]))
        windows += len(rows)
    values, weights, window = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-values, kind="stable")
    gains = np.where(window < 0, cost.false_alarm * weights, 0.0)[order]
    best = np.full(windows, -cost.miss)
    for place in order[window[order] >= 0][: len(order)]:
        number, earned = window[place], cost.hit * weights[place]
        if earned > best[number]:
            weights[place] = earned - best[number]
            best[number] = earned
        else:
            weights[place] = 0.0
    gains += np.where(window[order] >= 0, weights[order], 0.0)
    totals = np.cumsum(gains)
    last = np.flatnonzero(np.diff(values[order], append=-np.inf))  # rows with the same score alarm together
    top = last[int(totals[last].argmax())]
    if totals[top] <= 0:
        return float(np.nextafter(values.max(), np.inf)), 0.0
    return float(values[order][top]), float(100 * totals[top] / (windows * (cost.hit + cost.miss)))


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise ValueError(f"There is no NAB profile {name!r}: choose from {', '.join(PROFILES)}.")
    return PROFILES[name]
