"""From the bytes of a packet to an event, or to the reason why it is none.

One event is one JSON object, UTF-8, at most `Limits.bytes` long (a line, in files and over TCP)::

    {"key": "plant-1/pump-3", "x": [20.5, 1.3], "t": 1735689600.0, "sent": 1735689600.02}

key
    Which stream it belongs to: printable text. What stands before the first "/" is the stream's group.
x
    A number, a list of numbers, or an object of named numbers; null is a missing number.
t
    Optional. When it happened, seconds since 1970.
sent
    Optional. When it was sent, seconds since 1970: makes the delay from there to the score measurable.

Other fields are ignored. NaN and Infinity are not JSON and are refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

# Python's numbers and NumPy's.
_NUMBER: Any = Real


class Event(NamedTuple):
    """One reading of one stream; `x` is a row, or a mapping if the numbers have names. NaN stands for a missing one."""

    key: str
    x: list[float] | dict[str, float]
    t: float | None
    sent: float | None


@dataclass(frozen=True)
class Limits:
    """How much of a stranger's packet the service believes.

    Parameters
    ----------
    bytes : int
        Longest event. Longer ones are not looked at.
    key : int
        Longest key or name of a number, in characters.
    features : int
        Numbers in one event.
    magnitude : float
        Largest absolute number: one reading of 1e300 would make a running variance infinite for ever.
    """

    bytes: int = 2048
    key: int = 128
    features: int = 64
    magnitude: float = 1e12

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise ValueError(f"The limit {name} must be a positive number, but is {value!r}.")


class Malformed(ValueError):
    """An event that cannot be used; `reason` is one of a few words, good for counting."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _no_constant(name: str) -> Any:
    raise Malformed("not JSON")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def parse(payload: bytes | Mapping[str, Any], limits: Limits) -> Event:
    """Read one event.

    Parameters
    ----------
    payload : bytes or mapping
        What came, or an object already decoded.
    limits : Limits

    Returns
    -------
    Event

    Raises
    ------
    Malformed
        Whatever is wrong with it; never another exception.
    """
    if isinstance(payload, bytes):
        if len(payload) > limits.bytes:
            raise Malformed("too long")
        try:
            record = _decode(payload.decode())
        except UnicodeDecodeError:
            raise Malformed("not UTF-8") from None
        except Malformed:
            raise
        except ValueError:  # JSONDecodeError, and integers of thousands of digits
            raise Malformed("not JSON") from None
        except RecursionError:
            raise Malformed("nested too deeply") from None
    else:
        record = payload
    if not isinstance(record, Mapping):
        raise Malformed("not an object")
    x: Any = record.get("x")
    x = x.tolist() if hasattr(x, "tolist") else x  # arrays, from sources inside this process
    if type(x) is list:
        row: list[float] | dict[str, float] = _row(x, limits)
    elif isinstance(x, Mapping):
        if not all(_is_name(name, limits) for name in x):
            raise Malformed("bad name")
        row = dict(zip(x, _row(list(x.values()), limits), strict=True))
    else:
        row = _row([x], limits)
    key: Any = record.get("key")
    if not _is_name(key, limits):
        raise Malformed("bad key")
    return Event(key, row, _moment(record.get("t"), limits), _moment(record.get("sent"), limits))


def _is_name(text: Any, limits: Limits) -> bool:
    # Printable: keys end up in logs and on screens, where control characters could forge lines.
    return type(text) is str and 0 < len(text) <= limits.key and text.isprintable()


def _row(values: list[Any], limits: Limits) -> list[float]:
    if not 0 < len(values) <= limits.features:
        raise Malformed("wrong number of numbers")
    row, missing, largest = [], 0, limits.magnitude
    for value in values:
        if value is None:
            missing += 1
            row.append(math.nan)
        elif type(value) is float or (isinstance(value, _NUMBER) and not isinstance(value, bool)):
            if not abs(value) <= largest:
                raise Malformed("number too large" if value == value else "not a number")
            row.append(float(value))
        else:
            raise Malformed("not a number")
    if missing == len(row):
        raise Malformed("no number")
    return row


def _moment(value: Any, limits: Limits) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, _NUMBER) or not abs(value) <= limits.magnitude:
        raise Malformed("bad time")
    return float(value)
