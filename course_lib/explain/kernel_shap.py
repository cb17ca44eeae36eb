"""KernelSHAP: Shapley values as the answer of a weighted regression on the worth of coalitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.explain.coalitions import choose_coalitions
from course_lib.explain.shapley_game import Play, ShapleyExplainer

ALL_UP_TO = 12  # features


class KernelSHAP(ShapleyExplainer):
    """Fit the worth of coalitions by a sum of the values of their members; all rows share coalitions and factorisation.

    The values sum to ``score - base_value`` exactly. With all coalitions they are the Shapley values.

    Parameters
    ----------
    score : Detector or callable
    background : array-like, shape (m, d)
    n_coalitions : int, optional
        How many to play, at least ``2 * d``; by default all ``2**d - 2`` up to 12 features, else ``2 * d + 2048``.
        Each costs m scores for each row.
    random_state : int, optional
        Of the draw of coalitions.
    feature_names : sequence of str, optional

    References
    ----------
    Lundberg and Lee, 2017, A Unified Approach to Interpreting Model Predictions.
    Covert and Lee, 2021, Improving KernelSHAP: Practical Shapley Value Estimation Using Linear Regression.
    """

    method = "KernelSHAP"

    def __init__(
        self,
        score: Any,
        background: Any,
        n_coalitions: int | None = None,
        random_state: int | None = None,
        feature_names: Sequence[str] | None = None,
    ):
        super().__init__(score, background, feature_names)
        self.n_coalitions = n_coalitions
        self.random_state = random_state
        if n_coalitions is not None:
            d = self._background.shape[1]
            least = min(2 * d, 2**d - 2)
            if check_whole("n_coalitions", n_coalitions, 0) < least:
                raise ValueError(
                    f"{d} features need at least {least} coalitions, each feature alone and all but each, but "
                    f"n_coalitions is {n_coalitions}: raise it."
                )
        draw_seed(random_state)

    def _divide(self, play: Play, n_players: int, base: float, scores: np.ndarray) -> tuple[np.ndarray, Mapping]:
        gain = scores - base
        if n_players < 2:
            return np.repeat(gain[:, None], n_players, axis=1), {}
        every = 2**n_players - 2
        wanted = self.n_coalitions
        if wanted is None:
            wanted = every if n_players <= ALL_UP_TO else 2 * n_players + 2048
        rng = np.random.default_rng(draw_seed(self.random_state))
        masks, weights = choose_coalitions(n_players, min(int(wanted), every), rng)
        return constrained_regression(masks, weights, play(masks) - base, gain), {}


def constrained_regression(masks: np.ndarray, weights: np.ndarray, gains: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Values whose sums over the members of each coalition come nearest to its gain, and that sum to the total.

    Parameters
    ----------
    masks : ndarray of bool, shape (n_coalitions, d)
    weights : ndarray, shape (n_coalitions,)
    gains : ndarray, shape (n_coalitions, n)
        Worth of each coalition less that of the empty one, for each row.
    total : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n, d)
    """
    members = masks.astype(float)
    weighted = members.T * weights
    factor = cho_factor(weighted @ members)
    free = cho_solve(factor, weighted @ gains)  # the best values, were there no total to keep to
    step = cho_solve(factor, np.ones(len(free)))  # where the constraint's multiplier pulls them
    return (free - step[:, None] * (free.sum(axis=0) - total) / step.sum()).T
