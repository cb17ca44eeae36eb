"""Figures that look alike in every lesson: normal is a light, solid blue, anomaly a dark, hatched orange.

The two colours differ for colour-blind readers and, by their lightness, in grey print. Nothing here changes the
settings of matplotlib; every function returns the axes it drew on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.patches import Rectangle

NORMAL = "#6BB5E8"
ANOMALY = "#B23A00"
NEUTRAL = "#444444"


def _axes(ax: Axes | None, title: str, xlabel: str, ylabel: str) -> Axes:
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


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


def score_histogram(
    scores: Any,
    y: Any,
    *,
    thresholds: Mapping[str, float] | None = None,
    title: str,
    xlabel: str = "anomaly score",
    ax: Axes | None = None,
) -> Axes:
    """Distributions of the scores of normal samples (filled) and anomalies (hatched), each with area one.

    Parameters
    ----------
    scores : array-like, shape (n,)
    y : array-like of 0 and 1, shape (n,)
    thresholds : mapping of name to float, optional
        Drawn as vertical lines of different styles.
    """
    scores, y = np.asarray(scores), np.asarray(y)
    ax = _axes(ax, title, xlabel, "density")
    # The far tail of the anomalies would squeeze everything else into the left border.
    edges = np.linspace(0, np.quantile(scores, 0.995), 60).tolist()
    ax.hist(scores[y == 0], edges, density=True, color=NORMAL, label="normal")
    ax.hist(
        scores[y == 1],
        edges,
        density=True,
        histtype="step",
        hatch="////",
        color=ANOMALY,
        linewidth=1.5,
        label="anomaly",
    )
    styles = ("-", "--", ":", "-.")
    for (name, value), style in zip((thresholds or {}).items(), styles, strict=False):
        ax.axvline(value, color=NEUTRAL, linestyle=style, linewidth=1.6, label=f"{name}: {value:.4f}")
    ax.legend(frameon=False)
    return ax


def series(
    times: Any,
    values: Any,
    *,
    ylabel: str,
    title: str,
    windows: Sequence[tuple[Any, Any]] = (),
    flagged: Any = None,
    xlabel: str = "time",
    ax: Axes | None = None,
) -> Axes:
    """A series over time, with hatched anomaly windows and a cross on each flagged value.

    Parameters
    ----------
    times : array-like, shape (n,)
    values : array-like, shape (n,)
    windows : sequence of (first, last)
        Moments, in the units of `times`.
    flagged : array-like of bool, shape (n,), optional
    """
    times, values = np.asarray(times), np.asarray(values)
    ax = _axes(ax, title, xlabel, ylabel)
    for number, (first, last) in enumerate(windows):
        label = "labelled anomaly" if number == 0 else None
        ax.axvspan(first, last, facecolor="none", edgecolor=ANOMALY, hatch="////", alpha=0.45, label=label)
    ax.plot(times, values, color=NORMAL, linewidth=1)
    if times.dtype.kind == "M":
        locator = AutoDateLocator(maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    if flagged is not None:
        flagged = np.asarray(flagged, dtype=bool)
        ax.plot(times[flagged], values[flagged], "x", color=ANOMALY, markersize=5, label="flagged")
    if windows or flagged is not None:
        ax.legend(frameon=False)
    return ax


def training_curves(
    history: Mapping[str, Sequence[float]],
    *,
    title: str,
    best: int | None = None,
    reference: tuple[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Loss against epochs, on a logarithmic axis.

    Parameters
    ----------
    history : mapping
        A detector's ``history_``.
    best : int, optional
        The epoch (from 1) whose weights were kept; a vertical line.
    reference : (str, float), optional
        Name and loss of another method; a horizontal line.
    """
    ax = _axes(ax, title, "epoch", "loss (mean squared error)")
    for name, style, label in (("loss", "-", "training"), ("validation_loss", "--", "validation")):
        if name in history:
            ax.plot(range(1, len(history[name]) + 1), history[name], style, color=NEUTRAL, label=label)
    if best is not None:
        ax.axvline(best, color=ANOMALY, linestyle=":", label=f"best validation loss: epoch {best}")
    if reference is not None:
        ax.axhline(reference[1], color=ANOMALY, linestyle=":", label=reference[0])
    ax.set_yscale("log")
    ax.legend(frameon=False)
    return ax


def roc(y: Any, scores: Mapping[str, Any], *, title: str, ax: Axes | None = None) -> Axes:
    """ROC curves of several detectors: true-positive rate against false-positive rate."""
    from sklearn.metrics import roc_curve

    ax = _axes(ax, title, "false-positive rate", "true-positive rate (recall)")
    for (name, values), style in zip(scores.items(), ("-", "--", ":", "-."), strict=False):
        false_positive, true_positive, _ = roc_curve(y, values)
        ax.plot(false_positive, true_positive, style, color=NEUTRAL, label=name)
    ax.legend(frameon=False, loc="lower right")
    return ax


def hourglass(sizes: Sequence[int], *, title: str, ax: Axes | None = None) -> Axes:
    """The layers of an autoencoder as bars, as tall as the layers are wide (on a square-root scale)."""
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    narrowest = int(np.argmin(sizes))
    for place, size in enumerate(sizes):
        height = size**0.5
        color = ANOMALY if place == narrowest else NORMAL
        ax.add_patch(Rectangle((place - 0.12, -height / 2), 0.24, height, facecolor=color, edgecolor=NEUTRAL))
        ax.text(place, -height / 2 - 1.2, str(size), ha="center", va="top", fontsize=10)
        if place:
            before = sizes[place - 1] ** 0.5
            for side in (-1, 1):
                ax.plot([place - 0.88, place - 0.12], [side * before / 2, side * height / 2], color=NEUTRAL, lw=0.8)
    top = max(sizes) ** 0.5 / 2
    words = {0: "input $x$", narrowest: "code $z$", len(sizes) - 1: r"rebuilt $\hat{x}$"}
    for place, word in words.items():
        ax.text(place, top + 1.2, word, ha="center", va="bottom", fontsize=11)
    ax.set(title=title, xlim=(-0.6, len(sizes) - 0.4), ylim=(-top - 5, top + 5))
    ax.axis("off")
    return ax


def scatter(X: Any, y: Any, *, title: str, ax: Axes | None = None) -> Axes:
    """Rows with two features: normal ones as light dots, anomalies as dark crosses.

    Parameters
    ----------
    X : array-like, shape (n, 2)
    y : array-like of 0 and 1, shape (n,)
    """
    X, y = np.asarray(X), np.asarray(y)
    ax = _axes(ax, title, "$x_1$", "$x_2$")
    ax.plot(*X[y == 0].T, ".", color=NORMAL, markersize=5, label="normal")
    if (y == 1).any():
        ax.plot(*X[y == 1].T, "x", color=ANOMALY, markersize=6, markeredgewidth=1.8, label="anomaly")
    return ax


def score_map(
    score: Any, X: Any, *, title: str, levels: Any = 12, margin: float = 0.35, ax: Axes | None = None
) -> Axes:
    """Scores over the plane around two-dimensional data, darker where a row would be more anomalous.

    Parameters
    ----------
    score : callable
        Scores of rows, (n, 2) to (n,), such as a detector's ``decision_function``.
    X : array-like, shape (n, 2)
        Drawn on top as light dots.
    levels : int or sequence of float
        Shades, or their borders; give the same borders to maps that are to be compared.
    margin : float
        Room around the data, as a share of their range.
    """
    X = np.asarray(X)
    ax = _axes(ax, title, "$x_1$", "$x_2$")
    low, high = X.min(axis=0), X.max(axis=0)
    room = margin * (high - low)
    first, second = (np.linspace(a, b, 120) for a, b in zip(low - room, high + room, strict=True))
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    shades = ax.contourf(
        first, second, score(grid.reshape(-1, 2)).reshape(120, 120), levels, cmap="Greys", extend="both"
    )
    ax.plot(*X.T, ".", color=NORMAL, markersize=2.5)
    ax.figure.colorbar(shades, ax=ax, label="anomaly score", format="%.2f")
    return ax
