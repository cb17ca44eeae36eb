"""One alarm for one incident: flags that follow shortly upon an alarm are left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy


def spaced_alarms(flags: Any, pause: int) -> np.ndarray:
    """Keep the first flag, drop those within `pause` rows after it, keep the next, and so on.

    Parameters
    ----------
    flags : array-like of bool or 0/1, shape (n,)
    pause : int
        Rows of silence after an alarm; 0 keeps all.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    alarms = np.zeros(len(np.asarray(to_numpy(flags))), dtype=bool)
    silent_until = -1
    for row in np.flatnonzero(to_numpy(flags)).tolist():
        if row > silent_until:
            alarms[row] = True
            silent_until = row + pause
    return alarms
