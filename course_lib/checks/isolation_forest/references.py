"""Right recipes, and wrong ones that learners really write, for the checks of the exercise set on isolation forests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def average_path_length(n: int) -> float:
    """c(n)."""
    if n <= 2:
        return float(n == 2)
    return float(2 * (np.log(n - 1) + np.euler_gamma) - 2 * (n - 1) / n)


def random_cut(X: np.ndarray, rng: np.random.Generator) -> tuple[int, float]:
    """A varying column, then a place in its range."""
    feature = rng.choice(np.flatnonzero(np.ptp(X, axis=0) > 0))
    return int(feature), rng.uniform(X[:, feature].min(), X[:, feature].max())


def middle_cut(X: np.ndarray, rng: np.random.Generator, varying: np.ndarray) -> tuple[int, float]:
    """Halves the range instead of drawing a place."""
    feature = rng.choice(varying)
    return int(feature), (X[:, feature].min() + X[:, feature].max()) / 2


def cut_first(X: np.ndarray, rng: np.random.Generator) -> tuple[int, float]:
    """Draws in the wrong order."""
    u = rng.random()
    feature = rng.choice(np.flatnonzero(np.ptp(X, axis=0) > 0))
    return int(feature), X[:, feature].min() + u * np.ptp(X[:, feature])


def random_tree(draw: np.random.Generator) -> Any:
    """A tree of three to five cuts over three columns with values in 0 to 1; both its sides go on."""

    def node(depth: int) -> Any:
        if depth == 3:
            return int(draw.integers(1, 9))
        feature, cut = int(draw.integers(3)), float(draw.uniform(0.4, 0.6))
        right = node(depth + 1)
        left = int(draw.integers(1, 9)) if depth == 1 else node(depth + 1)
        return feature, cut, left, right

    return node(0)


def telling_walk(draw: np.random.Generator, c: Callable[[int], float]) -> tuple[Any, np.ndarray]:
    """A tree and 40 rows, one of them exactly on a cut, on which it matters to which side that row goes."""
    while True:
        tree, rows = random_tree(draw), draw.uniform(0, 1, (40, 3))
        rows[0, tree[0]] = tree[1]
        if path_length(tree, rows[0], c) != path_length(tree, rows[0], c, strict=True):
            return tree, rows


def path_length(
    tree: Any,
    x: np.ndarray,
    c: Callable[[int], float],
    *,
    extra: bool = True,
    swapped: bool = False,
    strict: bool = False,
    raw: bool = False,
    start: int = 0,
) -> float:
    """Cuts on the way of x and the estimate at its end; wrong in one way with each switch."""
    steps = start
    while isinstance(tree, tuple):
        feature, cut, left, right = tree
        goes_left = x[feature] < cut if strict else x[feature] <= cut
        tree = left if goes_left != swapped else right
        steps += 1
    if not extra:
        return steps
    return steps + (tree if raw else c(tree))


def end_slots(
    column: np.ndarray,
    cut: np.ndarray,
    X: np.ndarray,
    *,
    swapped: bool = False,
    ties_right: bool = False,
    only_root: bool = False,
    steps: int | None = None,
    root: int = 1,
) -> np.ndarray:
    """The slots in which rows end; wrong in one way with each switch."""
    slot = np.full(len(X), root)
    for _ in range(len(cut).bit_length() - 1 if steps is None else steps):
        here = np.ones_like(slot) if only_root else np.minimum(slot, len(cut) - 1)
        value = X[np.arange(len(X)), column[here]]
        right = value >= cut[here] if ties_right else value > cut[here]
        slot = 2 * slot + (1 - root) + (right != swapped)
    return slot


def telling_tables(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tree in two arrays and 80 rows, many of their values exactly on a cut, on which every mistake shows."""
    while True:
        depth = int(draw.integers(3, 6))
        column, cut = draw.integers(0, 4, 2**depth), np.round(draw.uniform(0.2, 0.8, 2**depth), 1)
        cut[0], cut[2] = np.nan, np.inf  # unused; nothing is cut on the root's left
        X = np.round(draw.uniform(0, 1, (80, 4)), 1)
        right = end_slots(column, cut, X)
        switches: list[dict[str, Any]] = [{"swapped": True}, {"ties_right": True}, {"only_root": True}]
        if all((end_slots(column, cut, X, **switch) != right).any() for switch in switches):
            return column, cut, X
