"""Bring the scores of different detectors to one scale, with numbers learnt from their training scores only."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from course_lib.core.preprocessing import is_spread
from course_lib.core.validation import check_scores, to_numpy
from course_lib.statistics.modified_z_score import robust_deviation

METHODS = ("rank", "z", "robust_z", "probability")


class ScoreNormaliser(BaseEstimator):
    """Four ways to make scores comparable; all keep their order, and none looks at the other rows of a batch.

    Parameters
    ----------
    method : {"rank", "z", "robust_z", "probability"}
        "rank" is the share of training scores below, ties at the middle of their places, so that training scores lie
        between 0 and 1; between two training scores it is interpolated. Beyond the largest one, with ``c`` of ``n``
        training scores tied there, it goes on as ``1 - c / 2n / (1 + u)``, where ``u`` counts deviations beyond: two
        rows out there do not tie, and 1 is never reached. The low end is its mirror image.
        "z" is ``(s - mean) / deviation``, "robust_z" the same with median and MAD; constant scores give 0 for the
        value they all have.
        "probability" is ``max(0, erf(z / sqrt(2)))``, the Gaussian scaling: 0 up to the mean, and 1 far out, where
        rows do tie (from about 6 deviations).

    Attributes
    ----------
    values_, ranks_ : ndarray, shape (n_distinct,)
        For "rank": the distinct training scores, ascending, and the rank of each.
    centre_, scale_ : float
        For the others; for "rank", `scale_` is the deviation that ``u`` counts in.

    References
    ----------
    Kriegel, Kroeger, Schubert and Zimek, 2011, Interpreting and Unifying Outlier Scores.
    """

    def __init__(self, method: str = "rank"):
        self.method = method

    def fit(self, scores: Any, y: Any = None) -> ScoreNormaliser:
        """Learn the scale of training `scores`, shape (n_train,); `y` is ignored."""
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, but is {self.method!r}.")
        # Rows with equal features may differ in their score's last digit, by the rounding of the type it came in.
        digits = 1e-6 if getattr(to_numpy(scores), "dtype", None) == np.float32 else 1e-9
        scores = check_scores(scores)
        column = scores[:, None]
        if self.method == "robust_z":
            self.centre_, self.scale_ = float(np.median(scores)), float(robust_deviation(column)[0])
            return self
        deviation = scores.std()
        self.centre_ = float(scores.mean())
        self.scale_ = float(deviation if is_spread(column, np.array([deviation]))[0] else 1.0)
        if self.method == "rank":
            self.values_, self.ranks_ = _mid_ranks(scores, digits * np.abs(scores).max())
        return self

    def transform(self, scores: Any) -> np.ndarray:
        """Normalise `scores`, shape (n,), to float64 of the same shape."""
        check_is_fitted(self)
        scores = check_scores(scores)
        if self.method == "rank":
            return self._rank(scores)
        z = (scores - self.centre_) / self.scale_
        return z if self.method != "probability" else np.maximum(0, erf(z / np.sqrt(2)))

    def fit_transform(self, scores: Any, y: Any = None) -> np.ndarray:
        """Learn from `scores` and normalise them."""
        return self.fit(scores).transform(scores)

    def _rank(self, scores: np.ndarray) -> np.ndarray:
        ranks = np.interp(scores, self.values_, self.ranks_)
        low, high = self.values_[[0, -1]]
        beyond = np.maximum(scores - high, low - scores).clip(0) / self.scale_
        tail = np.where(scores < low, self.ranks_[0], 1 - self.ranks_[-1]) / (1 + beyond)
        return np.where(scores > high, 1 - tail, np.where(scores < low, tail, ranks))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "scale_")


def _mid_ranks(scores: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values, ascending, and the share of `scores` below each plus half of those tied with it."""
    ordered = np.sort(scores)
    first = np.flatnonzero(np.diff(ordered, prepend=-np.inf) > tolerance)
    end = np.append(first[1:], len(ordered))
    return ordered[first], (first + end) / (2 * len(ordered))
