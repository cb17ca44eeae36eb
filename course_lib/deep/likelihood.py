"""When a model finds an anomaly more likely than the data it learnt from: two corrections of a log-likelihood.

A likelihood rewards what is simple: a flat image is close to everything that is mostly flat. Typicality asks whether a
likelihood is usual instead of whether it is high; input complexity takes away what simplicity alone explains.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

from course_lib.core.validation import check_scores, to_numpy
from course_lib.deep.images import check_image_shape


def typicality(negative_log_likelihood: Any, reference: Any) -> np.ndarray:
    """How far each log-likelihood is from the mean of the normal ones, in either direction.

    Parameters
    ----------
    negative_log_likelihood : array-like, shape (n,)
    reference : array-like, shape (m,)
        Of normal rows, best ones that were held out of training.

    Returns
    -------
    ndarray of float64, shape (n,)
        Higher is more anomalous, in the unit of the input.

    References
    ----------
    Nalisnick et al., 2019, Detecting Out-of-Distribution Inputs to Deep Generative Models
    Using Typicality (there for batches of rows; here for single ones).
    """
    return np.abs(check_scores(negative_log_likelihood) - check_scores(reference).mean())


def compressed_bits(X: Any, image_shape: tuple[int, int, int] | None = None, levels: int = 256) -> np.ndarray:
    """Bits that a lossless compressor needs for each image: a likelihood that has learnt nothing.

    As in PNG, the pixels themselves, their differences to the left and those to the row above are packed by deflate;
    the shortest counts.

    Parameters
    ----------
    X : array-like, shape (n, channels * height * width)
        Values from 0 to 1.
    image_shape : (int, int, int), optional
        Channels, height, width; see :func:`course_lib.deep.images.check_image_shape`.
    levels : int
        From 2 to 256: how many grey values there are. 2 makes the images black and white.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If a value lies outside 0 to 1, or `levels` outside 2 to 256.
    """
    X = np.asarray(to_numpy(X), dtype=float)
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"compressed_bits needs images as rows, shape (n, pixels), but got shape {X.shape}.")
    if not (X.min() >= 0 and X.max() <= 1):
        raise ValueError(f"compressed_bits needs values from 0 to 1, but X runs from {X.min():.4g} to {X.max():.4g}.")
    if not isinstance(levels, (int, np.integer)) or not 2 <= levels <= 256:
        raise ValueError(f"levels must be a whole number from 2 to 256, but is {levels}.")
    shape = check_image_shape(image_shape, X.shape[1])
    pixels = np.rint(X * (levels - 1)).astype(np.uint8).reshape(-1, *shape)
    left, above = pixels.copy(), pixels.copy()
    left[..., 1:] -= pixels[..., :-1]  # modulo 256, as PNG does it
    above[..., 1:, :] -= pixels[..., :-1, :]
    return np.array([8.0 * min(map(_deflated, ways)) for ways in zip(pixels, left, above, strict=True)])


def complexity_corrected(negative_log_likelihood: Any, bits: Any) -> np.ndarray:
    """Bits that the model needs for a row beyond those of a compressor; what is only simple gains nothing.

    Parameters
    ----------
    negative_log_likelihood : array-like, shape (n,)
        In nats.
    bits : array-like, shape (n,)
        From :func:`compressed_bits`.

    Returns
    -------
    ndarray of float64, shape (n,)
        Higher is more anomalous.

    References
    ----------
    Serrà, Álvarez, Gómez, Slizovskaia, Núñez and Luque, 2020, Input Complexity and Out-of-distribution Detection with
    Likelihood-based Generative Models.
    """
    model, compressor = check_scores(negative_log_likelihood) / math.log(2), check_scores(bits)
    if len(model) != len(compressor):
        raise ValueError(
            f"Each likelihood needs the bits of its own image, but there are {len(model)} and {len(compressor)}."
        )
    return model - compressor


def _deflated(pixels: np.ndarray) -> int:
    # Without zlib's header and checksum: they are not of the image.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(packer.compress(pixels.tobytes()) + packer.flush())
