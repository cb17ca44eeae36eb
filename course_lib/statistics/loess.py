"""Loess on evenly spaced values: a weighted line through the neighbours of each position, all positions at once."""

from __future__ import annotations

import numpy as np

BLOCK = 2**20  # neighbours looked at in one go


class Loess:
    """Local regression of `n` values at 1, 2, ..., n with a window that only the length of the series shortens.

    Which neighbours a position has, and their tricube weights, depend on `n` alone: they are computed once and serve
    any number of series.

    Parameters
    ----------
    n : int
        Number of values, at least 2.
    window : int
        Odd number of nearest values; at the ends they lie on one side. With a window longer than the series the
        weights fall off more slowly instead.
    degree : {0, 1}
        A local mean or a local line.
    reach : int
        Also extrapolate so many positions beyond either end.

    References
    ----------
    Cleveland, 1979, Robust Locally Weighted Regression and Smoothing Scatterplots.
    """

    def __init__(self, n: int, window: int, degree: int = 1, reach: int = 0):
        self.n, self.degree = n, degree
        self.width = min(window, n)
        self.positions = np.arange(1 - reach, n + reach + 1)
        self.first = np.clip(self.positions - (window + 1) // 2 + 1, 1, n - self.width + 1)
        last = self.first + self.width - 1
        self.radius = np.maximum(self.positions - self.first, last - self.positions) + max(0, window - n) // 2

    def smooth(self, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Smooth the last axis.

        Parameters
        ----------
        y : ndarray, shape (..., n)
        weights : ndarray, shape (..., n), optional
            Of the values, at least 0. Where all neighbours have weight 0 the value itself is the result; beyond the
            ends, the result next to it.

        Returns
        -------
        ndarray, shape (..., n + 2 reach)
        """
        size = max(1, BLOCK // (self.width * max(1, y.size // self.n)))
        pieces = [slice(start, start + size) for start in range(0, len(self.positions), size)]
        smooth = np.concatenate([self._piece(y, weights, piece) for piece in pieces], axis=-1)
        lost = np.isnan(smooth)
        if lost.any():
            inside = np.clip(self.positions, 1, self.n) - 1
            smooth = np.where(lost, y[..., inside], smooth)
            # Beyond the ends the next result stands in, which by now is there.
            beyond = lost & (self.positions != inside + 1)
            smooth = np.where(beyond, smooth[..., inside + 1 - self.positions[0]], smooth)
        return smooth

    def _piece(self, y: np.ndarray, weights: np.ndarray | None, piece: slice) -> np.ndarray:
        rows = self.first[piece, None] - 1 + np.arange(self.width)
        gap = rows + 1.0 - self.positions[piece, None]
        radius = self.radius[piece, None]
        far = np.abs(gap)
        # 0.001 and 0.999 are where the published program cuts the tricube short.
        tricube = np.where(far <= 0.001 * radius, 1.0, (1 - (far / np.maximum(radius, 1)) ** 3) ** 3)
        w = np.where(far <= 0.999 * radius, tricube, 0.0)
        if weights is not None:
            w = w * weights[..., rows]
        total = w.sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):
            w = w / np.where(total > 0, total, np.nan)
            if self.degree > 0:
                centre = (w * gap).sum(axis=-1, keepdims=True)
                spread = (w * (gap - centre) ** 2).sum(axis=-1, keepdims=True)
                # Neighbours at one place have no slope.
                sloped = (np.sqrt(spread) > 0.001 * (self.n - 1)) & (radius > 0)
                w = w * (1 - centre * (gap - centre) / np.where(sloped, spread, np.inf))
        return (w * y[..., rows]).sum(axis=-1)
