"""Put anomalies of a known kind into a series, so that the truth is known to the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from course_lib.core.parameters import check_whole

KINDS = ("point", "contextual", "collective")

# Ordinary rows left between two anomalies, so that neighbours never merge into one.
GAP = 3


@dataclass(frozen=True, eq=False)
class Planted:
    """A series with anomalies in it.

    Parameters
    ----------
    values : float64 array (n,)
        The series; rows with ``y == 0`` are as they were.
    y : int array (n,)
        1 where an anomaly was planted, else 0.
    kind : str array (n,)
        "" for an ordinary row, else "point", "contextual" or "collective".
    starts : int array (count,)
        First row of each anomaly, ascending.
    """

    values: NDArray[np.float64]
    y: NDArray[np.int64]
    kind: NDArray[np.str_]
    starts: NDArray[np.int64]


def plant(
    series: ArrayLike,
    kind: str,
    count: int = 1,
    *,
    period: int | None = None,
    length: int = 20,
    avoid: ArrayLike | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Planted:
    """Plant `count` anomalies of one kind at random places of a series.

    - "point": a value far outside everything the series holds, by 1 to 1.5 times its whole range, above or below.
    - "contextual": a value that the series has half a period earlier or later, where it differs most: an ordinary
      value at the wrong time, inside the range of the series.
    - "collective": a sensor that is stuck: for `length` rows the value of the first of them. Each value alone is
      ordinary; only the calmest quarter of all stretches is used, where the series itself would have moved little.

    Parameters
    ----------
    series : array-like, shape (n,)
        Finite numbers in the order of time. It is not changed.
    kind : {"point", "contextual", "collective"}
    count : int
        How many anomalies; a collective one has `length` rows and counts once.
    period : int, optional
        Rows in one season (a day, say); only "contextual" needs it.
    length : int
        Rows of a collective anomaly, at least 2.
    avoid : array-like of bool or 0/1, shape (n,), optional
        Rows to leave alone, such as the `y` of a series that has anomalies of another kind already.
    random_state : int, Generator or None
        Same number, same result. None: different each time.

    Returns
    -------
    Planted

    Raises
    ------
    ValueError
        If an argument is not usable, or the series has no room for so many, or shows no season of that period.
    """
    values = _series(series)
    if kind not in KINDS:
        raise ValueError(f"kind must be 'point', 'contextual' or 'collective', but is {kind!r}.")
    count = check_whole("count", count, 0)
    rows = check_whole("length", length, 2) if kind == "collective" else 1
    blocked = np.zeros(len(values), dtype=bool) if avoid is None else np.asarray(avoid).astype(bool)
    if blocked.shape != values.shape:
        raise ValueError(f"avoid must have one entry a row, shape {values.shape}, but has shape {blocked.shape}.")
    generator = generator_of(random_state)
    if kind == "point":
        candidates, replace = _points(values, generator)
    elif kind == "contextual":
        candidates, replace = _contextual(values, period, blocked, generator)
    else:
        candidates, replace = _collective(values, rows, blocked)
    starts = _places(candidates, count, rows, blocked, generator, kind)
    result = Planted(values.copy(), np.zeros(len(values), np.int64), np.full(len(values), "", dtype="<U10"), starts)
    for start in starts:
        run = slice(start, start + rows)
        result.values[run], result.y[run], result.kind[run] = replace(start), 1, kind
    return result


_Replace = Callable[[int], Any]


def _points(values: NDArray[np.float64], generator: np.random.Generator) -> tuple[NDArray[np.intp], _Replace]:
    low, high = values.min(), values.max()

    def replace(_: int) -> float:
        beyond = generator.uniform(1, 1.5) * (high - low)
        return high + beyond if generator.random() < 0.5 else low - beyond

    return np.arange(len(values)), replace


def _contextual(
    values: NDArray[np.float64], period: int | None, blocked: NDArray[np.bool_], generator: np.random.Generator
) -> tuple[NDArray[np.intp], _Replace]:
    if period is None:
        raise ValueError("kind='contextual' needs period, the number of rows in one season.")
    period = check_whole("period", period, 2)
    if len(values) < 2 * period:
        raise ValueError(f"period={period} needs a series of at least {2 * period} rows, but it has {len(values)}.")
    # The value comes from half a season earlier or later, by chance; rows whose source is not to be had drop out.
    source = np.arange(len(values)) + generator.choice((-1, 1), len(values)) * (period // 2)
    usable = (source >= 0) & (source < len(values)) & ~blocked
    source = np.clip(source, 0, len(values) - 1)
    usable &= ~blocked[source]
    contrast = np.abs(values[source] - values)
    most = np.quantile(contrast[usable], 0.75) if usable.any() else 0.0
    repeats = np.median(np.abs(values[period:] - values[:-period]))
    if most <= 2 * repeats:
        raise ValueError(
            f"The series shows no clear season of period={period} rows (it changes by {most:.3g} in half a period and "
            f"by {repeats:.3g} in a whole one), so no time is wrong for a value: give the right period."
        )
    return np.flatnonzero(usable & (contrast >= most)), lambda row: values[source[row]]


def _collective(
    values: NDArray[np.float64], rows: int, blocked: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], _Replace]:
    if len(values) < rows + 2:
        raise ValueError(f"length={rows} needs a series of at least {rows + 2} rows, but it has {len(values)}.")
    windows = sliding_window_view(values, rows)
    change = np.abs(windows - windows[:, :1]).max(axis=1)
    # A stretch that stands still already would not be changed.
    free = (change > 0) & ~sliding_window_view(blocked, rows).any(axis=1)
    limit = np.quantile(change[free], 0.25) if free.any() else 0.0
    return np.flatnonzero(free & (change <= limit)), lambda row: values[row]


def _places(
    candidates: NDArray[np.intp],
    count: int,
    rows: int,
    blocked: NDArray[np.bool_],
    generator: np.random.Generator,
    kind: str,
) -> NDArray[np.int64]:
    """`count` of the candidates in random order, each run free of `blocked` and `GAP` rows away from any other."""
    taken = blocked.copy()
    starts: list[int] = []
    for start in generator.permutation(candidates):
        if len(starts) == count:
            break
        around = slice(max(start - GAP, 0), start + rows + GAP)
        if not taken[around].any():
            taken[start : start + rows] = True
            starts.append(int(start))
    if len(starts) < count:
        raise ValueError(
            f"The series has room for {len(starts)} {kind} anomalies, but {count} were asked for: "
            "ask for fewer, or give a longer series."
        )
    return np.sort(np.array(starts, dtype=np.int64))


def _series(series: ArrayLike) -> NDArray[np.float64]:
    try:
        values = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("series must be numbers in one dimension, but holds something else.") from None
    if values.ndim != 1:
        raise ValueError(f"series must have one dimension, but has shape {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError(f"series must be finite, but row {np.flatnonzero(~np.isfinite(values))[0]} is not.")
    if len(values) < 3 or values.min() == values.max():
        raise ValueError("series must have at least 3 rows and two different values, or nothing in it is ordinary.")
    return values


def generator_of(random_state: int | np.random.Generator | None) -> np.random.Generator:
    """A generator of its own, so that nobody else's random numbers are touched."""
    if isinstance(random_state, np.random.Generator) or random_state is None:
        return np.random.default_rng(random_state)
    whole_number = isinstance(random_state, (int, np.integer)) and not isinstance(random_state, (bool, np.bool_))
    if not whole_number or random_state < 0:
        raise ValueError(f"random_state must be None, a whole number from 0 or a Generator, but is {random_state!r}.")
    return np.random.default_rng(random_state)
