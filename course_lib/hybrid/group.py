"""Baseline of a context: each row is compared with the rows of its own group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.preprocessing import is_spread
from course_lib.hybrid.baseline import Baseline
from course_lib.statistics.modified_z_score import MAD_TO_DEVIATION, robust_deviation


class GroupBaseline(Baseline):
    """Each value minus the median of its group, with `scaled` over the group's 1.4826 MAD.

    A group is the training rows that have one value in `column` (a customer, an hour, a machine state), or one
    combination of values when there are several such columns. Rows of a group that training has not seen, or has seen
    in fewer than `min_rows` rows, are compared with all training rows. The columns that make the groups become 0.

    Parameters
    ----------
    column : int or sequence of int
    min_rows : int
    scaled : bool
        A group without spread of its own in a column is given the spread of all rows.

    Attributes
    ----------
    groups_ : ndarray, shape (n_groups, n_columns)
        The values that make each group.
    medians_, spreads_ : ndarray, shape (n_groups, n_features)
    median_, spread_ : ndarray, shape (n_features,)
        Of all training rows.
    """

    def __init__(self, column: int | Sequence[int], min_rows: int = 5, scaled: bool = True):
        self.column = column
        self.min_rows = min_rows
        self.scaled = scaled

    def _learn_all(self, X: np.ndarray) -> None:
        columns = self._columns(X.shape[1])
        check_whole("min_rows", self.min_rows, 1)
        self.median_ = np.median(X, axis=0)
        self.spread_ = robust_deviation(X) if self.scaled else np.ones(X.shape[1])
        values, group, counts = np.unique(X[:, columns], axis=0, return_inverse=True, return_counts=True)
        rows = np.split(np.argsort(group.ravel(), kind="stable"), np.cumsum(counts)[:-1])
        large = [number for number, count in enumerate(counts) if count >= self.min_rows]
        self.groups_ = values[large]
        shape = (len(large), X.shape[1])
        self.medians_ = np.array([np.median(X[rows[number]], axis=0) for number in large]).reshape(shape)
        self.spreads_ = np.array([self._spread(X[rows[number]]) for number in large]).reshape(shape)

    def _columns(self, n_features: int) -> list[int]:
        columns = list(self.column) if isinstance(self.column, Sequence) else [self.column]
        if not columns or not all(isinstance(c, (int, np.integer)) and 0 <= c < n_features for c in columns):
            raise ValueError(f"column must name columns from 0 to {n_features - 1}, but is {self.column!r}.")
        return [int(column) for column in columns]

    def _spread(self, X: np.ndarray) -> np.ndarray:
        if not self.scaled:
            return np.ones(X.shape[1])
        mad = MAD_TO_DEVIATION * np.median(np.abs(X - np.median(X, axis=0)), axis=0)
        return np.where(is_spread(X, mad), mad, self.spread_)

    def transform(self, X: object) -> np.ndarray:
        """Residuals of `X`, float64 of the same shape, (n, n_features)."""
        X = self._checked(X)
        columns = self._columns(X.shape[1])
        centre, spread = np.tile(self.median_, (len(X), 1)), np.tile(self.spread_, (len(X), 1))
        values, group = np.unique(X[:, columns], axis=0, return_inverse=True)
        known = {tuple(value): number for number, value in enumerate(self.groups_.tolist())}
        numbers = np.array([known.get(tuple(value), -1) for value in values.tolist()], dtype=int)[group.ravel()]
        centre[numbers >= 0] = self.medians_[numbers[numbers >= 0]]
        spread[numbers >= 0] = self.spreads_[numbers[numbers >= 0]]
        residuals = (X - centre) / spread
        residuals[:, columns] = 0
        return residuals
