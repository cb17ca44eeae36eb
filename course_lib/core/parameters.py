"""Parameters that must be whole numbers: refuse what is out of range, in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_whole(value: Any, least: int) -> bool:
    """Whether `value` is a whole number of at least `least`; True and False are none."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and bool(value >= least)


def check_whole(name: str, value: Any, least: int) -> int:
    """Return `value` as an int of at least `least`, or raise a ValueError about the parameter `name`."""
    if not is_whole(value, least):
        raise ValueError(f"{name} must be a whole number of at least {least}, but is {value!r}.")
    return int(value)
