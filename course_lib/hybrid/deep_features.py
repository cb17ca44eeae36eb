"""A network learns the features, a classical detector judges them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import fit_scaling
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows
from course_lib.hybrid.members import check_detector

# Of a deviation. A network rounds a row in float32, otherwise in a batch of another size, and nearest neighbours would
# no longer know a training row again: a grid far coarser than that, and far finer than any anomaly, hides it.
GRID = 2.0**-10


class DeepFeatures(Detector):
    """The encoder's codes, standardised and rounded to a thousandth, as the rows of a shallow detector.

    Parameters
    ----------
    encoder : Detector with ``encode(X)``
        For example an Autoencoder or a VAE (of which the mean code is taken); cloned in ``fit``.
    detector : Detector
        Nearest neighbours, a forest, the Mahalanobis distance, ...; cloned in ``fit``.
    with_error : bool
        Append the encoder's own score as one more feature: what a code cannot say, its reconstruction error may.
    threshold : ThresholdRule, optional

    Attributes
    ----------
    encoder_, detector_ : Detector
    shift_, scale_ : ndarray, shape (n_codes,)
        Mean and deviation of the features on the training rows.

    References
    ----------
    Erfani, Rajasegarar, Karunasekera and Leckie, 2016, High-Dimensional and Large-Scale Anomaly Detection Using a
    Linear One-Class SVM with Deep Learning.
    """

    def __init__(
        self, encoder: Detector, detector: Detector, with_error: bool = False, threshold: ThresholdRule | None = None
    ):
        self.encoder = encoder
        self.detector = detector
        self.with_error = with_error
        self.threshold = threshold

    def _fit(self, X: np.ndarray) -> np.ndarray:
        for name in ("encoder", "detector"):
            check_detector(getattr(self, name), f"DeepFeatures needs a fresh course_lib detector as {name}")
        if not hasattr(self.encoder, "encode"):
            raise TypeError(
                f"DeepFeatures needs an encoder with a method encode, which {type(self.encoder).__name__} does not "
                "have: take an Autoencoder or a VAE."
            )
        self.encoder_ = clone(self.encoder).fit(X)
        raw = self._raw(X)
        self.shift_, self.scale_ = fit_scaling(raw, "standard")
        self.detector_ = clone(self.detector).fit(self._standardised(raw))
        return self.detector_.decision_scores_

    def _raw(self, X: np.ndarray) -> np.ndarray:
        codes = self.encoder_.encode(X)
        codes = np.asarray(codes[0] if isinstance(codes, tuple) else codes, dtype=np.float64)
        if len(codes) != len(X):
            raise ValueError(
                f"{type(self.encoder).__name__} gives {len(codes)} codes for {len(X)} rows: "
                "take an encoder of rows, not of windows."
            )
        return np.column_stack([codes, self.encoder_.decision_function(X)]) if self.with_error else codes

    def _standardised(self, raw: np.ndarray) -> np.ndarray:
        return np.round((raw - self.shift_) / self.scale_ / GRID) * GRID

    def _features(self, X: np.ndarray) -> np.ndarray:
        return self._standardised(self._raw(X))

    def features(self, X: Any) -> np.ndarray:
        """What the shallow detector sees of the rows of `X`: float64, shape (n, n_codes)."""
        check_is_fitted(self)
        return self._features(check_rows(self, X, reset=False))

    def _score(self, X: np.ndarray) -> np.ndarray:
        return self.detector_.decision_function(self._features(X))
