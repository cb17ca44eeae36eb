"""Mean and covariance of all rows so far, in pieces; two streams merge into one."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy
from course_lib.streaming.online import Online


class RunningCovariance(Online):
    """Mean vector and covariance matrix of a stream of rows, by Chan's formula for merging.

    Parameters
    ----------
    alpha : float in (0, 1] or None
        None: all rows count alike. A number: the newest row has about this weight, older ones fade.

    Attributes
    ----------
    n : float
        Rows so far, or with `alpha` the sum of their faded weights.
    mean : ndarray, shape (n_features,)
    products : ndarray, shape (n_features, n_features)
        Sum of the products of deviations from the mean.

    References
    ----------
    Chan, Golub and LeVeque, 1983, Algorithms for Computing the Sample Variance: Analysis and Recommendations.
    """

    n: float = 0.0

    def __init__(self, alpha: float | None = None) -> None:
        self.alpha = alpha

    def learn_one(self, x: Any) -> None:
        """Add one row of finite numbers, shape (n_features,)."""
        self.learn_many(np.asarray(to_numpy(x), dtype=np.float64)[None])

    def learn_many(self, X: Any) -> None:
        """Add rows of finite numbers, shape (n, n_features)."""
        X = np.asarray(to_numpy(X), dtype=np.float64)
        if not len(X):
            return
        if self.alpha is None:
            weight, keep = np.ones(len(X)), 1.0
        else:
            weight = (1 - self.alpha) ** np.arange(len(X) - 1, -1, -1.0)
            keep = (1 - self.alpha) ** len(X)
        total = weight.sum()
        # Around a row of the piece, so that a large common offset costs no digits.
        gaps = X - X[0]
        centre = weight @ gaps / total
        gaps -= centre
        self._take(total, X[0] + centre, (gaps * weight[:, None]).T @ gaps, keep)

    def _take(self, n: float, mean: np.ndarray, products: np.ndarray, keep: float = 1.0) -> None:
        if self.n == 0:
            self.n, self.mean, self.products = float(n), mean, products
            return
        old = self.n * keep
        gap = mean - self.mean
        self.n = float(old + n)
        self.mean = self.mean + gap * (n / self.n)
        self.products = self.products * keep + products + np.outer(gap, gap) * (old * n / self.n)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance, divided by n."""
        return self.products / self.n

    def merge(self, other: RunningCovariance) -> RunningCovariance:
        """The statistics of both streams together, as if one had seen the rows of both."""
        merged = RunningCovariance(self.alpha)
        for part in (self, other):
            if part.n:
                merged._take(part.n, part.mean, part.products)
        return merged
