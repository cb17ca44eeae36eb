"""What every explainer returns: for each row, how much each feature adds to its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Explanation:
    """Contributions of the features to the scores of some rows.

    Attributes
    ----------
    values : ndarray of float64, shape (n, d), or (n, length, d) for windows of a series
        What each feature adds to the score; negative ones make the row look more normal.
    base_value : float or ndarray, shape (n,)
        The score before any feature is looked at: a mean score of normal rows, or 0.
    scores : ndarray of float64, shape (n,)
        What is explained.
    data : ndarray, shape of `values`
        The rows themselves.
    feature_names : tuple of str
    method : str
        Who explains, for titles and tables.
    extra : dict
        What one method tells beside its values, such as the fit of a surrogate.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a value is NaN or infinite.
    """

    values: np.ndarray
    base_value: float | np.ndarray
    scores: np.ndarray
    data: np.ndarray
    feature_names: tuple[str, ...]
    method: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        scores = np.asarray(self.scores, dtype=np.float64)
        base = np.asarray(self.base_value, dtype=np.float64)
        names = tuple(str(name) for name in self.feature_names)
        if values.ndim not in (2, 3):
            raise ValueError(f"values need shape (n, d) or (n, length, d), but have shape {values.shape}.")
        if scores.shape != values.shape[:1] or base.shape not in ((), scores.shape):
            raise ValueError(
                f"{len(values)} rows are explained, so scores need shape ({len(values)},) and base_value this shape or "
                f"(), but they have shapes {scores.shape} and {base.shape}."
            )
        if np.shape(self.data) != values.shape:
            raise ValueError(f"data need the shape of values, {values.shape}, but have shape {np.shape(self.data)}.")
        if len(names) != values.shape[-1]:
            raise ValueError(f"feature_names must name {values.shape[-1]} features, but there are {len(names)} names.")
        if not (np.isfinite(values).all() and np.isfinite(scores).all() and np.isfinite(base).all()):
            raise ValueError("An explanation must be finite, but holds NaN or inf: look at the scores it came from.")
        changed = {
            "values": values,
            "scores": scores,
            "base_value": base if base.ndim else float(base),
            "data": np.asarray(self.data),
            "feature_names": names,
            "extra": dict(self.extra),
        }
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def by_feature(self) -> np.ndarray:
        """Values summed over the time steps of a window, shape (n, d); `values` itself where there are none."""
        return self.values if self.values.ndim == 2 else self.values.sum(axis=1)

    def shares(self) -> np.ndarray:
        """Absolute values over their sum, for each row; all zero where all values are. Shape of `values`."""
        size = np.abs(self.values)
        total = size.sum(axis=tuple(range(1, size.ndim)), keepdims=True)
        return np.divide(size, total, out=np.zeros_like(size), where=total > 0)

    def top(self, k: int = 3) -> list[list[str]]:
        """Names of the `k` features that add most to the score of each row, the largest value first."""
        order = np.argsort(-self.by_feature, axis=1, kind="stable")[:, :k]
        return [[self.feature_names[column] for column in row] for row in order]

    def gap(self) -> np.ndarray:
        """What the values leave unexplained, ``scores - base_value - sum of values``, shape (n,); 0 = additive."""
        return self.scores - self.base_value - self.values.reshape(len(self.values), -1).sum(axis=1)

    def to_frame(self, row: int = 0) -> pd.DataFrame:
        """One row's explanation as a table, largest contribution first.

        Returns
        -------
        DataFrame
            Columns feature, value (over a window: its mean), contribution and share of the absolute contributions.
        """
        data, values = self.data[row], self.by_feature[row]
        total = np.abs(values).sum()
        table = pd.DataFrame(
            {
                "feature": self.feature_names,
                "value": data if data.ndim == 1 else data.mean(axis=0),
                "contribution": values,
                "share": np.abs(values) / total if total > 0 else np.zeros_like(values),
            }
        )
        return table.sort_values("contribution", ascending=False, kind="stable", ignore_index=True)
