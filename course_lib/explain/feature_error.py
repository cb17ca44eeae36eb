"""The reconstruction error of each feature: the part of the score that it is answerable for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from course_lib.core.validation import to_numpy
from course_lib.explain.explanation import Explanation
from course_lib.explain.feature_names import names_of

TOLERANCE = 1e-3  # networks compute in float32, and a small error of large values has few digits


class FeatureError:
    """Divide a score that is made of squared errors among the readings that made them.

    It explains detectors that rebuild a row and score it by the sum or the mean of its squared errors
    (:class:`~course_lib.ml.PCA`, :class:`~course_lib.deep.Autoencoder`, :class:`~course_lib.deep.ConvAutoencoder`, your
    own with a method ``reconstruct``), and every :class:`~course_lib.deep.SeriesDetector`, per timestamp and sensor.
    A :class:`~course_lib.deep.VAE` is explained by its score ``score_rows(X, "reconstruction")``, whatever score it
    was built with.

    The parts say where a row was rebuilt badly, which is not always where it is broken: one wrong reading can spoil the
    code, and with it the reconstruction of its neighbours.

    Parameters
    ----------
    detector : Detector
        Fitted.
    feature_names : sequence of str, optional
    """

    def __init__(self, detector: Any, feature_names: Sequence[str] | None = None):
        self.detector = detector
        self.feature_names = feature_names

    def explain(self, X: Any, breaks: Any = None) -> Explanation:
        """What each reading adds to the score.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
            Rows; for a series detector the timestamps of one series, or whole sequences (n, length, n_sensors).
        breaks : array-like of int, optional
            Of a series, see :class:`~course_lib.deep.SeriesDetector`.

        Returns
        -------
        Explanation
            With base value 0: the values of a row sum to its score.

        Raises
        ------
        TypeError
            If the detector rebuilds nothing.
        ValueError
            If its score is neither the sum nor the mean of squared errors.
        """
        detector = self.detector
        check_is_fitted(detector)
        names = names_of(X, self.feature_names)
        if hasattr(detector, "sensor_errors"):
            errors = detector.sensor_errors(X, breaks)
            scores = detector.decision_function(X, breaks)
            values = errors / np.prod(errors.shape[1:])
        else:
            if breaks is not None:
                raise ValueError(f"{type(detector).__name__} scores rows one by one: leave breaks out.")
            values, scores = self._divided(X)
        return Explanation(
            values=np.asarray(values, dtype=np.float64),
            base_value=0.0,
            scores=np.asarray(scores, dtype=np.float64),
            data=np.asarray(to_numpy(X), dtype=np.float64),
            feature_names=names,
            method="feature error",
        )

    def _divided(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        detector, name = self.detector, type(self.detector).__name__
        if not hasattr(detector, "reconstruct"):
            raise TypeError(f"{name} rebuilds nothing, so no reading has an error: use KernelSHAP or the like.")
        rebuilt = np.asarray(detector.reconstruct(X), dtype=np.float64)
        # A network errs in its own, scaled units.
        squares = ((np.asarray(to_numpy(X), dtype=np.float64) - rebuilt) / getattr(detector, "scale_", 1.0)) ** 2
        variational = hasattr(detector, "score_rows") and hasattr(detector, "scoring")
        scores = detector.score_rows(X, "reconstruction") if variational else detector.decision_function(X)
        for divisor in (1, squares.shape[1]):
            if np.allclose(squares.sum(axis=1) / divisor, scores, rtol=TOLERANCE, atol=1e-6 * np.abs(scores).max()):
                return squares / divisor, scores
        raise ValueError(
            f"The score of {name} is neither the sum nor the mean of its squared errors, so they cannot be divided: "
            "use KernelSHAP or another explainer."
        )


def error_map(detector: Any, images: Any) -> np.ndarray:
    """Where pictures were rebuilt badly: the parts of their scores as pictures.

    Parameters
    ----------
    detector : ConvAutoencoder, ConvVAE or another that rebuilds images
    images : array-like, shape (n, channels * height * width)
        Flat, as the detector takes them.

    Returns
    -------
    ndarray of float64, shape (n, height, width)
        Summed over the channels; a picture sums to its score.
    """
    from course_lib.deep.images import check_image_shape

    values = FeatureError(detector).explain(images).values
    shape = check_image_shape(getattr(detector, "image_shape", None), values.shape[1])
    return values.reshape(-1, *shape).sum(axis=1)
