"""The form in which every loader hands over a one-class problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class OneClassData:
    """Normal data to learn from, and test data with both normal samples and anomalies.

    Parameters
    ----------
    X_train : float32 array (n_train, ...)
        Training samples; only normal ones, unless the loader was asked for all.
    X_test : float32 array (n_test, ...)
        Test samples, of the same shape per sample.
    y_test : int array (n_test,)
        1 = anomaly, 0 = normal.
    feature_names : tuple of str
        One name per feature of a flattened sample.
    source : str
        Which data this really is, in one sentence.
    image_shape : (int, int), optional
        Rows and columns in pixels, if the samples are images.
    labels_train, labels_test : int arrays, optional
        The original classes, such as the digit.
    is_substitute : bool
        Whether this stands in for data that could not be had.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    X_train: NDArray[np.float32]
    X_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    feature_names: tuple[str, ...]
    source: str
    image_shape: tuple[int, int] | None = None
    labels_train: NDArray[np.int64] | None = None
    labels_test: NDArray[np.int64] | None = None
    is_substitute: bool = False

    def __post_init__(self) -> None:
        if self.X_train.shape[1:] != self.X_test.shape[1:]:
            raise ValueError(
                f"X_train and X_test must agree in the shape of a sample, but have {self.X_train.shape[1:]} "
                f"and {self.X_test.shape[1:]}."
            )
        for name, labels, samples in (
            ("y_test", self.y_test, self.X_test),
            ("labels_test", self.labels_test, self.X_test),
            ("labels_train", self.labels_train, self.X_train),
        ):
            if labels is not None and labels.shape != (len(samples),):
                raise ValueError(f"{name} must have shape ({len(samples)},), one entry a sample, not {labels.shape}.")
        width = int(np.prod(self.X_train.shape[1:]))
        if len(self.feature_names) != width:
            raise ValueError(f"feature_names must name {width} features, but names {len(self.feature_names)}.")

    def with_normal(self, normal: int | Sequence[int]) -> OneClassData:
        """The same data with another choice of the normal class, without reading anything again.

        Parameters
        ----------
        normal : int or sequence of int
            The class or classes that count as normal.

        Returns
        -------
        OneClassData
            `X_train` keeps only the training samples of these classes; `y_test` is 1 for all others.

        Raises
        ------
        ValueError
            If the original classes are not known, or `normal` is not a proper choice of the training classes.
        """
        if self.labels_train is None or self.labels_test is None:
            raise ValueError("This data has no class labels to choose a normal class from.")
        classes = normal_classes(normal, np.unique(self.labels_test))
        missing = np.setdiff1d(classes, self.labels_train)
        if missing.size:
            raise ValueError(
                f"X_train holds no sample of class {missing[0]}: load the data with normal=None to have all classes."
            )
        keep = np.isin(self.labels_train, classes)
        return replace(
            self,
            X_train=self.X_train[keep],
            labels_train=self.labels_train[keep],
            y_test=anomaly_labels(self.labels_test, classes),
        )

    def __repr__(self) -> str:
        shape = " x ".join(str(length) for length in self.X_train.shape[1:])
        kind = f"{shape} features" if self.X_train.ndim == 2 else f"{shape} values"
        if self.image_shape is not None and self.X_train.ndim == 2:
            kind += f" ({self.image_shape[0]} x {self.image_shape[1]} pixels)"
        anomalies = int(self.y_test.sum())
        return (
            f"{self.source}\n"
            f"  training  {len(self.X_train):>7,} samples of {kind}{self._classes_in_training()}\n"
            f"  test      {len(self.X_test):>7,} samples, {anomalies:,} of them anomalies "
            f"({anomalies / max(len(self.y_test), 1):.1%})"
        )

    def _classes_in_training(self) -> str:
        if self.labels_train is None:
            return ""
        classes = np.unique(self.labels_train)
        return f", {'class' if len(classes) == 1 else 'classes'} {', '.join(map(str, classes))}"


def normal_classes(normal: object, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Check a choice of normal classes.

    Parameters
    ----------
    normal : int or sequence of int
        The choice.
    known : int array
        The classes that exist.

    Returns
    -------
    int array
        The chosen classes, in ascending order.

    Raises
    ------
    ValueError
        If it is empty, names anything but existing classes, or leaves no class as anomaly.
    """
    names = ", ".join(map(str, known))
    problem = f"normal must be one of the classes {names}, or several of them, but is {normal!r}"
    chosen: list[Any] = [normal]
    if isinstance(normal, np.ndarray):
        chosen = normal.ravel().tolist()
    elif isinstance(normal, Iterable) and not isinstance(normal, (str, bytes)):
        chosen = list(normal)
    for item in chosen:
        # A bool is an int to Python, and normal=True is a slip rather than class 1.
        if isinstance(item, (bool, np.bool_)) or not isinstance(item, (int, np.integer)) or item not in known:
            raise ValueError(f"{problem}.")
    classes = np.unique(np.asarray(chosen, dtype=np.int64))
    if classes.size == 0:
        raise ValueError(f"{problem}: choose at least one.")
    if classes.size == known.size:
        raise ValueError(f"{problem}: with all classes normal no anomaly is left, so leave one out or use normal=None.")
    return classes


def anomaly_labels(labels: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 where a label is none of the normal `classes`, else 0; shape as `labels`."""
    return (~np.isin(labels, classes)).astype(np.int64)
