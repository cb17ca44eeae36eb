"""What stands in for MNIST without a network: scikit-learn's bundled digits, enlarged to MNIST's size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 28

DIGITS_SOURCE = (
    "Not MNIST but scikit-learn's bundled digits (Alpaydin and Kaynak, 1998): 1,797 images of 8 x 8 pixels, "
    "enlarged to 28 x 28, half for training and half for testing."
)

_Part = tuple[NDArray[np.float32], NDArray[np.int64]]


def small_digits() -> tuple[_Part, _Part]:
    """Training and test half of the digits, stratified by digit and the same at every call.

    Returns
    -------
    (images, labels), (images, labels)
        Images of shape (n, 28, 28) with values from 0 to 16, as in the original; labels of shape (n,).
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = enlarge(digits.images.astype(np.float32), SIDE)
    labels = digits.target.astype(np.int64)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=0.5, stratify=labels, random_state=0
    )
    return (train_images, train_labels), (test_images, test_labels)


def enlarge(images: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Enlarge square images bilinearly.

    Parameters
    ----------
    images : float32 array (n, k, k)
        The images, side `k` pixels.
    side : int
        The wanted side in pixels, at least `k`.

    Returns
    -------
    float32 array (n, side, side)
        Values stay within the range of the original.
    """
    weights = _bilinear_weights(images.shape[1], side)
    return (weights @ images @ weights.T).astype(np.float32, copy=False)


def _bilinear_weights(small: int, large: int) -> NDArray[np.float32]:
    """Matrix (large, small) whose rows mix the two nearest of `small` pixels, measured from pixel centre to centre."""
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    distances = np.abs(centres[:, None] - np.arange(small)[None, :])
    return np.maximum(0, 1 - distances).astype(np.float32)
