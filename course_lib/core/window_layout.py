"""Where windows begin in a series, and where readings are missing so that no window may reach across."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.window_plan import WindowPlan

PADDINGS = ("short", "start", "none")


def plan_windows(n: int, length: int, stride: int = 1, *, breaks: Any = None, padding: str = "short") -> WindowPlan:
    """Lay windows over a series, each within one stretch between two breaks.

    The last window of every stretch ends at its last row, if need be less than a stride after the window before.

    Parameters
    ----------
    n : int
        Rows of the series.
    length, stride : int
        Rows in a window, and from one window's start to the next.
    breaks : array-like of int, optional
        Rows that begin a new stretch, see :func:`breaks_in_time`. None: the series is one stretch.
    padding : {"short", "start", "none"}
        "short" fills up stretches shorter than a window, in front, with their first row. "start" does it with every
        stretch, so that a window ends at each row from the first on. "none" refuses stretches that are too short.

    Returns
    -------
    WindowPlan

    Raises
    ------
    ValueError
        If an argument is not usable.
    """
    for name, value in (("n", n), ("length", length), ("stride", stride)):
        check_whole(name, value, 1)
    if padding not in PADDINGS:
        raise ValueError(f"padding must be 'short', 'start' or 'none', but is {padding!r}.")
    starts, first, last = [], [], []
    for begin, end in _stretches(n, breaks):
        if end - begin < length and padding == "none":
            raise ValueError(
                f"The stretch from row {begin} to {end - 1} has {end - begin} rows and a window {length}: choose a "
                "shorter length, or padding='short'."
            )
        final = end - length  # the start of the window that ends at the last row; before `begin` in a short stretch
        lowest = begin - length + 1 if padding == "start" else min(begin, final)
        here = np.arange(lowest, final + 1, stride)
        if here[-1] != final:
            here = np.append(here, final)
        starts.append(here)
        first.append(np.full(len(here), begin))
        last.append(np.full(len(here), end - 1))
    return WindowPlan(int(n), int(length), np.concatenate(starts), np.concatenate(first), np.concatenate(last))


def _stretches(n: int, breaks: Any) -> list[tuple[int, int]]:
    """Begin and end (excluded) of each stretch."""
    breaks = np.asarray([] if breaks is None else breaks)
    if not len(breaks):
        return [(0, n)]
    if breaks.ndim != 1 or breaks.dtype.kind not in "iu" or breaks.min() < 1 or breaks.max() >= n:
        raise ValueError(
            f"breaks must be whole row numbers from 1 to {n - 1}, the rows that begin a new stretch, but hold "
            f"{breaks.ravel()[:5].tolist()}."
        )
    edges = [0, *np.unique(breaks).tolist(), n]
    return list(pairwise(edges))


def breaks_in_time(timestamps: Any, interval: Any = None) -> np.ndarray:
    """Rows before which readings are missing, so that a window must not reach across.

    Parameters
    ----------
    timestamps : array-like of datetime64 or numbers, shape (n,)
        Increasing.
    interval : timedelta64 or number, optional
        The ordinary step, by default the median step. A step longer than 1.5 intervals is a gap.

    Returns
    -------
    ndarray of int
        The first row after each gap.

    Raises
    ------
    ValueError
        If the timestamps do not increase.
    """
    timestamps = np.asarray(timestamps)
    if timestamps.ndim != 1:
        raise ValueError(f"timestamps need shape (n,), but have shape {timestamps.shape}.")
    steps = np.diff(timestamps)
    zero = steps.dtype.type(0)
    back = np.flatnonzero(~(steps > zero))
    if len(back):
        row = int(back[0]) + 1
        raise ValueError(
            f"timestamps must increase, but row {row} ({timestamps[row]}) does not come after row {row - 1} "
            f"({timestamps[row - 1]}): sort the rows and drop repeated ones first."
        )
    if not len(steps):
        return np.array([], dtype=np.intp)
    usual = np.median(steps.astype(np.int64)).astype(steps.dtype) if steps.dtype.kind == "m" else np.median(steps)
    return np.flatnonzero(steps > 1.5 * (usual if interval is None else interval)) + 1
