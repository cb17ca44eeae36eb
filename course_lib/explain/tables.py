"""Rows that go into an explainer: checked floats, or one sentence that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.explain.feature_names import names_of


def check_table(values: Any, name: str, n_features: int | None = None) -> np.ndarray:
    """Return `values` as float64, shape (n, d) with n >= 1 and d >= 1.

    Parameters
    ----------
    values : array-like, DataFrame or tensor
    name : str
        What it is called in messages.
    n_features : int, optional
        The width that it must have.

    Raises
    ------
    ValueError
        If it is no table of finite numbers, is empty, or has another width.
    """
    try:
        table = np.asarray(to_numpy(values), dtype=np.float64)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must hold numbers in rows of equal length: encode text first.") from None
    if table.ndim != 2:
        hint = ": pass one row as X.reshape(1, -1)" if table.ndim == 1 else ""
        raise ValueError(f"{name} needs shape (n, n_features), but has shape {table.shape}{hint}.")
    if table.size == 0:
        raise ValueError(f"{name} is empty, its shape is {table.shape}: pass at least one row.")
    if n_features is not None and table.shape[1] != n_features:
        raise ValueError(f"{name} has {table.shape[1]} features, but {n_features} are expected: pass the same columns.")
    bad = ~np.isfinite(table)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"{name} contains NaN or inf ({int(bad.sum())} values, the first in row {row}, column {column}): "
            "drop those rows or impute them first."
        )
    return table


def find_names(given: Sequence[str] | None, X: Any, background: Any, score: Any) -> tuple[str, ...]:
    """Names of the features: the given ones, else the columns of a DataFrame, else those that the detector learnt from.

    Raises
    ------
    ValueError
        If `X` and `background` are DataFrames with other columns or another order.
    """
    columns = [list(map(str, table.columns)) for table in (X, background) if hasattr(table, "columns")]
    if len(columns) == 2 and columns[0] != columns[1]:
        raise ValueError(f"X has the columns {columns[0]}, but background has {columns[1]}: bring them in one order.")
    known = columns[0] if columns else getattr(score, "feature_names_in_", None)
    return names_of(background, known if given is None else given)
