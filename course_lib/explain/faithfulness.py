"""Does an explanation tell the truth? Its parts add up, and without what it names the row becomes normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid

from course_lib.core.validation import to_numpy
from course_lib.explain.explanation import Explanation
from course_lib.explain.scoring import score_function

MOST_ROWS = 65_536  # that are scored at once


def additivity_gap(explanation: Explanation) -> float:
    """The largest part of a score that the values leave unexplained, over the largest part that they should explain.

    0: for every row base value and values sum to the score. It is relative, so that 0.01 reads "one percent".
    """
    to_explain = np.abs(explanation.scores - explanation.base_value).max()
    return float(np.abs(explanation.gap()).max() / to_explain) if to_explain > 0 else 0.0


@dataclass(frozen=True, eq=False)
class DeletionCurve:
    """Mean score while features are replaced by ordinary values, in three orders.

    Parameters
    ----------
    removed : int array (n_points,)
        How many features are replaced, from 0 to all.
    explained, random, reverse : ndarray, shape (n_points,)
        The features with the largest contributions first; in random order; the largest last.
    """

    removed: np.ndarray
    explained: np.ndarray
    random: np.ndarray
    reverse: np.ndarray

    def area(self, order: str = "explained") -> float:
        """Area under a curve, in units of the whole fall: 1 at the first point, 0 at the last; small = falls early."""
        curve = getattr(self, order)
        fall = self.random[0] - self.random[-1]
        place = self.removed / self.removed[-1]
        return float(trapezoid((curve - curve[-1]) / fall, place)) if fall else 0.0

    @property
    def advantage(self) -> float:
        """Area between the random and the explained curve: above 0 if the explanation knows more than chance."""
        return self.area("random") - self.area("explained")

    def to_frame(self) -> pd.DataFrame:
        """One row a point."""
        return pd.DataFrame(
            {"removed": self.removed, "explained": self.explained, "random": self.random, "reverse": self.reverse}
        )


def deletion_curve(
    score: Any,
    X: Any,
    explanation: Explanation,
    background: Any,
    steps: int | None = None,
    *,
    n_backgrounds: int = 20,
    n_orders: int = 5,
    random_state: int | None = None,
) -> DeletionCurve:
    """Replace features by ordinary values, those first that the explanation blames most, and watch the score fall.

    Parameters
    ----------
    score : Detector or callable
        Of rows; of windows a function from (n, length, n_features) to (n,).
    X : array-like, shape (n, n_features) or (n, length, n_features)
        The rows that were explained; of windows single readings are replaced.
    explanation : Explanation
    background : array-like, shape (n_rows, ...)
        Ordinary rows; a replaced feature takes the value of one of them, all replaced ones of the same, and scores are
        averaged over them.
    steps : int or None
        Points after the first; None: one a feature, 20 at most.
    n_backgrounds : int
        How many of the background's rows are used.
    n_orders : int
        Random orders a row, for the curve of chance.
    random_state : int or None

    Returns
    -------
    DeletionCurve

    References
    ----------
    Samek, Binder, Montavon, Lapuschkin and Müller, 2017, Evaluating the Visualization of What a Deep Neural Network
    Has Learned. Petsiuk, Das and Saenko, 2018, RISE: Randomized Input Sampling for Explanation of Black-box Models.
    """
    rows, ordinary = (np.asarray(to_numpy(part), dtype=np.float64) for part in (X, background))
    if rows.shape != explanation.values.shape or ordinary.shape[1:] != rows.shape[1:] or not len(ordinary):
        raise ValueError(
            f"X and background must look like the explained rows, {explanation.values.shape}, but have shapes "
            f"{rows.shape} and {ordinary.shape}."
        )
    # Only a function can score windows one by one.
    function = score_function(score) if rows.ndim == 2 else score
    generator = np.random.default_rng(random_state)
    if len(ordinary) > n_backgrounds:
        ordinary = ordinary[generator.choice(len(ordinary), n_backgrounds, replace=False)]
    flat, values = rows.reshape(len(rows), -1), explanation.values.reshape(len(rows), -1)
    n_cells = flat.shape[1]
    steps = min(n_cells, 20) if steps is None else steps
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or not 1 <= steps <= n_cells:
        raise ValueError(f"steps must lie between 1 and the {n_cells} values of a row, but is {steps!r}.")
    removed = np.unique(np.linspace(0, n_cells, steps + 1).round().astype(int))

    def curve(ranks: np.ndarray) -> np.ndarray:
        """Mean scores when values whose rank in their row is below each count of `removed` are replaced."""
        means = []
        for count in removed:
            replaced = [np.where(ranks < count, row.ravel(), flat) for row in ordinary]
            stack = np.concatenate(replaced).reshape(-1, *rows.shape[1:])
            pieces = range(0, len(stack), MOST_ROWS)
            means.append(np.concatenate([function(stack[at : at + MOST_ROWS]) for at in pieces]).mean())
        return np.array(means)

    ranks = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1)
    chance = [curve(generator.permuted(ranks, axis=1)) for _ in range(n_orders)]
    return DeletionCurve(removed, curve(ranks), np.mean(chance, axis=0), curve(n_cells - 1 - ranks))
