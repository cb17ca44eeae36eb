"""Principal component analysis: how far a row lies from the flat subspace of the data, or how far out within it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows


class PCA(Detector):
    """Two scores from the first principal components: the distance from their subspace, or the distance within it.

    Parameters
    ----------
    n_components : int or float, default 0.9
        A whole number of components, or the share of variance in (0, 1) that they must reach. For the reconstruction
        error a share always leaves at least one direction out, otherwise every score would be zero.
    method : {"reconstruction", "mahalanobis"}
        "reconstruction" is the squared distance to the subspace; nothing is divided by a variance. "mahalanobis" is the
        sum of the squared coordinates in the subspace, each over its variance; components beyond the numerical rank
        of the data, whose variance is rounding noise, are dropped first. So both stay finite on constant, duplicated
        and rank-deficient columns.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    mean_ : ndarray, shape (n_features,)
    components_ : ndarray, shape (n_components_, n_features)
        Orthonormal rows.
    explained_variance_ratio_ : ndarray, shape (n_components_,)
    deviations_ : ndarray, shape (n_components_,)
        Standard deviations of the training rows along the components (n - 1 in the denominator).

    References
    ----------
    Jackson and Mudholkar, 1979, Control Procedures for Residuals Associated with Principal Component Analysis.
    Shyu, Chen, Sarinnapakorn and Chang, 2003, A Novel Anomaly Detection Scheme Based on Principal Component Classifier.
    """

    def __init__(
        self,
        n_components: int | float = 0.9,
        method: str = "reconstruction",
        threshold: ThresholdRule | None = None,
    ):
        self.n_components = n_components
        self.method = method
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        if self.method not in ("reconstruction", "mahalanobis"):
            raise ValueError(f"method must be 'reconstruction' or 'mahalanobis', but is {self.method!r}.")
        X = X.astype(np.float64, copy=False)
        self.mean_ = X.mean(axis=0)
        _, singular, rows = np.linalg.svd(X - self.mean_, full_matrices=False)
        variance = singular**2
        total = variance.sum()
        share = variance / total if total > 0 else np.zeros_like(variance)
        count = self._count(share, X.shape[1])
        if self.method == "mahalanobis":
            # Where matrix_rank draws its line: below it a singular value is rounding noise of the largest.
            count = min(count, int((singular > singular[0] * max(X.shape) * np.finfo(float).eps).sum()))
        self.components_ = rows[:count]
        self.explained_variance_ratio_ = share[:count]
        self.deviations_ = singular[:count] / np.sqrt(len(X) - 1)

    def _count(self, share: np.ndarray, n_features: int) -> int:
        wanted = self.n_components
        most = len(share)
        if isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool):
            if not 1 <= wanted <= most:
                raise ValueError(f"n_components must lie between 1 and min(rows, features) = {most}, but is {wanted}.")
            return int(wanted)
        if not (isinstance(wanted, float) and 0 < wanted < 1):
            raise ValueError(f"n_components must be a whole number or a share between 0 and 1, but is {wanted!r}.")
        reach = int(np.searchsorted(np.cumsum(share), wanted)) + 1
        return min(reach, most, n_features - 1 if self.method == "reconstruction" else most)

    def reconstruct(self, X: Any) -> np.ndarray:
        """The point of the subspace nearest to each row of `X`, both of shape (n, n_features)."""
        check_is_fitted(self)
        return self._project(check_rows(self, X, reset=False))

    def _project(self, X: np.ndarray) -> np.ndarray:
        return (X - self.mean_) @ self.components_.T @ self.components_ + self.mean_

    def _score(self, X: np.ndarray) -> np.ndarray:
        if self.method == "mahalanobis":
            return (((X - self.mean_) @ self.components_.T / self.deviations_) ** 2).sum(axis=1)
        # The residual itself, not |x|^2 - |projection|^2: that difference loses its digits for small errors.
        return ((X - self._project(X)) ** 2).sum(axis=1)
