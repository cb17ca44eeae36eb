"""What a running service does: its queue, and what became of the events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL, make_axes

FLOWS = {"received": (NEUTRAL, "-"), "scored": (NORMAL, "--"), "dropped": (ANOMALY, ":")}


def service(log: Any, *, capacity: int, title: str, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """The length of a queue over time, and below it what came, was scored and was dropped in each second.

    Made to be called again and again with a log that grows, on the same axes: a live chart.

    Parameters
    ----------
    log : array-like, shape (n, 5)
        Seconds, events waiting, and the counts of received, scored and dropped events so far.
    capacity : int
        Size of the queue, drawn as a line.
    """
    if axes is None:
        axes = plt.subplots(2, 1, figsize=(6.4, 4.2), sharex=True, layout="constrained")[1]
    assert axes is not None
    log = np.asarray(log, dtype=float).reshape(-1, 5)
    for ax in axes:
        ax.clear()
    make_axes(axes[0], title, "", "events waiting")
    axes[0].fill_between(log[:, 0], log[:, 1], color=NORMAL)
    axes[0].axhline(capacity, color=NEUTRAL, linestyle=":", label="size of the queue")
    axes[0].set_ylim(0, 1.3 * capacity)
    axes[0].legend(frameon=False, loc="upper right")
    make_axes(axes[1], "", "time, s", "events a second")
    speeds = np.diff(log[:, 2:], axis=0) / np.diff(log[:, :1], axis=0)
    for speed, (name, (color, style)) in zip(speeds.T, FLOWS.items(), strict=True):
        axes[1].plot(log[1:, 0], speed, style, color=color, linewidth=2, label=name)
    axes[1].set_ylim(0, 1.35 * max(speeds.max(initial=0.0), 1.0))
    axes[1].legend(frameon=False, ncols=3, loc="upper right")
    return axes
