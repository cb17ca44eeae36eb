"""Parameters of online models: refuse what is out of range, in one sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def check_number(name: str, value: Any, low: float, high: float = math.inf) -> None:
    """Raise ValueError unless `value` is a number above `low` and below `high`."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not low < value < high:
        wanted = f"above {low:g}" if high == math.inf else f"between {low:g} and {high:g}, both excluded"
        raise ValueError(f"{name} must be a number {wanted}, but is {value!r}.")
