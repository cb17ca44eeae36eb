"""A few curves over one axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib.plots.style import NEUTRAL, make_axes

_STYLES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D")
_FEW = 12  # points that get markers


def lines(
    x: Any,
    curves: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    title: str,
    log: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Curves that can be told apart in grey: each in its own style, with markers where there are few points.

    Parameters
    ----------
    x : array-like, shape (n,)
    curves : mapping of name to array-like, shape (n,)
        At most four.
    log : {"", "x", "y", "xy"}
        Axes with a logarithmic scale; the values of `x` then are the ticks.
    """
    x = np.asarray(x)
    ax = make_axes(ax, title, xlabel, ylabel)
    for (name, values), style, marker in zip(curves.items(), _STYLES, _MARKERS, strict=False):
        ax.plot(x, values, style, color=NEUTRAL, marker=marker if len(x) <= _FEW else "", markersize=4, label=name)
    if "y" in log:
        ax.set_yscale("log")
    if "x" in log:
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    if len(curves) > 1:
        ax.legend(frameon=False)
    return ax
