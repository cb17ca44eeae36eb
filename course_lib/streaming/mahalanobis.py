"""Online Mahalanobis distance: how unusual a combination of values is, given how they went together so far."""

from __future__ import annotations

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.statistics.rolling import check_alpha
from course_lib.streaming.covariance import RunningCovariance
from course_lib.streaming.piecewise import PiecewiseDetector, growing

# Directions that hardly varied so far count as having varied by at least this share of a feature's variance.
LEAST_SHARE = 1e-6
# A scale below this, and a distance beyond that, would leave the range of floats when squared.
TINY, FARTHEST = 1e-150, 1e100


class OnlineMahalanobis(PiecewiseDetector):
    """Squared Mahalanobis distance from the mean of the past, divided by the number of features: usually about 1.

    Mean and covariance are renewed after every event at first, then ever more rarely, at most `every` events apart. A
    row with missing features is judged by the others and not learnt.

    Parameters
    ----------
    alpha : float in (0, 1] or None
        None: all events of the past count alike. A number: they fade, the newest has weight `alpha`.
    every : int
        Most events from one renewal to the next.
    warm_up : int or None
        Complete rows before the first score; None: three for each feature, at least 10.

    Attributes
    ----------
    past_ : RunningCovariance

    References
    ----------
    Mahalanobis, 1936, On the Generalised Distance in Statistics.
    """

    def __init__(self, alpha: float | None = None, every: int = 32, warm_up: int | None = None):
        self.alpha = alpha
        self.every = every
        self.warm_up = warm_up

    def _check(self) -> None:
        if self.alpha is not None:
            check_alpha(self.alpha)
        check_whole("every", self.every, 1)
        if self.warm_up is not None:
            check_whole("warm_up", self.warm_up, 2)

    def _start(self, d: int) -> None:
        super()._start(d)
        self.past_ = RunningCovariance(self.alpha)
        self.complete_ = 0

    def _next(self, n: int) -> int:
        return growing(n, self.every)

    def _renew(self, piece: np.ndarray) -> None:
        piece = piece[~np.isnan(piece).any(axis=1)]
        self.past_.learn_many(piece)
        self.complete_ += len(piece)
        d = self.n_features_in_
        if self.complete_ < (max(10, 3 * d) if self.warm_up is None else self.warm_up):
            return
        covariance, self.mean_ = self.past_.covariance, self.past_.mean
        deviation = np.sqrt(np.diag(covariance))
        # A feature that never varied has no scale of its own: a billionth of its size, or 1 if it was always 0.
        still = np.where(self.mean_ == 0, 1.0, 1e-9 * np.abs(self.mean_))
        self.scale_ = np.maximum(np.where(deviation > still, deviation, still), TINY)
        self.correlation_ = covariance / np.outer(self.scale_, self.scale_)
        self.whiten_ = _whitening(self.correlation_)
        self.ready_ = True

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        z = np.clip((X - self.mean_) / self.scale_, -FARTHEST, FARTHEST)
        gaps = np.isnan(z).any(axis=1)
        # Sums along the last axis, and no matrix product: one row gives the same bits as many.
        scores = ((z[:, None, :] * self.whiten_).sum(axis=2) ** 2).sum(axis=1) / X.shape[1]
        for row in np.flatnonzero(gaps):
            there = ~np.isnan(z[row])
            part = _whitening(self.correlation_[np.ix_(there, there)])
            scores[row] = ((part * z[row, there]).sum(axis=1) ** 2).mean() if there.any() else 0.0
        return scores


def _whitening(correlation: np.ndarray) -> np.ndarray:
    """Rows that turn standardised values into uncorrelated ones of variance 1, shape (d, d)."""
    variances, directions = np.linalg.eigh(correlation)
    return np.ascontiguousarray((directions / np.sqrt(np.maximum(variances, LEAST_SHARE))).T)
