"""Explanations: what each feature adds, in one row, in many rows, over time, in a picture."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from course_lib.plots.lines import lines
from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL, make_axes


def contribution_bars(explanation: Any, row: int = 0, *, title: str, most: int = 10, ax: Axes | None = None) -> Axes:
    """One row's explanation: bars to the right raise its score (hatched), bars to the left lower it.

    Parameters
    ----------
    explanation : Explanation
    row : int
    most : int
        Features to show, those with the largest contributions of either sign.
    """
    table = explanation.to_frame(row)
    table = table.loc[table["contribution"].abs().nlargest(most).index].sort_values("contribution")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 0.9 + 0.32 * len(table)), layout="constrained")
    make_axes(ax, title, "contribution to the score", "")
    names = [f"{name} = {value:.3g}" for name, value in zip(table["feature"], table["value"], strict=True)]
    for place, value in enumerate(table["contribution"]):
        raises = value > 0
        ax.barh(place, value, color=ANOMALY if raises else NORMAL, edgecolor=NEUTRAL, hatch="///" if raises else None)
    ax.set_yticks(range(len(names)), names)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    return ax


def contribution_summary(explanation: Any, *, title: str, most: int = 10, ax: Axes | None = None) -> Axes:
    """Many rows: a dot for each row and feature at its contribution, dark where the feature's value is high.

    Parameters
    ----------
    explanation : Explanation
    most : int
        Features to show, those with the largest mean absolute contribution on top.
    """
    values, data = explanation.by_feature, explanation.data
    data = data if data.ndim == 2 else data.mean(axis=1)
    columns = np.argsort(np.abs(values).mean(axis=0))[-most:]
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 1.2 + 0.34 * len(columns)), layout="constrained")
    make_axes(ax, title, "contribution to the score", "")
    ranks = data.argsort(axis=0).argsort(axis=0) / max(len(data) - 1, 1)
    for place, column in enumerate(columns):
        # Spread by the order of the rows, so that the figure is the same each time.
        spread = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.6
        dots = ax.scatter(
            values[:, column], place + spread, c=ranks[:, column], cmap="Greys", vmin=-0.25, vmax=1, s=14, linewidths=0
        )
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_yticks(range(len(columns)), [explanation.feature_names[column] for column in columns])
    bar = ax.figure.colorbar(dots, ax=ax, ticks=[0, 1])
    bar.ax.set_ylim(0, 1)
    bar.ax.set_yticklabels(["low", "high"])
    bar.set_label("feature's value")
    return ax


def contribution_map(
    values: Any, feature_names: Any, *, title: str, xlabel: str = "timestamp", ax: Axes | None = None
) -> Axes:
    """Contributions over time, one line of cells a feature, dark where much is added to the score.

    Parameters
    ----------
    values : array-like, shape (length, n_features)
        Such as a series' ``explanation.values``, or one window of it.
    feature_names : sequence of str
    """
    values = np.asarray(values)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 1.2 + 0.26 * values.shape[1]), layout="constrained")
    make_axes(ax, title, xlabel, "")
    picture = ax.imshow(values.T, aspect="auto", cmap="Greys", interpolation="nearest", vmin=min(values.min(), 0))
    ax.set_yticks(range(values.shape[1]), feature_names)
    ax.figure.colorbar(picture, ax=ax, label="contribution")
    return ax


def image_map(images: Any, maps: Any, *, labels: Any, title: str) -> np.ndarray:
    """Pictures above, and below where their scores come from, all maps on one scale.

    Parameters
    ----------
    images : array-like, shape (n, height, width)
    maps : array-like, shape (n, height, width)
        Such as :func:`course_lib.explain.error_map` gives.
    labels : sequence of n str

    Returns
    -------
    ndarray of Axes, shape (2, n)
    """
    images, maps = np.asarray(images), np.asarray(maps)
    figure, axes = plt.subplots(
        2, len(images), figsize=(0.95 * len(images) + 0.8, 2.5), squeeze=False, layout="constrained"
    )
    most = np.quantile(maps, 0.998)  # a single pixel must not make all others pale
    for column, (image, heat) in enumerate(zip(images, maps, strict=True)):
        axes[0, column].imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axes[1, column].imshow(heat, cmap="Oranges", vmin=0, vmax=most)
        axes[0, column].set_title(labels[column], fontsize=9, color=NEUTRAL)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    for ax, name in zip(axes[:, 0], ("picture", "part of score"), strict=True):
        ax.set_ylabel(name, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return axes


def deletion_curves(curve: Any, *, title: str, ax: Axes | None = None) -> Axes:
    """A deletion curve: explained, random and reversed order.

    Parameters
    ----------
    curve : DeletionCurve
    """
    ax = lines(
        curve.removed,
        {"explained order": curve.explained, "random order": curve.random, "reversed order": curve.reverse},
        xlabel="features replaced by ordinary values",
        ylabel="mean anomaly score",
        title=title,
        ax=ax,
    )
    # The curves cross the whole field: room for their names is above it.
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
    ax.legend(frameon=False, loc="upper center", ncols=3)
    return ax
