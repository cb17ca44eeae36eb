"""The colours of the course, and axes without clutter."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

NORMAL = "#6BB5E8"
ANOMALY = "#B23A00"
NEUTRAL = "#444444"


def make_axes(ax: Axes | None, title: str, xlabel: str, ylabel: str) -> Axes:
    """Label `ax`, or new axes, and take the frame away above and to the right."""
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
