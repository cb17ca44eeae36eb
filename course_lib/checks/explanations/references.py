"""Right recipes, and wrong ones that learners really write, for the checks of the exercise set on explanations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb, factorial
from typing import Any

import numpy as np

Game = Callable[[frozenset[int]], float]
Score = Callable[[np.ndarray], np.ndarray]


def as_rows(rows: Any, d: int) -> np.ndarray:
    """What a detector's score takes, shape (n, d), and nothing else."""
    rows = np.asarray(rows)
    if rows.ndim != 2:
        raise ValueError(f"score takes rows, shape (n, {d}), and got shape {rows.shape}")
    return rows


def crooked_score(draw: np.random.Generator, d: int) -> Score:
    """A score whose features work together, so that the order in which they come matters."""
    inner, outer = draw.normal(size=(d, d)), draw.uniform(0.5, 1.5, d)

    def score(rows: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, as_rows(rows, d) @ inner) @ outer

    return score


def coalition_value(
    score: Score, x: np.ndarray, background: np.ndarray, members: np.ndarray, *, swapped: bool = False
) -> float:
    """Mean score of the background's rows with the members' values taken from x."""
    return float(score(np.where(members != swapped, x, background)).mean())


def random_game(
    draw: np.random.Generator, d: int
) -> tuple[Callable[[frozenset[int]], float], dict[frozenset[int], float]]:
    """A value for each coalition of d features; asking for anything but a set of features is an error."""
    table = {
        frozenset(group): float(draw.uniform(1, 9)) for size in range(d + 1) for group in combinations(range(d), size)
    }

    def value(members: Any) -> float:
        return table[frozenset(int(member) for member in members)]

    return value, table


def shapley(
    value: Callable[[frozenset[int]], float], d: int, weight: Callable[[int, int], float] | None = None
) -> np.ndarray:
    """What each feature adds, averaged over coalitions; the weight of a coalition depends on its size."""
    weight = weight or (lambda d, size: factorial(size) * factorial(d - size - 1) / factorial(d))
    phi = np.zeros(d)
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for size in range(d):
            for group in combinations(others, size):
                without = frozenset(group)
                phi[j] += weight(d, size) * (value(without | {j}) - value(without))
    return phi


def by_place(value: Callable[[frozenset[int]], float], d: int) -> np.ndarray:
    """What the first, second, ... to join adds, over all orders: credit to places instead of features."""
    means = [np.mean([value(frozenset(group)) for group in combinations(range(d), size)]) for size in range(d + 1)]
    return np.diff(means)


def kernel_weight(d: int, size: int) -> float:
    """Weight of a coalition of `size` of d features in KernelSHAP's regression."""
    return (d - 1) / (comb(d, size) * size * (d - size))


def walk(
    score: Score,
    x: np.ndarray,
    start: np.ndarray,
    order: Sequence[int] | np.ndarray,
    *,
    by_place: bool = False,
    alone: bool = False,
) -> np.ndarray:
    """What each feature adds when they join in this order; wrong in one way with each switch."""
    added, row, before = np.zeros(len(x)), start.astype(float), float(score(start[None])[0])
    for place, j in enumerate(order):
        if alone:
            row = start.astype(float)
            before = float(score(start[None])[0])
        row = row.copy()
        row[j] = x[j]
        after = float(score(row[None])[0])
        added[place if by_place else j] = after - before
        before = after
    return added


def slopes(
    samples: np.ndarray,
    scores: np.ndarray,
    weight: np.ndarray,
    *,
    intercept: bool = True,
    power: float = 0.5,
    keep_first: bool = False,
) -> np.ndarray:
    """Slopes of a weighted least-squares fit; wrong in one way with each switch."""
    columns = np.c_[np.ones(len(samples)), samples] if intercept else samples
    root = weight**power
    found = np.linalg.lstsq(columns * root[:, None], scores * root, rcond=None)[0]
    return found if keep_first or not intercept else found[1:]


def half_weighted(samples: np.ndarray, scores: np.ndarray, weight: np.ndarray, forgotten: str) -> np.ndarray:
    """Slopes when the weights were forgotten for the column of "ones" or for the "scores"."""
    root = np.sqrt(weight)
    ones = np.ones(len(samples)) if forgotten == "ones" else root
    b = scores if forgotten == "scores" else scores * root
    return np.linalg.lstsq(np.c_[ones, samples * root[:, None]], b, rcond=None)[0][1:]


def ridge_slopes(samples: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Slopes of scikit-learn's ridge regression, which the lesson uses and the task does not."""
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0).fit(samples, scores, sample_weight=weight).coef_


def nearness(samples: np.ndarray, x: np.ndarray, width: float) -> np.ndarray:
    """exp(-distance^2 / (2 width^2)) of each sample."""
    return np.exp(-((samples - x) ** 2).sum(axis=1) / (2 * width**2))


def integrate(
    gradient: Score, x: np.ndarray, baseline: np.ndarray, places: np.ndarray, *, factor: np.ndarray | None = None
) -> np.ndarray:
    """The way from baseline to x, times the mean gradient at these places on it."""
    line = baseline + places[:, None] * (x - baseline)
    return (x - baseline if factor is None else factor) * gradient(line).mean(axis=0)


def deletion(
    score: Score, x: np.ndarray, typical: np.ndarray, values: np.ndarray, *, cumulative: bool = True
) -> np.ndarray:
    """Scores after the features with the largest values were replaced, 0, 1, ... up to all of them."""
    order = np.argsort(-values, kind="stable")
    rows = [x.astype(float)]
    for j in order:
        row = (rows[-1] if cumulative else x.astype(float)).copy()
        row[j] = typical[j]
        rows.append(row)
    return score(np.array(rows))


def precision(
    values: np.ndarray, causes: Sequence[set[int]], k: int, divide: Callable[[int, int], float] = min
) -> float:
    """Mean over the rows of the causes among the first k, divided by the smaller of k and their number."""
    first = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return float(
        np.mean(
            [len(set(row.tolist()) & cause) / divide(k, len(cause)) for row, cause in zip(first, causes, strict=True)]
        )
    )


def repair(
    score: Score,
    x: np.ndarray,
    typical: np.ndarray,
    threshold: float,
    *,
    at_once: bool = False,
    farthest: bool = False,
    extra: int = 0,
    worst: bool = False,
) -> list[int]:
    """Columns that a greedy search sets to typical values until it is normal; wrong in one way with each switch."""
    row = x.astype(float)
    changed: list[int] = []
    fixed_order: list[int] | None = None
    if farthest:
        fixed_order = np.argsort(-np.abs(x - typical), kind="stable").tolist()
    elif at_once:
        fixed_order = np.argsort(one_by_one(score, row, typical), kind="stable").tolist()
    while len(changed) < len(x) and (score(row[None])[0] > threshold or extra > 0):
        if score(row[None])[0] <= threshold:
            extra -= 1
        if fixed_order is not None:
            j = fixed_order[len(changed)]
        else:
            after = one_by_one(score, row, typical)
            after[changed] = -np.inf if worst else np.inf
            j = int(np.argmax(after) if worst else np.argmin(after))
        row = row.copy()
        row[j] = typical[j]
        changed.append(j)
    return changed


def one_by_one(score: Score, row: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Scores of the row with a single feature replaced, for each feature."""
    return score(np.where(np.eye(len(row), dtype=bool), typical, row))
