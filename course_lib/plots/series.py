"""Series over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from course_lib.plots.style import ANOMALY, NORMAL, make_axes


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
    ax = make_axes(ax, title, xlabel, ylabel)
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
