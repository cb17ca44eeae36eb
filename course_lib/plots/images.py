"""Pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL


def image_grid(
    images: Any, *, columns: int = 10, labels: Sequence[str] | None = None, title: str = "", side: int | None = None
) -> np.ndarray:
    """Show images side by side, dark ink on white.

    Parameters
    ----------
    images : array-like, shape (n, height, width) or (n, side * side)
        Intensities in [0, 1].
    columns : int
        Images in a row.
    labels : sequence of n str, optional
        One under each image.

    Returns
    -------
    ndarray of Axes, shape (rows, columns)
    """
    images = np.asarray(images)
    if images.ndim == 2:
        side = side or round(images.shape[1] ** 0.5)
        images = images.reshape(len(images), side, -1)
    rows = -(-len(images) // columns)
    height = 0.85 if labels is None else 1.05
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.8 * columns, height * rows + 0.4), squeeze=False, layout="constrained"
    )
    for number, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        if number >= len(images):
            ax.axis("off")
            continue
        ax.imshow(images[number], cmap="gray_r", vmin=0, vmax=1)
        if labels is not None:
            ax.set_xlabel(labels[number], fontsize=9)
    figure.suptitle(title, fontsize=11)
    return axes


def reconstructions(
    originals: Any, rebuilt: Any, *, labels: Sequence[str], anomalous: Sequence[bool], title: str
) -> np.ndarray:
    """Three rows of pictures: what came in, what came out, and the squared error pixel by pixel.

    Parameters
    ----------
    originals, rebuilt : array-like, shape (n, side * side)
    labels : sequence of n str
        Above each column.
    anomalous : sequence of n bool
        Columns whose frames and labels take the colour of anomalies.
    title : str

    Returns
    -------
    ndarray of Axes, shape (3, n)
    """
    originals, rebuilt = np.asarray(originals), np.asarray(rebuilt)
    side = round(originals.shape[1] ** 0.5)
    figure, axes = plt.subplots(3, len(originals), figsize=(0.95 * len(originals) + 0.8, 3.5), layout="constrained")
    errors = (originals - rebuilt) ** 2
    for column, odd in enumerate(anomalous):
        for ax, picture in zip(axes[:, column], (originals, rebuilt, errors), strict=True):
            ax.imshow(picture[column].reshape(side, -1), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set(color=ANOMALY if odd else NORMAL, linewidth=2.5)
        axes[0, column].set_title(labels[column], fontsize=9, color=ANOMALY if odd else NEUTRAL)
    for ax, name in zip(axes[:, 0], ("original", "rebuilt", "squared error"), strict=True):
        ax.set_ylabel(name, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return axes
