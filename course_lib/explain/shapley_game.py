"""The game whose gains Shapley values divide: features are players, a coalition's worth is a mean score.

The worth of a coalition for a row is the score with the coalition's features taken from the row and all others taken
from a background row, averaged over the background (Strumbelj and Kononenko, 2014, Explaining Prediction Models and
Individual Predictions with Feature Contributions; "interventional" in Janzing, Minorics and Bloebaum, 2020, Feature
Relevance Quantification in Explainable AI: A Causal Problem).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from course_lib.explain.explanation import Explanation
from course_lib.explain.scoring import score_function
from course_lib.explain.tables import check_table, find_names

Play = Callable[[np.ndarray], np.ndarray]


class ShapleyExplainer:
    """Base class: a subclass writes ``_divide``, how the gain of the whole row is divided among its features.

    A feature whose value equals that of every background row is no player and gets exactly 0. Every row is explained
    as if it were alone: the coalitions that are drawn depend on the seed, not on the other rows.

    Parameters
    ----------
    score : Detector or callable
        See :func:`course_lib.explain.scoring.score_function`.
    background : array-like, shape (m, d)
        Rows to compare with, normal ones as a rule; about a hundred do.
    feature_names : sequence of str, optional
        By default the columns of a DataFrame, or x0, x1, ...
    """

    method = "Shapley values"

    def __init__(self, score: Any, background: Any, feature_names: Sequence[str] | None = None):
        self.score = score
        self.background = background
        self.feature_names = feature_names
        self._score = score_function(score)
        self._background = check_table(background, "background", self._score.n_features)
        find_names(feature_names, None, background, score)

    def _divide(self, play: Play, n_players: int, base: float, scores: np.ndarray) -> tuple[np.ndarray, Mapping]:
        """Values (n, n_players) and, by name, more arrays of that shape; ``play(masks)`` is the worth (n_masks, n)."""
        raise NotImplementedError

    def explain(self, X: Any) -> Explanation:
        """Divide ``score - mean score of the background`` among the features of each row.

        Parameters
        ----------
        X : array-like, shape (n, d)

        Returns
        -------
        Explanation
            ``extra["evaluations"]``: how many rows were scored on the way.

        Raises
        ------
        ValueError
            If `X` is no table of finite numbers as wide as the background.
        """
        rows = check_table(X, "X", self._background.shape[1])
        names = find_names(self.feature_names, X, self.background, self.score)
        worth = CoalitionWorth(self._score, self._background)
        scores, base = self._score(rows), float(self._score(self._background).mean())
        values = np.zeros(rows.shape)
        extra: dict[str, Any] = {}
        for members, players in by_players(rows, self._background):
            chosen = np.ix_(members, players)
            play = worth.play(rows[members], players)
            values[chosen], more = self._divide(play, len(players), base, scores[members])
            for name, part in more.items():
                extra.setdefault(name, np.zeros(rows.shape))[chosen] = part
        extra["evaluations"] = worth.evaluations
        return Explanation(values, base, scores, rows, names, self.method, extra)


class CoalitionWorth:
    """Mean scores of mixed rows; counts what it scores.

    Parameters
    ----------
    score : ArrayScore
    background : ndarray of float64, shape (m, d)
    """

    def __init__(self, score: Any, background: np.ndarray):
        self.score = score
        self.background = score.rows(background)
        self.evaluations = 0

    def play(self, X: np.ndarray, players: np.ndarray) -> Play:
        """The function from masks of the `players`, bool (n_masks, len(players)), to the worth for each row of `X`."""

        def worth(masks: np.ndarray) -> np.ndarray:
            wide = np.zeros((len(masks), X.shape[1]), dtype=bool)
            wide[:, players] = masks
            return self(wide, X)

        return worth

    def __call__(self, masks: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Worth of each coalition for each row: masks (n_masks, d) and rows (n, d) to float64 (n_masks, n)."""
        background, rows = self.background, self.score.rows(X)
        m, d = background.shape
        most = max(1, self.score.piece(d) // m)  # pairs of a coalition and a row; each meets the whole background
        rows_at_once = min(len(rows), most)
        found = np.empty((len(masks), len(rows)))
        for first in range(0, len(rows), rows_at_once):
            part = rows[first : first + rows_at_once]
            groups = torch.from_numpy(masks).to(background.device).split(max(1, most // len(part)))
            columns = list(self.score.worths(groups, part, background))
            found[:, first : first + rows_at_once] = torch.cat(columns).numpy()
        self.evaluations += found.size * m
        return found


def by_players(X: np.ndarray, background: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows that share their players: indices of the rows, indices of the features that differ from the background."""
    differs = (background[0] != X) | (background != background[0]).any(axis=0)
    patterns, which = np.unique(differs, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        yield np.flatnonzero(which.ravel() == number), np.flatnonzero(pattern)
