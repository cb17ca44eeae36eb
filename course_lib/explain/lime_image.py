"""LIME for images: switch patches off and on, and see which of them the score hangs on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.deep.images import check_image_shape
from course_lib.explain.explanation import Explanation
from course_lib.explain.lime import check_width
from course_lib.explain.scoring import score_function
from course_lib.explain.surrogate import weighted_ridge
from course_lib.explain.tables import check_table


class LIMEImage:
    """A linear surrogate whose features are patches that are shown (1) or hidden (0).

    Parameters
    ----------
    score : Detector or callable
        Takes flat images, shape (n, channels * height * width).
    image_shape : (int, int, int), optional
        Channels, height, width; by default the detector's own, or a square grey image.
    segments : array-like of int, shape (height, width), optional
        The label of each pixel's patch; by default squares of `patch` pixels.
    patch : int
        Side of a square, in pixels.
    hidden : number or array-like, shape (channels * height * width,), optional
        What stands in hidden patches, such as the mean of the normal images; by default the mean of the patch itself,
        in each channel.
    n_samples : int
        Versions of an image, the whole one included.
    kernel_width : float
        For the cosine distance between the patches shown and all patches.
    random_state : int, optional
        Every image gets the same switches, so it is explained as if it were alone.

    References
    ----------
    Ribeiro, Singh and Guestrin, 2016, "Why Should I Trust You?": Explaining the Predictions of Any Classifier.
    """

    def __init__(
        self,
        score: Any,
        image_shape: tuple[int, int, int] | None = None,
        segments: Any = None,
        patch: int = 4,
        hidden: Any = None,
        n_samples: int = 1000,
        kernel_width: float = 0.25,
        random_state: int | None = None,
    ):
        self.score = score
        self.image_shape = image_shape
        self.segments = segments
        self.patch = patch
        self.hidden = hidden
        self.n_samples = n_samples
        self.kernel_width = kernel_width
        self.random_state = random_state
        self._score = score_function(score)
        check_whole("patch", patch, 1)
        check_whole("n_samples", n_samples, 2)
        check_width(kernel_width)
        draw_seed(random_state)

    def explain(self, X: Any) -> Explanation:
        """Fit one surrogate for each image of `X`, shape (n, channels * height * width).

        Returns
        -------
        Explanation
            Of patches: values and data (the mean of a patch) have shape (n, n_patches), base values are the
            surrogates' scores with all patches hidden. In ``extra``: "r2" (n,), "segments" (height, width) with labels
            0, 1, ..., and "heat_map" (n, height, width), each pixel with the value of its patch.
        """
        images = check_table(X, "X", self._score.n_features)
        wanted = getattr(self.score, "image_shape", None) if self.image_shape is None else self.image_shape
        shape = check_image_shape(wanted, images.shape[1])
        names, segments = self._patches(shape)
        members = np.tile(segments.ravel(), shape[0])  # the patch of each number of a flat image
        n_patches = len(names)
        rng = np.random.default_rng(draw_seed(self.random_state))
        shown = rng.integers(0, 2, (int(self.n_samples), n_patches)).astype(bool)
        shown[0] = True
        distances = 1 - np.sqrt(shown.mean(axis=1))  # the cosine distance from all ones
        hidden = self._hidden(images, members, shape[0])
        fits = [
            weighted_ridge(shown, self._score_versions(*pair, shown[:, members]), distances, self.kernel_width)
            for pair in zip(images, hidden, strict=True)
        ]
        values = np.array([fit.weights for fit in fits])
        pixels = np.bincount(members, minlength=n_patches)
        return Explanation(
            values=values,
            base_value=np.array([fit.intercept for fit in fits]),
            scores=self._score(images),
            data=np.array([np.bincount(members, image, n_patches) for image in images]) / pixels,
            feature_names=names,
            method="LIME for images",
            extra={"r2": np.array([fit.r2 for fit in fits]), "segments": segments, "heat_map": values[:, segments]},
        )

    def _patches(self, shape: tuple[int, int, int]) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of the patches, and labels 0, 1, ... of shape (height, width)."""
        _, height, width = shape
        if self.segments is None:
            rows, columns = np.arange(height) // self.patch, np.arange(width) // self.patch
            names = tuple(f"patch {row}, {column}" for row in range(rows[-1] + 1) for column in range(columns[-1] + 1))
            return names, rows[:, None] * (columns[-1] + 1) + columns
        given = np.asarray(self.segments)
        if given.shape != (height, width) or given.dtype.kind not in "iu":
            raise ValueError(
                f"segments must be whole numbers of shape ({height}, {width}), the patch of each pixel, but are "
                f"{given.dtype} of shape {given.shape}."
            )
        labels, segments = np.unique(given, return_inverse=True)
        return tuple(f"segment {label}" for label in labels), segments.reshape(given.shape)

    def _hidden(self, images: np.ndarray, members: np.ndarray, channels: int) -> np.ndarray:
        """What each image, shape (n, d), shows where a patch is hidden, of the same shape."""
        if self.hidden is not None:
            try:
                return np.broadcast_to(np.asarray(self.hidden, dtype=float), images.shape)
            except ValueError:
                raise ValueError(
                    f"hidden must be a number or an image of {images.shape[1]} numbers, but has shape "
                    f"{np.shape(self.hidden)}."
                ) from None
        split = members + np.repeat(np.arange(channels), len(members) // channels) * (members.max() + 1)
        counts = np.bincount(split)
        return np.array([(np.bincount(split, image) / counts)[split] for image in images])

    def _score_versions(self, image: np.ndarray, hidden: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Scores of the image with only the pixels `shown`, (n_samples, d), the others hidden."""
        both = self._score.rows(np.stack([image, hidden]))
        return self._score.of(torch.where(torch.from_numpy(shown).to(both.device), both[0], both[1])).numpy()
