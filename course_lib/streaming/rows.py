"""Turn whatever comes as an event, or a block of events, into floats: NaN where a feature is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from course_lib.core.validation import to_numpy

NAN = math.nan


def names_of(x: Mapping[Any, Any]) -> list[str]:
    """The names of a mapping's features, sorted."""
    odd = [name for name in x if not isinstance(name, str)]
    if odd:
        raise TypeError(f"Features need text as their names, but one is called {odd[0]!r}: use a row or name them.")
    return sorted(x)


def named_row(x: Mapping[str, Any], names: list[str], who: str) -> list[Any]:
    """The values of a mapping in the order of `names`, NaN where one is missing."""
    known = set(names)
    strange = [name for name in x if name not in known]
    if strange:
        raise ValueError(
            f"{who} has learnt the features {_some(names)} and does not know {strange[0]!r}: pass the same names."
        )
    return [x.get(name) for name in names]


def clean_row(row: Iterable[Any], who: str) -> tuple[list[float], bool]:
    """Floats, and whether all of them are there.

    Raises
    ------
    ValueError, TypeError
        One sentence about the first value that is infinite or no number.
    """
    values, complete = [], True
    for place, value in enumerate(row):
        if value is None:
            number = NAN
        elif isinstance(value, (str, bytes, complex)):
            raise TypeError(
                f"{who} needs numbers, but value {place} of the event is {value!r}: turn it into one first."
            )
        else:
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise TypeError(
                    f"{who} needs numbers, but value {place} of the event is a {type(value).__name__}: "
                    "an event is one row."
                ) from None
        if math.isinf(number):
            raise ValueError(f"Value {place} of the event is infinite and {who} cannot work with it: leave it out.")
        complete = complete and number == number
        values.append(number)
    return values, complete


def listed(x: Any, who: str) -> list[Any]:
    """A row or a single number as a list."""
    x = to_numpy(x)
    if isinstance(x, np.ndarray):
        if x.ndim > 1:
            raise ValueError(
                f"{who} takes one event, shape (n_features,), but got shape {x.shape}: use the _many form."
            )
        return x.reshape(-1).tolist()
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{who} needs numbers, but the event is the text {x!r}: turn it into numbers first.")
    if isinstance(x, Iterable):
        return list(x)
    return [x]


def block_of(X: Any, names: list[str] | None, who: str) -> tuple[np.ndarray, list[str] | None]:
    """A block of events as float64, shape (n, n_features), and the names of its columns if it has any.

    Parameters
    ----------
    X : array-like or tensor (n, n_features) or (n,), DataFrame, or list of mappings
    names : list of str or None
        What the detector learnt to expect; columns are brought into this order.
    """
    if hasattr(X, "columns") and hasattr(X, "to_numpy"):
        own = [str(name) for name in X.columns]
        wanted = own if names is None else names
        named_row(dict.fromkeys(own), wanted, who)
        X = X.set_axis(own, axis=1).reindex(columns=wanted)
        return _floats(X, who), wanted
    X = to_numpy(X)
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], Mapping):
        wanted = names_of(X[0]) if names is None else names
        return np.array([clean_row(named_row(x, wanted, who), who)[0] for x in X]).reshape(len(X), -1), wanted
    return _floats(X, who), None


def _floats(X: Any, who: str) -> np.ndarray:
    try:
        array = np.asarray(X)
        if array.dtype.kind not in "fiub":
            if array.dtype.kind in "USc":
                raise TypeError
            array = array.astype(np.float64)  # None becomes NaN
        array = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{who} needs a table of numbers, but X holds text, objects or uneven rows.") from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{who} needs events of shape (n, n_features), but X has shape {array.shape}.")
    infinite = np.isinf(array)
    if infinite.any():
        row, column = (int(i) for i in np.argwhere(infinite)[0])
        raise ValueError(f"X contains inf (first in row {row}, column {column}): leave such values out or clip them.")
    return array


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
