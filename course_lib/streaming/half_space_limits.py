"""Where the features of half-space trees lie: given by the caller, or read from the first window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# A first window is widened by this share of its range to both sides.
MARGIN = 0.1


def given_limits(limits: Any, names: list[str] | None, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits, shape (d,) both, of one pair for all features or a mapping of names to pairs.

    Raises
    ------
    ValueError
        If a pair is missing, or is no lower and higher number.
    """
    if isinstance(limits, Mapping):
        names = names or []
        missing = [name for name in names if name not in limits]
        if missing or not names:
            what = f"none for {missing[0]!r}" if missing else "the events have no names"
            raise ValueError(f"limits by name need a pair for every feature, but {what}: give one pair for all.")
        pairs = np.array([limits[name] for name in names], dtype=float)
    else:
        pairs = np.tile(np.asarray(limits, dtype=float), (d, 1))
    if pairs.shape != (d, 2) or not np.isfinite(pairs).all() or not (pairs[:, 0] < pairs[:, 1]).all():
        raise ValueError(f"limits need a lower and a higher number for each feature, but are {limits!r}.")
    return pairs[:, 0], pairs[:, 1]


def limits_of(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits around the values of a window, shape (n, d), in which NaN is missing; 0 and 1 for a feature never seen."""
    seen = ~np.isnan(window).all(axis=0)
    low = np.where(seen, np.where(np.isnan(window), np.inf, window).min(axis=0), 0.0)
    high = np.where(seen, np.where(np.isnan(window), -np.inf, window).max(axis=0), 1.0)
    margin = np.where(high > low, MARGIN * (high - low), np.maximum(1.0, 1e-6 * np.abs(low)))
    return low - margin, high + margin
