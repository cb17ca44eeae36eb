"""The tail of a distribution beyond a high level: generalised Pareto by maximum likelihood, and what lies beyond it."""

from __future__ import annotations

import math

import numpy as np

# The shape is kept in a range in which the likelihood has a maximum and the mean exists.
LEAST_SHAPE, LARGEST_SHAPE = -0.95, 0.95


def fit_pareto(excesses: np.ndarray) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution most likely for positive `excesses`, shape (n,).

    With x = shape / scale both follow from x alone (shape = mean of log(1 + x y), scale = shape / x), so that the
    likelihood is searched along a line: first on a grid, then finer around its best place.

    References
    ----------
    Grimshaw, 1993, Computing Maximum Likelihood Estimates for the Generalized Pareto Distribution; Siffer, Fouque,
    Termier and Largouet, 2017, Anomaly Detection in Streams with Extreme Value Theory.
    """
    y = np.asarray(excesses, dtype=float)
    mean, largest = float(y.mean()), float(y.max())
    best = (-len(y) * (math.log(mean) + 1.0), 0.0, mean)  # the exponential distribution, the limit x = 0
    low, high = -1.0 / largest, 50.0 / mean
    grid = np.concatenate([low * np.linspace(0.999, 0.001, 24), np.geomspace(high * 1e-5, high, 40)])
    for _ in range(4):
        shape = np.log1p(grid[:, None] * y).mean(axis=1)
        usable = (shape >= LEAST_SHAPE) & (shape <= LARGEST_SHAPE) & (shape != 0)
        if not usable.any():
            break
        x, shape = grid[usable], shape[usable]
        likelihood = -len(y) * (np.log(shape / x) + shape + 1.0)
        top = int(likelihood.argmax())
        if likelihood[top] > best[0]:
            best = (float(likelihood[top]), float(shape[top]), float(shape[top] / x[top]))
        place = int(np.flatnonzero(usable)[top])
        below, above = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
        if above <= below:
            break
        grid = np.linspace(below, above, 17)
        grid = grid[grid != 0]
    return best[1], best[2]


def tail_quantile(level: float, shape: float, scale: float, risk: float, share_above: float) -> float:
    """The value that is exceeded with probability `risk`, if the share `share_above` lies above `level`."""
    ratio = risk / share_above
    if ratio >= 1:
        return level
    return level - scale * math.log(ratio) if abs(shape) < 1e-9 else level + scale / shape * (ratio**-shape - 1.0)
