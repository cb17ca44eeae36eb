"""What stands in for a NAB series without a network: a simulated temperature with four failures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

SUBSTITUTE_SOURCE = "Not NAB but a simulated machine temperature: 12,000 readings with four failures."

_ROWS, _PER_DAY = 12_000, 288
_FAILURES = (3_100, 5_400, 8_000, 10_600)  # first rows; nothing happens in the first ten days
_LASTS, _WINDOW = 240, 300


def simulated_failures() -> tuple[
    NDArray[np.datetime64], NDArray[np.float64], list[np.datetime64], list[tuple[np.datetime64, np.datetime64]]
]:
    """A machine's temperature every five minutes, the same at every call.

    It wanders slowly around 90 degrees. In a failure it falls by 35 degrees within three hours, stays low and comes
    back. As in NAB the windows hold a tenth of all readings and begin a little before the fall.

    Returns
    -------
    timestamps : datetime64[s] array (n,)
    values : float64 array (n,)
    labels : list of datetime64[s]
        Where each failure begins.
    windows : list of (datetime64[s], datetime64[s])
    """
    generator = np.random.default_rng(0)
    memory = np.exp(-1 / _PER_DAY)
    shocks = generator.normal(scale=5 * np.sqrt(1 - memory**2), size=_ROWS)
    values = 90 + lfilter([1.0], [1.0, -memory], shocks) + generator.normal(scale=0.8, size=_ROWS)
    course = np.minimum(np.minimum(np.arange(_LASTS) / 36, 1), np.arange(_LASTS)[::-1] / 12)
    for start in _FAILURES:
        values[start : start + _LASTS] -= 35 * course
    timestamps = np.datetime64("2024-01-01", "s") + np.arange(_ROWS) * np.timedelta64(86_400 // _PER_DAY, "s")
    before = (_WINDOW - _LASTS) // 2
    windows = [(timestamps[start - before], timestamps[start - before + _WINDOW - 1]) for start in _FAILURES]
    return timestamps, values, [timestamps[start] for start in _FAILURES], windows
