"""Bring features to a common scale, with the numbers learnt from training data only."""

from __future__ import annotations

import numpy as np

SCALINGS = ("standard", "minmax", "robust")


def fit_scaling(X: np.ndarray, kind: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Learn a shift and a scale for each feature, so that ``(X - shift) / scale`` is scaled.

    Parameters
    ----------
    X : ndarray, shape (n, n_features)
    kind : {"standard", "minmax", "robust"} or None
        Mean and deviation; smallest value and range; median and interquartile range; or leave `X` alone.

    Returns
    -------
    shift, scale : ndarray of float64, shape (n_features,)
        A constant feature gets scale 1, so that it becomes 0 and never infinite.

    Raises
    ------
    ValueError
        If `kind` is none of these.
    """
    X = np.asarray(X, dtype=np.float64)
    if kind is None:
        return np.zeros(X.shape[1]), np.ones(X.shape[1])
    if kind == "standard":
        shift, scale = X.mean(axis=0), X.std(axis=0)
    elif kind == "minmax":
        shift, scale = X.min(axis=0), np.ptp(X, axis=0)
    elif kind == "robust":
        low, shift, high = np.percentile(X, [25, 50, 75], axis=0)
        scale = high - low
    else:
        raise ValueError(f"scaling must be None or one of {', '.join(SCALINGS)}, but is {kind!r}.")
    return shift, np.where(is_spread(X, scale), scale, 1.0)


def is_spread(X: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Whether each column of `X`, shape (n, n_features), varies, and its `scale` is more than rounding noise."""
    # The deviation of a constant column is rounding noise that grows with the rows; its range is not.
    noise = 10 * np.finfo(np.float64).eps * np.abs(X).max(axis=0)
    return (np.ptp(X, axis=0) > noise) & (scale > noise)


def apply_scaling(X: np.ndarray, shift: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Scale `X`, shape (n, n_features), in float64 (so that a large common offset cancels) and return float32."""
    return ((np.asarray(X, dtype=np.float64) - shift) / scale).astype(np.float32)
