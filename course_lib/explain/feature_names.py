"""What the features are called in an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def names_of(X: Any, given: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names of the features of `X`: those given, a DataFrame's columns, or x0, x1, ...

    Parameters
    ----------
    X : array-like, DataFrame or tensor, shape (n, n_features) or (n, length, n_features)
    given : sequence of str, optional

    Raises
    ------
    ValueError
        If `X` has another rank, or there is not one name a feature, each different.
    """
    shape = np.shape(X)
    if len(shape) not in (2, 3):
        raise ValueError(f"X needs shape (n, n_features) or (n, length, n_features), but has shape {shape}.")
    if given is None:
        given = getattr(X, "columns", None)
    if given is None:
        return tuple(f"x{number}" for number in range(shape[-1]))
    names = (given,) if isinstance(given, str) else tuple(str(name) for name in given)
    if len(names) != shape[-1]:
        raise ValueError(
            f"feature_names must name {shape[-1]} features, but there are {len(names)} feature_names: "
            "give one for each."
        )
    if len(set(names)) < len(names):
        raise ValueError("feature_names must differ from each other, but some name stands twice.")
    return names
