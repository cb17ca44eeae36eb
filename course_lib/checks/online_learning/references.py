"""Reference answers of the exercise set on online learning, with switches for the mistakes that learners make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def telling(
    draw: Callable[[], tuple[Any, ...]], answer: Callable[..., Any], kinds: Sequence[str], tries: int = 200
) -> tuple[Any, ...]:
    """Input on which the right answer and all mistakes differ from each other; drawn until it is found."""
    for _ in range(tries):
        given = draw()
        found = [np.asarray(answer(given, kind), dtype=float) for kind in ("", *kinds)]
        pairs = ((one, other) for i, one in enumerate(found) for other in found[i + 1 :])
        if all((np.abs(one - other) > 1e-8 + 1e-3 * np.abs(other)).any() for one, other in pairs):
            return given
    raise RuntimeError("No input tells the mistakes apart: the check needs other draws.")


def welford(n: int, mean: float, squares: float, x: float, *, kind: str = "") -> tuple[float, float, float]:
    """Task 16.1: one more value."""
    if kind == "sums":
        new = (n * mean + x) / (n + 1)
        return n + 1, new, squares + n * mean**2 + x * x - (n + 1) * new**2
    gap = x - mean
    divisor = n if kind == "old count" else n + 1
    new = mean + (gap / divisor if divisor else 0.0)
    added = {"old gap twice": gap * gap, "new gap twice": (x - new) ** 2}.get(kind, gap * (x - new))
    if kind == "variance":
        return n + 1, new, (squares + added) / (n + 1)
    return (n if kind == "count kept" else n + 1), new, squares + added


def merge(a: Sequence[float], b: Sequence[float], *, kind: str = "") -> tuple[float, float, float]:
    """Task 16.2: two summaries into one."""
    n = a[0] + b[0]
    gap = b[1] - a[1]
    mean = (a[1] + b[1]) / 2 if kind == "plain mean" else a[1] + gap * b[0] / n
    if kind == "weights swapped":
        mean = a[1] + gap * a[0] / n
    between = {"no gap": 0.0, "gap not squared": abs(gap) * a[0] * b[0] / n, "no weight": gap**2}.get(
        kind, gap**2 * a[0] * b[0] / n
    )
    return n, mean, a[2] + b[2] + between


def ewma_z(values: np.ndarray, alpha: float, warm_up: int, *, kind: str = "") -> np.ndarray:
    """Task 16.3: |x - mean| / deviation of the past, then learn."""
    scores, mean, variance = np.zeros(len(values)), 0.0 if kind == "mean from 0" else float(values[0]), 0.0
    if kind == "learnt from 0":
        mean, variance = alpha * float(values[0]), (1 - alpha) * alpha * float(values[0]) ** 2
    for t in range(1, len(values)):
        gap = values[t] - mean
        new_mean = mean + (alpha if kind != "old weight" else 1 - alpha) * gap
        new_variance = (1 - alpha) * (variance + alpha * gap**2)
        if kind == "new gap":
            new_variance = (1 - alpha) * (variance + alpha * (values[t] - new_mean) ** 2)
        if kind == "no fading":
            new_variance = variance + alpha * gap**2
        if kind == "usual variance":
            new_variance = (1 - alpha) * variance + alpha * gap**2
        if kind == "learn first":
            mean, variance = new_mean, new_variance
            gap = values[t] - mean
        if t >= (warm_up + 1 if kind == "late" else 0 if kind == "no warm-up" else warm_up):
            scale = variance if kind == "variance" else math.sqrt(variance)
            scores[t] = (gap if kind == "signed" else abs(gap)) / scale if scale > 0 else 0.0
            if kind == "divides by 0" and scale == 0:
                scores[t] = math.inf if gap else math.nan
        if kind == "idle warm-up" and t < warm_up:
            continue
        mean, variance = new_mean, new_variance
    return scores


def parabola(q: Any, n: Any, s: int, *, kind: str = "") -> float:
    """Task 16.4: height of P2's middle marker after a step s to the right or left."""
    below, above = n[1] - n[0], n[2] - n[1]
    up, down = (q[2] - q[1]) / above, (q[1] - q[0]) / below
    if kind == "slopes swapped":
        up, down = down, up
    if kind == "line":
        return q[1] + s * (up if s > 0 else down)
    if kind == "no sign":
        return q[1] + 1 / (above + below) * ((below + 1) * up + (above - 1) * down)
    if kind == "weights without step":
        return q[1] + s / (above + below) * (below * up + above * down)
    if kind == "only the step":
        return s / (above + below) * ((below + s) * up + (above - s) * down)
    return q[1] + s / (above + below) * ((below + s) * up + (above - s) * down)


def k_means(
    centres: np.ndarray, wins: np.ndarray, x: np.ndarray, *, kind: str = ""
) -> tuple[float, np.ndarray, np.ndarray]:
    """Task 16.5: score, then move the winner."""
    centres, wins = centres.astype(float).copy(), wins.astype(float).copy()
    squares = ((centres - x) ** 2).sum(axis=1)
    winner = int(squares.argmax() if kind == "farthest" else squares.argmin())
    score = float(squares[winner] if kind == "squared" else np.sqrt(squares[winner]))
    moved = slice(None) if kind == "all move" else winner
    if kind != "old count":
        wins[moved] += 1
    rate = 0.1 if kind == "fixed rate" else 1 / wins[winner]
    centres[moved] += rate * (x - centres[moved])
    if kind == "old count":
        wins[moved] += 1
    if kind == "learn first":
        score = float(np.sqrt(((centres[winner] - x) ** 2).sum()))
    if kind == "wins kept":
        wins[winner] -= 1
    return score, centres, wins


def half_space(
    row: np.ndarray, features: np.ndarray, cuts: np.ndarray, counts: np.ndarray, small: float, *, kind: str = ""
) -> float:
    """Task 16.6: what an event collects in one tree."""
    size, node, level, total = len(features), 1, 0, 0.0
    while True:
        count = counts[node]
        weight = 1 if kind == "no weight" else 2 ** (level + 1) if kind == "level too high" else 2**level
        if kind != "last only":
            total += count * weight
        stop = count <= small if kind == "too soon" else count < small
        if kind == "never stops":
            stop = False
        if stop and kind == "stops before":
            return total - count * weight
        if stop or node >= size:
            return float(count * weight) if kind == "last only" else total
        right = row[features[node]] > cuts[node] if kind == "cut goes left" else row[features[node]] >= cuts[node]
        if kind == "sides swapped":
            right = not right
        node = 2 * node + int(right)
        level += 1


def displacement(below: Any, beside: Any, *, kind: str = "") -> float:
    """Task 16.7: largest number of points moved for each point taken out."""
    below, beside = (np.asarray(part, dtype=float) for part in (below, beside))
    ratios: np.ndarray = {"inverse": below / beside, "not shared": beside, "with all": beside / (below + beside)}.get(
        kind, beside / below
    )
    if kind == "first only":
        return float(ratios[0])
    if kind == "mean":
        return float(ratios.mean())
    if kind == "sum":
        return float(ratios.sum())
    return float(ratios.max())


def page_hinkley(values: np.ndarray, delta: float, limit: float, *, kind: str = "") -> int:
    """Task 16.8: first place at which the mean has gone up, -1 if none."""
    if kind == "falling":
        values = -values
    mean, total, lowest, whole = 0.0, 0.0, math.inf, float(np.mean(values))
    if kind == "whole lowest":
        means = np.cumsum(values) / np.arange(1, len(values) + 1)
        lowest = float(np.cumsum(values - means - delta).min())
    for t, x in enumerate(values.tolist()):
        old = mean
        mean += (x - mean) / (t + 1)
        gap = x - (old if kind == "old mean" else whole if kind == "whole mean" else mean)
        total += (abs(gap) if kind == "absolute" else gap) - (0 if kind == "no delta" else delta)
        if kind == "plus delta":
            total += 2 * delta
        lowest = min(lowest, total)
        height = total if kind == "no lowest" else total - lowest
        if height > limit or (kind == "at the limit" and height == limit):
            return t + 1 if kind == "counted from one" else t
    return -1


def tail_limit(level: float, shape: float, scale: float, risk: float, share: float, *, kind: str = "") -> float:
    """Task 16.9: the value exceeded with probability risk."""
    ratio = risk if kind == "no share" else share / risk if kind == "upside down" else risk / share
    if kind == "no level":
        return scale / shape * (ratio**-shape - 1)
    if kind == "no one":
        return level + scale / shape * ratio**-shape
    if kind != "no case for 0" and abs(shape) < (0.1 if kind == "small is 0" else 1e-9):
        return level + scale * math.log(ratio) if kind == "log sign" else level - scale * math.log(ratio)
    return level + scale / shape * (ratio**-shape - 1)


def guarded(values: np.ndarray, alpha: float, limit: float, patience: int, *, kind: str = "") -> np.ndarray:
    """Task 16.10: flags of an average that does not learn what it flags, and gives in after a while."""
    mean, flags, since = float(values[0]), np.zeros(len(values), dtype=bool), 0
    length = patience + {"window too long": 1, "window too short": -1}.get(kind, 0)
    enough = {"all flagged": patience, "half rounded down": patience // 2, "more than half": patience / 2 + 0.25}.get(
        kind, patience / 2
    )
    listed = values.tolist()
    for t in range(1, len(values)):
        far = listed[t] - mean if kind == "one side" else abs(listed[t] - mean)
        flags[t] = flag = far >= limit if kind == "at the limit" else far > limit
        if not flag or kind in ("learns all", "learns all, begins anew"):
            mean += alpha * (listed[t] - mean)
        if kind in ("learns all", "never gives in") or (kind == "waits for patience" and t - since + 1 < patience):
            continue
        window = slice(max(since, t - length + 1), t + 1)
        if np.count_nonzero(flags[window]) >= enough:
            part = values[window][flags[window]] if kind == "flagged only" else values[window]
            mean = float(np.median(part) if kind == "median" else part.mean())
            since = {"flags kept": since, "old start": t}.get(kind, t + 1)
    return flags
