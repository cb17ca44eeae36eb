"""Numbers and times as a person on call reads them."""

from __future__ import annotations

import numpy as np

from course_lib.explain.incident_page.facts import Suspect

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def number(value: float, digits: int = 4) -> str:
    """So many significant digits, no exponent where it can be avoided."""
    thousands = 10**digits <= abs(value) < 1e9
    text = f"{value:,.0f}" if thousands else f"{value:.{digits}g}"
    return text.replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share in whole percent, without rounding something to nothing."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def moment(times: np.ndarray, row: int) -> str:
    """When a row was: a date and time to the minute (or second), or the row's number."""
    if times.dtype.kind != "M":
        return f"row {number(float(times[row]))}" if times.dtype.kind in "iuf" else str(times[row])
    seconds = times.astype("datetime64[s]")
    unit = "m" if (seconds.astype(np.int64) % 60 == 0).all() else "s"
    return str(seconds[row].astype(f"datetime64[{unit}]")).replace("T", " ")


def duration(times: np.ndarray, first: int, last: int) -> str:
    """How long the rows `first` to `last` last, the step of the last one included."""
    count = last - first + 1
    rows = f"{count} row{'' if count == 1 else 's'}"
    if times.dtype.kind != "M" or len(times) < 2:
        return rows
    step = np.median(np.diff(times).astype("timedelta64[s]").astype(np.int64))
    seconds = float((times[last] - times[first]).astype("timedelta64[s]").astype(np.int64) + step)
    for size, unit in _UNITS:
        if seconds >= size:
            amount = round(seconds / size, 1)
            return f"{amount:g} {unit}{'' if amount == 1 else 's'} ({rows})"
    return rows


def reading(suspect: Suspect) -> str:
    """A reading against its ordinary range."""
    ordinary = f"{number(suspect.low)} to {number(suspect.high)}"
    if suspect.direction == "inside":
        return f"{number(suspect.value)}, ordinary by itself ({ordinary}), but not together with the rest"
    return f"{number(suspect.value)}, {suspect.direction} its ordinary range of {ordinary}"


def in_short(suspect: Suspect) -> str:
    """The same in few words."""
    return f"{number(suspect.value)}; ordinary: {number(suspect.low)} to {number(suspect.high)}"


def listed(parts: list[str]) -> str:
    """One, two and three: a list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
