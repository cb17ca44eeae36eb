"""Shapley values by their definition, over all coalitions of features: the yardstick for every estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

import numpy as np

from course_lib.explain.shapley_game import Play, ShapleyExplainer

MOST_FEATURES = 16


class ExactShapley(ShapleyExplainer):
    """The mean of what a feature adds, over all orders in which features can join.

    The cost doubles with every feature: ``(2**d - 2) * m`` scores for each row, m the rows of the background.

    Parameters
    ----------
    score : Detector or callable
    background : array-like, shape (m, d)
        With at most 16 features.
    feature_names : sequence of str, optional

    References
    ----------
    Shapley, 1953, A Value for n-Person Games.
    """

    method = "exact Shapley values"

    def __init__(self, score: Any, background: Any, feature_names: Sequence[str] | None = None):
        super().__init__(score, background, feature_names)
        d = self._background.shape[1]
        if d > MOST_FEATURES:
            raise ValueError(
                f"ExactShapley goes through 2**d coalitions, which {d} features make too many (at most "
                f"{MOST_FEATURES}): use KernelSHAP or PermutationShapley."
            )

    def _divide(self, play: Play, n_players: int, base: float, scores: np.ndarray) -> tuple[np.ndarray, Mapping]:
        masks = all_coalitions(n_players)
        worth = np.empty((len(masks), len(scores)))
        worth[0], worth[-1] = base, scores
        if n_players > 1:
            worth[1:-1] = play(masks[1:-1])
        return (shapley_weights(masks).T @ worth).T, {}


def all_coalitions(n_players: int) -> np.ndarray:
    """All 2**n_players coalitions as masks, bool (2**n_players, n_players), the empty first and the full one last."""
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players) & 1).astype(bool)


def shapley_weights(masks: np.ndarray) -> np.ndarray:
    """How the worth of each coalition counts in each player's value, of the shape of `masks`, (2**d, d).

    Player j gains ``worth(S with j) - worth(S)`` in ``|S|! (d - |S| - 1)! / d!`` of all orders.
    """
    d = masks.shape[1]
    orders = np.array([factorial(size) * factorial(d - size - 1) / factorial(d) for size in range(d)])
    sizes = masks.sum(axis=1, keepdims=True)
    joined = orders[np.clip(sizes - 1, 0, None)] if d else np.empty((1, 0))
    absent = orders[np.clip(sizes, None, d - 1)] if d else np.empty((1, 0))
    return np.where(masks, joined, -absent)
