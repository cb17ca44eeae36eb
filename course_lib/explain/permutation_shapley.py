"""Shapley values by walking: let the features join in a random order, and then in the opposite order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.explain.shapley_game import Play, ShapleyExplainer


class PermutationShapley(ShapleyExplainer):
    """The mean of what each feature adds when it joins, over random orders and their opposites.

    Every walk ends at the row itself, so the values sum to ``score - base_value`` exactly. They are unbiased, and one
    order with its opposite is already exact where features interact at most in pairs.

    Parameters
    ----------
    score : Detector or callable
    background : array-like, shape (m, d)
    n_permutations : int
        Orders, each walked both ways: ``2 * n_permutations * (d - 1) * m`` scores for each row.
    random_state : int, optional
    feature_names : sequence of str, optional

    References
    ----------
    Castro, Gomez and Tejada, 2009, Polynomial Calculation of the Shapley Value Based on Sampling.
    Mitchell, Cooper, Frank and Holmes, 2022, Sampling Permutations for Shapley Value Estimation.
    """

    method = "permutation Shapley values"

    def __init__(
        self,
        score: Any,
        background: Any,
        n_permutations: int = 10,
        random_state: int | None = None,
        feature_names: Sequence[str] | None = None,
    ):
        super().__init__(score, background, feature_names)
        self.n_permutations = n_permutations
        self.random_state = random_state
        check_whole("n_permutations", n_permutations, 1)
        draw_seed(random_state)

    def _divide(self, play: Play, n_players: int, base: float, scores: np.ndarray) -> tuple[np.ndarray, Mapping]:
        """Values and, from two orders on, their standard errors, by name "standard_error"."""
        if n_players < 2:
            return np.repeat((scores - base)[:, None], n_players, axis=1), {}
        rng = np.random.default_rng(draw_seed(self.random_state))
        count = int(self.n_permutations)
        orders = rng.permuted(np.tile(np.arange(n_players), (count, 1)), axis=1)
        place = orders.argsort(axis=1)  # when each feature joins
        joined = place[:, None, :] < np.arange(1, n_players)[:, None]  # after each step but the last
        shape = (count, n_players - 1, len(scores))
        forward = play(joined.reshape(-1, n_players)).reshape(shape)
        # In the opposite order, those who have joined are those who had not yet.
        backward = play(~joined.reshape(-1, n_players)).reshape(shape)
        ends = np.full((count, 1, len(scores)), base), np.broadcast_to(scores, (count, 1, len(scores)))
        there = np.diff(np.concatenate([ends[0], forward, ends[1]], axis=1), axis=1)
        back = -np.diff(np.concatenate([ends[1], backward, ends[0]], axis=1), axis=1)
        steps = np.take_along_axis((there + back) / 2, place[:, :, None], axis=1)  # (orders, features, rows)
        values = steps.mean(axis=0).T
        if count == 1:
            return values, {}
        return values, {"standard_error": steps.std(axis=0, ddof=1).T / np.sqrt(count)}
