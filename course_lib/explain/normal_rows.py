"""What ordinary rows say about a value: its range, its spread, and what it should be given the other values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.covariance import ledoit_wolf

from course_lib.core.preprocessing import fit_scaling
from course_lib.explain.tables import check_table

MOST_ROWS = 2_000  # of a background; the range is taken from all of them
QUANTILES = np.linspace(0, 1, 11)


class NormalRows:
    """A background whose rows are all normal in the eyes of a score.

    Parameters
    ----------
    background : array-like, shape (n_rows, n_features)
    score : callable
        (n, n_features) to (n,).
    threshold : float
        Rows with a higher score are left out.
    seed : int
        Draws the rows that stand for a large background.

    Attributes
    ----------
    rows : ndarray, shape (at most 2,000, n_features)
    low, high, spread : ndarray, shape (n_features,)
        Range and standard deviation (1 where a feature is constant).
    quantiles : ndarray, shape (11, n_features)
        From the smallest value to the largest.
    """

    def __init__(self, background: Any, score: Callable[[np.ndarray], np.ndarray], threshold: float, seed: int):
        rows = check_table(background, "background")
        normal = score(rows) <= threshold
        if normal.sum() < 2:
            raise ValueError(
                f"{int(normal.sum())} of {len(rows)} background rows score {threshold:.4g} or less, and at least two "
                "must: pass ordinary rows, or a threshold that most of them meet."
            )
        rows = rows[normal]
        self.low, self.high = rows.min(axis=0), rows.max(axis=0)
        self.mean, self.spread = fit_scaling(rows, "standard")
        self.quantiles = np.quantile(rows, QUANTILES, axis=0)
        if len(rows) > MOST_ROWS:
            rows = rows[np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)]
        self.rows = rows
        # Shrunk, so that it has an inverse whatever the rows are.
        covariance, _ = ledoit_wolf((rows - self.mean) / self.spread)
        self._precision = np.linalg.inv(np.atleast_2d(covariance) + 1e-6 * np.eye(rows.shape[1]))

    def expected(self, row: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """What `columns` of a row, shape (n_features,), should be given its other features, if all were Gaussian.

        With the precision matrix P of the standardised rows z, the conditional mean is
        ``z_S - inv(P_SS) (P z)_S``; it is kept inside the background's range.
        """
        standard = (row - self.mean) / self.spread
        step = np.linalg.solve(self._precision[np.ix_(columns, columns)], (self._precision @ standard)[columns])
        value = (standard[columns] - step) * self.spread[columns] + self.mean[columns]
        return np.clip(value, self.low[columns], self.high[columns])

    def nearest(self, row: np.ndarray, count: int) -> np.ndarray:
        """The `count` rows with the smallest number of standard deviations to `row`, summed over the features."""
        # Absolute values, not squares: a single broken feature must not decide who is a neighbour.
        distance = (np.abs(self.rows - row) / self.spread).sum(axis=1)
        return self.rows[np.argsort(distance, kind="stable")[:count]]
