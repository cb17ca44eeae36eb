"""Networks and their training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL, make_axes


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
    ax = make_axes(ax, title, "epoch", "loss (mean squared error)")
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
