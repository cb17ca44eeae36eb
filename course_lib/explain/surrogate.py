"""The simple model inside LIME: a ridge regression that counts near samples more than far ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A linear stand-in for a score near one row.

    Attributes
    ----------
    weights : ndarray, shape (d,)
        How much the score rises for each unit of a feature; 0 for features that were left out.
    intercept : float
    r2 : float
        Weighted share of the samples' variance that it explains; 1 is a perfect fit. 0 where the samples do not vary.
    """

    weights: np.ndarray
    intercept: float
    r2: float


def proximity(distances: np.ndarray, kernel_width: float) -> np.ndarray:
    """Weights of samples by their distance from the row: 1 at the row, the square root of a Gaussian kernel."""
    return np.sqrt(np.exp(-(np.asarray(distances, dtype=float) ** 2) / kernel_width**2))


def weighted_ridge(
    samples: np.ndarray,
    scores: np.ndarray,
    distances: np.ndarray,
    kernel_width: float,
    n_features: int | None = None,
    alpha: float = 1.0,
) -> Surrogate:
    """Fit LIME's surrogate: the weights minimise ``sum k (score - intercept - samples @ w)^2 + alpha |w|^2``.

    Parameters
    ----------
    samples : ndarray, shape (n, d)
        The row itself comes first.
    scores : ndarray, shape (n,)
    distances : ndarray, shape (n,)
        Of the samples from the row.
    kernel_width : float
    n_features : int, optional
        Keep only so many features, see :func:`pick_features`; by default all.
    alpha : float

    References
    ----------
    Ribeiro, Singh and Guestrin, 2016, "Why Should I Trust You?": Explaining the Predictions of Any Classifier.
    """
    samples, scores = np.asarray(samples, dtype=float), np.asarray(scores, dtype=float)
    near = proximity(distances, kernel_width)
    d = samples.shape[1]
    kept = np.arange(d) if n_features is None or n_features >= d else pick_features(samples, scores, near, n_features)
    weights = np.zeros(d)
    weights[kept], intercept = _ridge(samples[:, kept], scores, near, alpha)
    residuals = scores - intercept - samples @ weights
    variation = near @ (scores - np.average(scores, weights=near)) ** 2
    rounding = near.sum() * (1e-12 * np.abs(scores).max()) ** 2  # equal scores miss their mean by a last digit
    return Surrogate(weights, intercept, float(1 - near @ residuals**2 / variation) if variation > rounding else 0.0)


def pick_features(samples: np.ndarray, scores: np.ndarray, near: np.ndarray, n_features: int) -> np.ndarray:
    """Columns for a surrogate of few features, chosen as the package lime chooses them.

    Up to 6 join one by one, each time the one with which the fit becomes best; more are those with the largest
    absolute ``weight * value`` in a ridge regression (alpha 0.01) on all features.

    Parameters
    ----------
    samples, scores
        As for :func:`weighted_ridge`.
    near : ndarray, shape (n,)
        Weights of the samples.
    n_features : int

    Returns
    -------
    ndarray of int, shape (n_features,)
    """
    if n_features > 6:
        weights, _ = _ridge(samples, scores, near, 0.01)
        return np.argsort(-np.abs(weights * samples[0]), kind="stable")[:n_features]
    centred, target = _centred(samples, near), _centred(scores, near)
    products, towards = (centred.T * near) @ centred, (centred.T * near) @ target
    chosen: list[int] = []
    for _ in range(n_features):
        open_ = [column for column in range(samples.shape[1]) if column not in chosen]
        sets = np.array([[*chosen, column] for column in open_])
        # What a least squares fit explains follows from the products alone; pinv, for columns that do not vary.
        inner = np.linalg.pinv(products[sets[:, :, None], sets[:, None, :]], hermitian=True)
        explained = np.einsum("si,sij,sj->s", towards[sets], inner, towards[sets])
        chosen.append(open_[int(np.argmax(explained))])
    return np.array(chosen)


def _centred(values: np.ndarray, near: np.ndarray) -> np.ndarray:
    return values - np.average(values, axis=0, weights=near)


def _ridge(samples: np.ndarray, scores: np.ndarray, near: np.ndarray, alpha: float) -> tuple[np.ndarray, float]:
    # The intercept is not shrunk: fit around the weighted means.
    centred = _centred(samples, near)
    inner = (centred.T * near) @ centred + alpha * np.eye(samples.shape[1])
    weights = np.linalg.solve(inner, (centred.T * near) @ _centred(scores, near))
    intercept = np.average(scores, weights=near) - np.average(samples, axis=0, weights=near) @ weights
    return weights, float(intercept)
