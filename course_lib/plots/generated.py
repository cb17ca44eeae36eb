"""What a generator makes while it learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from course_lib.plots.style import NEUTRAL, NORMAL


def snapshots(frames: Sequence[Any], real: Any, *, labels: Sequence[str], title: str) -> np.ndarray:
    """Generated rows with two features at several moments, dark crosses on the real ones, light dots.

    All panels have the same axes, which hold every real row; what a generator puts outside them is not drawn.

    Parameters
    ----------
    frames : sequence of k array-likes, shape (n, 2)
        What the generator made at each moment.
    real : array-like, shape (m, 2)
    labels : sequence of k str
        One above each panel.

    Returns
    -------
    ndarray of Axes, shape (k,)
    """
    real = np.asarray(real)
    figure, axes = plt.subplots(
        1, len(frames), figsize=(2.1 * len(frames), 2.6), squeeze=False, sharex=True, sharey=True, layout="constrained"
    )
    low, high = real.min(axis=0), real.max(axis=0)
    room = 0.15 * (high - low)
    for ax, frame, label in zip(axes[0], frames, labels, strict=True):
        ax.plot(*real.T, ".", color=NORMAL, markersize=2, label="real")
        ax.plot(*np.asarray(frame).T, "x", color=NEUTRAL, markersize=3, markeredgewidth=0.7, label="generated")
        ax.set_title(label, fontsize=9)
        ax.set(xlabel="$x_1$", xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("$x_2$")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, frameon=False, markerscale=3)
    figure.suptitle(title, fontsize=11)
    return axes[0]
