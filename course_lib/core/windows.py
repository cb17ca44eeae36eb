"""Cut series into overlapping windows without copying, and bring window scores back to one score per timestamp."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib.core.window_layout import breaks_in_time, plan_windows
from course_lib.core.window_plan import Spreader, WindowPlan, score_by_windows

__all__ = [
    "Spreader",
    "WindowPlan",
    "breaks_in_time",
    "plan_windows",
    "score_by_windows",
    "scores_per_timestamp",
    "sliding_windows",
]


def sliding_windows(series: np.ndarray, length: int, stride: int = 1) -> np.ndarray:
    """All windows of a series, as a read-only view.

    Parameters
    ----------
    series : ndarray, shape (n,) or (n, n_features)
    length : int
        Timestamps in a window.
    stride : int
        Timestamps from one window's start to the next.

    Returns
    -------
    ndarray, shape (n_windows, length) or (n_windows, length, n_features)
        Window i starts at timestamp ``i * stride``.

    Raises
    ------
    ValueError
        If the series has another rank, or `length` or `stride` does not fit it.
    """
    series = np.asarray(series)
    if series.ndim not in (1, 2):
        raise ValueError(f"series needs shape (n,) or (n, n_features), but has shape {series.shape}.")
    if not 1 <= length <= len(series):
        raise ValueError(f"length must lie between 1 and the series' {len(series)} timestamps, but is {length}.")
    if stride < 1:
        raise ValueError(f"stride must be at least 1, but is {stride}.")
    windows = sliding_window_view(series, length, axis=0)[::stride]
    return windows if series.ndim == 1 else windows.transpose(0, 2, 1)


def scores_per_timestamp(scores: np.ndarray, n: int, length: int, stride: int = 1) -> np.ndarray:
    """Give each of `n` timestamps the mean score of the windows that cover it.

    Parameters
    ----------
    scores : ndarray, shape (n_windows,)
        One score for each window of ``sliding_windows(series, length, stride)``.

    Returns
    -------
    ndarray, shape (n,)
        Timestamps that no window covers (a stride that leaves gaps or a rest) take the score of the window before.
    """
    scores = np.asarray(scores, dtype=float)
    starts = np.arange(0, n - length + 1, stride)
    if scores.shape != starts.shape or not len(starts):  # none at all: the series is shorter than a window
        raise ValueError(
            f"{n} timestamps in windows of {length} with stride {stride} make {len(starts)} windows, "
            f"but there are {scores.size} scores: pass one score for each window, and at least one."
        )
    total, cover = np.zeros(n), np.zeros(n)
    for offset in range(length):  # one pass for each place in the window: no rounding error builds up
        total[starts + offset] += scores
        cover[starts + offset] += 1
    covered = cover > 0
    result = scores[np.minimum(np.arange(n) // stride, len(scores) - 1)]
    result[covered] = total[covered] / cover[covered]
    return result
