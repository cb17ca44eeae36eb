"""Statistics of a window that moves along a series: arrays or tensors in, the same kind out, in linear time.

All windows are trailing: the value at time t describes the `window` values up to and including t, at the start of the
series as many as there are. A series has shape (n,) or (n, n_features), time along the first axis. Results are float64
(float32 on Apple's GPUs, which have nothing longer).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.validation import to_numpy
from course_lib.statistics.z_score import check_ddof

BLOCK = 64  # timestamps whose decayed sum is one matrix product


def rolling_mean(x: Any, window: int) -> Any:
    """Mean of the last `window` values, shape of `x`."""
    return rolling_moments(x, window)[0]


def rolling_std(x: Any, window: int, ddof: int = 0) -> Any:
    """Standard deviation of the last `window` values, shape of `x`; 0 where there are no more than `ddof` values."""
    return rolling_moments(x, window, ddof)[1] ** 0.5


def rolling_moments(x: Any, window: int, ddof: int = 0) -> tuple[Any, Any]:
    """Mean and variance of the last `window` values.

    The series is cut into blocks of `window` values, so that every window is the end of one block and the start of
    the next. Running sums inside a block, from either side, and one merge a timestamp (Chan, Golub and LeVeque, 1983)
    give all windows in linear time. Nothing is ever subtracted that left the window, so neither a large offset nor a
    huge value of the past costs digits.

    Parameters
    ----------
    x : array-like or tensor, shape (n,) or (n, n_features)
    window : int
        Number of values.
    ddof : int
        The sum of squares is divided by the number of values minus `ddof`.

    Returns
    -------
    mean, variance : as `x`, floats

    Raises
    ------
    ValueError
        If `x` is empty, not finite or of another rank, or `window` or `ddof` does not fit.
    """
    xp, columns, restore = _columns(x)
    check_whole("window", window, 1)
    check_ddof(ddof, window)
    n = columns.shape[1]
    w = min(int(window), n)
    # The last block is filled up with values from the start; what they lead to is cut off again.
    blocks = xp.concatenate([columns, columns[:, : -n % w]], 1).reshape(len(columns), -1, w)
    mean, squares = _running_moments(xp, blocks)
    tail_mean, tail_squares = (xp.flip(part, (2,)) for part in _running_moments(xp, xp.flip(blocks, (2,))))
    first, last = blocks[..., :1], blocks[..., -1:]
    count = xp.arange(1, w, **_like(xp, columns))
    old = w - count  # values of a full window that lie in the block before; a block's last window has none
    gap = (tail_mean[:, :-1, 1:] - mean[:, 1:, :-1]) + (last[:, :-1] - first[:, 1:])
    mean[:, 1:, :-1] += gap * (old / w)
    squares[:, 1:, :-1] += tail_squares[:, :-1, 1:] + gap**2 * (old * count / w)
    mean += first
    mean, squares = (part.reshape(len(columns), -1)[:, :n] for part in (mean, squares))
    size = xp.clip(xp.arange(1, n + 1, **_like(xp, columns)), 1, w)
    return restore(mean), restore(squares * (size > ddof) / xp.clip(size - ddof, 1, w))


def _running_moments(xp: Any, blocks: Any) -> tuple[Any, Any]:
    """Mean and sum of squared deviations of a block's first value, first two, ..., for all blocks, (d, n_blocks, w).

    The mean is given relative to the block's first value: next to a large offset it would lose its last digits.
    """
    count = xp.arange(1, blocks.shape[-1] + 1, **_like(xp, blocks))
    gap = blocks - blocks[..., :1]
    mean = xp.cumsum(gap, -1) / count
    # Welford's update, all at once: each new value adds a square, so there is nothing to cancel.
    added = (gap[..., 1:] - mean[..., :-1]) ** 2 * (count[:-1] / count[1:])
    return mean, xp.concatenate([gap[..., :1], xp.cumsum(added, -1)], -1)


def rolling_median(x: Any, window: int) -> Any:
    """Median of the last `window` values, shape of `x`, in O(n log window).

    scipy's rank filter keeps the window sorted in two heaps (old releases search it instead, which takes longer);
    pandas takes over where the window is not full yet. Tensors are taken to the processor and back.
    """
    import pandas as pd
    from scipy.ndimage import rank_filter

    check_whole("window", window, 1)
    series = np.ascontiguousarray(_columns(to_numpy(x))[1])
    n, w = series.shape[1], int(window)
    result = np.empty_like(series)
    for values, medians in zip(series, result, strict=True):
        medians[: w - 1] = pd.Series(values[: w - 1]).expanding().median()
        if w <= n:
            low = rank_filter(values, (w - 1) // 2, size=w)
            high = rank_filter(values, w // 2, size=w) if w % 2 == 0 else low
            start = w // 2  # the filter's windows are centred: the first full one stands at its middle
            medians[w - 1 :] = ((low + high) / 2)[start : start + n - w + 1]
    xp, columns, restore = _columns(x)
    return restore(xp.asarray(result, **_like(xp, columns)))


def ewma(x: Any, alpha: float) -> Any:
    """Exponentially weighted moving average, ``m[t] = (1 - alpha) m[t - 1] + alpha x[t]`` with ``m[0] = x[0]``.

    Parameters
    ----------
    x : array-like or tensor, shape (n,) or (n, n_features)
    alpha : float in (0, 1]
        Weight of the newest value; about ``2 / alpha`` values count.

    Returns
    -------
    as `x`, floats
    """
    return ewm_moments(x, alpha)[0]


def ewm_moments(x: Any, alpha: float) -> tuple[Any, Any]:
    """Exponentially weighted mean and variance, ``v[t] = (1 - alpha) (v[t - 1] + alpha (x[t] - m[t - 1])^2)``.

    These are pandas' ``ewm(alpha=alpha, adjust=False)`` with ``mean()`` and ``var(bias=True)``. The series is cut into
    blocks; inside one the recursion is a product with a triangular matrix, between blocks it is a recursion again.
    """
    xp, columns, restore = _columns(x)
    check_alpha(alpha)
    keep = 1 - float(alpha)
    middle = xp.median(columns, 1)
    middle = (middle if xp is np else middle.values)[:, None]
    gap = columns - middle  # a large offset would eat the digits of the products
    mean = _decayed_sum(xp, xp.concatenate([gap[:, :1], gap[:, 1:] * alpha], 1), keep)
    surprise = gap[:, 1:] - mean[:, :-1]
    variance = _decayed_sum(xp, xp.concatenate([gap[:, :1] * 0, keep * alpha * surprise**2], 1), keep)
    return restore(mean + middle), restore(variance)


def _decayed_sum(xp: Any, values: Any, keep: float) -> Any:
    """``s[t] = keep * s[t - 1] + values[t]`` along the last axis of (d, n)."""
    d, n = values.shape
    blocks = xp.concatenate([values, xp.zeros((d, -n % BLOCK), **_like(xp, values))], 1).reshape(d, -1, BLOCK)
    age = xp.arange(BLOCK, **_like(xp, values))
    weights = xp.tril(keep ** xp.clip(age[:, None] - age, 0, None))
    sums = blocks @ weights.T
    if n > BLOCK:
        carried = _decayed_sum(xp, sums[:, :-1, -1], keep**BLOCK)
        sums[:, 1:] += carried[:, :, None] * keep ** (age + 1)
    return sums.reshape(d, -1)[:, :n]


def check_alpha(alpha: float) -> None:
    """Raise ValueError unless `alpha` is a number above 0 and not above 1."""
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not 0 < alpha <= 1:
        raise ValueError(f"alpha must lie above 0 and not above 1, but is {alpha!r}.")


def _columns(x: Any) -> tuple[Any, Any, Callable[[Any], Any]]:
    """The library of `x`, its columns as rows of floats, shape (d, n), and how to come back to the shape of `x`."""
    if hasattr(x, "detach"):
        import torch

        xp: Any = torch
        series = x.detach()
        series = series.to(torch.float32 if series.device.type == "mps" else torch.float64)
    else:
        xp, series = np, np.asarray(x, dtype=np.float64)
    if series.ndim not in (1, 2) or 0 in series.shape:
        raise ValueError(
            f"A series needs shape (n,) or (n, n_features) with values in it, but has shape {tuple(series.shape)}."
        )
    if not xp.isfinite(series).all():
        bad = int((~xp.isfinite(series)).sum())
        raise ValueError(f"The series holds {bad} values that are NaN or infinite: fill them or leave them out.")
    if series.ndim == 1:
        return xp, series[None], lambda result: result[0]
    return xp, series.T, lambda result: result.T


def _like(xp: Any, values: Any) -> dict[str, Any]:
    """Keywords that make a new array of the kind, and on the device, of `values`."""
    return {"dtype": values.dtype} if xp is np else {"dtype": values.dtype, "device": values.device}
