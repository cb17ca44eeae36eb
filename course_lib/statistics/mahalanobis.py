"""Mahalanobis distance: how far a row lies from the centre, in deviations of the direction it lies in."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.covariance import MinCovDet

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import fit_scaling
from course_lib.core.runtime import draw_seed
from course_lib.core.thresholds import ThresholdRule


class Mahalanobis(Detector):
    """Squared Mahalanobis distance ``(x - mean)' S^+ (x - mean)``.

    Directions in which the training rows do not vary, beyond rounding, are left out (S^+ is a pseudo-inverse), so
    constant, copied and too many columns give finite scores; a row that leaves the others' subspace is not noticed
    there (:class:`course_lib.ml.PCA` notices it).

    Parameters
    ----------
    robust : bool
        Estimate centre and covariance by the minimum covariance determinant: from the half of the rows that lies
        closest together, so that anomalies among the training rows do not stretch the yardstick.
    random_state : int or None
        Only for `robust`, whose search begins at random.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    mean_ : ndarray, shape (n_features,)
    whitening_ : ndarray, shape (n_features, n_directions)
        The score is the squared length of ``(x - mean_) @ whitening_``.

    References
    ----------
    Mahalanobis, 1936, On the Generalised Distance in Statistics.
    Rousseeuw and Van Driessen, 1999, A Fast Algorithm for the Minimum Covariance Determinant Estimator.
    """

    def __init__(self, robust: bool = False, random_state: int | None = None, threshold: ThresholdRule | None = None):
        self.robust = robust
        self.random_state = random_state
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> None:
        X = X.astype(np.float64, copy=False)
        # The distance does not depend on the columns' scales, but what counts as rounding does.
        shift, scale = fit_scaling(X, "standard")
        Z = (X - shift) / scale
        _, singular, rows = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)
        kept = singular > singular[0] * max(X.shape) * np.finfo(float).eps if singular[0] > 0 else singular > 0
        rows, deviation = rows[kept].T, singular[kept] / np.sqrt(len(X))
        self.mean_ = shift + scale * Z.mean(axis=0)
        self.whitening_ = rows / deviation / scale[:, None]
        if self.robust and kept.any():
            self._fit_robust(X, full_rank=bool(kept.all()) and len(singular) == X.shape[1])

    def _fit_robust(self, X: np.ndarray, full_rank: bool) -> None:
        """Replace mean and covariance; without full rank, inside the subspace that the rows span."""
        basis = np.eye(X.shape[1]) if full_rank else self.whitening_
        centre = np.zeros(X.shape[1]) if full_rank else self.mean_
        self.seed_ = draw_seed(self.random_state)
        try:
            with warnings.catch_warnings():
                # Rows that mostly coincide have no volume: the pseudo-inverse below is made for that.
                warnings.simplefilter("ignore")
                found = MinCovDet(random_state=self.seed_ % 2**32).fit((X - centre) @ basis)
        except ValueError:
            raise ValueError(
                "More than half of the rows coincide, and the robust covariance of those has no spread: "
                "use robust=False."
            ) from None
        values, vectors = np.linalg.eigh(found.get_precision())
        kept = values > 0
        inverse = vectors[:, kept] * np.sqrt(values[kept])
        self.mean_ = centre + (found.location_ if full_rank else np.linalg.pinv(basis).T @ found.location_)
        self.whitening_ = basis @ inverse

    def _score(self, X: np.ndarray) -> np.ndarray:
        # Row by row the same sums in every batch, which a matrix product does not promise.
        gaps = X.astype(np.float64, copy=False) - self.mean_
        return (np.einsum("ij,jk->ik", gaps, self.whitening_) ** 2).sum(axis=1)
