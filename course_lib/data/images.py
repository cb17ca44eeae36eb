"""MNIST and Fashion-MNIST as one-class problems, and a small substitute for MNIST when there is no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.one_class import OneClassData, anomaly_labels, normal_classes
from course_lib.data.substitute import DIGITS_SOURCE, SIDE, small_digits

_CLASSES = np.arange(10, dtype=np.int64)

_MNIST_SOURCE = (
    "MNIST: handwritten digits (LeCun, Cortes and Burges), 28 x 28 pixels, 60,000 for training and 10,000 for testing."
)
_FASHION_SOURCE = (
    "Fashion-MNIST: photographs of garments and shoes (Xiao, Rasul and Vollgraf, 2017), 28 x 28 pixels, "
    "60,000 for training and 10,000 for testing."
)
_Images = tuple[NDArray[Any], NDArray[np.int64]]


def load_mnist(
    normal: int | Sequence[int] | None = 0, *, flatten: bool = True, offline: bool | None = None
) -> OneClassData:
    """Handwritten digits, one digit (or several) normal and all others anomalies.

    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998.

    Parameters
    ----------
    normal : int, sequence of int or None
        The digits that count as normal. None gives the training images of all digits and no anomaly;
        `OneClassData.with_normal` then chooses.
    flatten : bool
        Rows of 784 values if True, images of shape (28, 28) if False.
    offline : bool, optional
        None: use the cache, else download, else a substitute. True: the same without the network.
        False: real MNIST or an error, never a substitute.

    Returns
    -------
    OneClassData
        Pixels from 0 (paper) to 1 (ink). The substitute, scikit-learn's bundled digits enlarged to 28 x 28, is
        announced in three printed lines and in `source`.

    Raises
    ------
    ValueError
        If `normal` is not a proper choice of digits.
    DownloadError
        With ``offline=False``, if MNIST cannot be had.
    """
    classes = _choose(normal)
    try:
        train, test = _read("MNIST", offline=bool(offline))
    except DownloadError as error:
        if offline is False:
            raise
        print(error.notice("scikit-learn's small digits, enlarged to 28 x 28,", "MNIST"))
        train, test = small_digits()
        return _image_problem(train, test, classes, flatten, DIGITS_SOURCE, largest=16, is_substitute=True)
    return _image_problem(train, test, classes, flatten, _MNIST_SOURCE)


def load_fashion_mnist(
    normal: int | Sequence[int] | None = 0, *, flatten: bool = True, offline: bool | None = None
) -> OneClassData:
    """Garments and shoes, one class (or several) normal and all others anomalies.

    Classes: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.
    Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", arXiv:1708.07747, 2017.

    Parameters
    ----------
    normal : int, sequence of int or None
        The classes that count as normal; None as in `load_mnist`.
    flatten : bool
        Rows of 784 values if True, images of shape (28, 28) if False.
    offline : bool, optional
        True: use the cache only. None or False: download what is missing.

    Returns
    -------
    OneClassData
        Pixels from 0 (background) to 1.

    Raises
    ------
    ValueError
        If `normal` is not a proper choice of classes.
    DownloadError
        If the data cannot be had; nothing that is bundled anywhere could honestly stand in for it.
    """
    classes = _choose(normal)
    train, test = _read("FashionMNIST", offline=bool(offline))
    return _image_problem(train, test, classes, flatten, _FASHION_SOURCE)


def _choose(normal: object) -> NDArray[np.int64] | None:
    return None if normal is None else normal_classes(normal, _CLASSES)


def _read(name: str, *, offline: bool) -> tuple[_Images, _Images]:
    """Training and test images of one of the two data sets, through torchvision."""
    root = fetch(name, offline=offline, report=print)
    # torch takes seconds to load, and the command line and the substitute do without it.
    from torchvision import datasets

    reader = getattr(datasets, name)
    try:
        return _part(reader, root, train=True), _part(reader, root, train=False)
    # The size is right, so only a changed header brings us here; torchvision's complaints about it are of many types.
    except Exception as error:
        raise DownloadError(
            f"The files in {root / name / 'raw'} are damaged ({type(error).__name__}): replace them with "
            f"`python -m course_lib data fetch {name}`."
        ) from error


def _part(reader: type, root: Path, *, train: bool) -> _Images:
    data = reader(root=str(root), train=train, download=False)
    return data.data.numpy(), data.targets.numpy().astype(np.int64)


def _image_problem(
    train: _Images,
    test: _Images,
    classes: NDArray[np.int64] | None,
    flatten: bool,
    source: str,
    *,
    largest: int = 255,
    is_substitute: bool = False,
) -> OneClassData:
    """Choose first and scale then: only rows that are kept become floats, which take four times the room of bytes."""
    images, labels = train
    test_images, test_labels = test
    y_test = np.zeros(len(test_labels), dtype=np.int64)
    if classes is not None:
        keep = np.isin(labels, classes)
        images, labels = images[keep], labels[keep]
        y_test = anomaly_labels(test_labels, classes)
    shape = (-1, SIDE * SIDE) if flatten else (-1, SIDE, SIDE)
    return OneClassData(
        X_train=np.divide(images, np.float32(largest), dtype=np.float32).reshape(shape),
        X_test=np.divide(test_images, np.float32(largest), dtype=np.float32).reshape(shape),
        y_test=y_test,
        feature_names=tuple(f"row_{row}_column_{column}" for row in range(SIDE) for column in range(SIDE)),
        source=source,
        image_shape=(SIDE, SIDE),
        labels_train=labels,
        labels_test=test_labels,
        is_substitute=is_substitute,
    )
