"""Simulated card transactions: who paid how much, where and at what hour, with planted anomalies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_lib.core.parameters import check_whole
from course_lib.data.planting import KINDS, generator_of

if TYPE_CHECKING:
    import pandas as pd

# Occasions to pay: place, share of all payments, usual amount in euros, usual hour and its spread.
_OCCASIONS = (
    ("bakery", 0.25, 4.5, 8.5, 1.2),
    ("supermarket", 0.31, 35.0, 17.0, 2.0),
    ("fuel", 0.12, 55.0, 17.0, 3.0),
    ("restaurant", 0.12, 14.0, 12.8, 0.6),
    ("restaurant", 0.08, 42.0, 20.0, 1.0),
    ("clothes", 0.07, 60.0, 15.0, 2.0),
    ("electronics", 0.05, 180.0, 15.0, 2.0),
)
# Spread of the logarithm of an amount: between customers, and between payments of one customer on one occasion.
_CUSTOMERS, _PAYMENTS = 0.25, 0.25
# A contextual amount is at least this many times what is usual for this customer on this occasion (5 spreads).
_WRONG = float(np.exp(5 * _PAYMENTS))


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedTransactions:
    """Card transactions with planted anomalies.

    Parameters
    ----------
    data : DataFrame, n rows
        Columns timestamp, customer (a number), place, hour (0 to 23), amount (euros); ordered by timestamp.
    y : int array (n,)
        1 = anomaly, 0 = ordinary.
    kind : str array (n,)
        "" for an ordinary row, else "point", "contextual" or "collective".
    source : str
        What was simulated, in one sentence.
    """

    data: pd.DataFrame
    y: NDArray[np.int64]
    kind: NDArray[np.str_]
    source: str

    def __repr__(self) -> str:
        found = ", ".join(f"{(self.kind == kind).sum()} {kind}" for kind in KINDS)
        return f"{self.source}\n  {len(self.data):,} transactions; anomalous rows: {found}"


def transactions(
    n: int = 5000,
    n_customers: int = 50,
    random_state: int | np.random.Generator | None = None,
    *,
    days: int = 30,
    point: int = 10,
    contextual: int = 10,
    collective: int = 3,
    collective_length: int = 8,
) -> SimulatedTransactions:
    """Simulate card transactions of many customers, and plant anomalies of three kinds.

    The usual amount depends on the customer, the place and the hour (lunch costs less than dinner), and amounts
    scatter around it by about a quarter.

    - point: an amount 4 to 8 times the largest of all ordinary ones.
    - contextual: an amount like many others, but at least 3.5 times what this customer spends at such a place and
      hour: 60 euros at the bakery.
    - collective: one customer pays `collective_length` times within minutes at one place; each payment alone has an
      ordinary amount, place and hour.

    Parameters
    ----------
    n : int
        Rows in all, planted ones included.
    n_customers : int
        Customers, numbered from 0.
    random_state : int, Generator or None
        Same number, same data. None: different each time.
    days : int
        Days over which the transactions spread, from 1 January 2024.
    point, contextual, collective : int
        How many anomalies of each kind; a collective one has `collective_length` rows.
    collective_length : int
        Payments of a collective anomaly, 5 to 30.

    Returns
    -------
    SimulatedTransactions

    Raises
    ------
    ValueError
        If an argument is not usable, or there is no room for so many anomalies.
    """
    import pandas as pd

    n, n_customers, days = (
        check_whole("n", n, 100),
        check_whole("n_customers", n_customers, 1),
        check_whole("days", days, 1),
    )
    point, contextual = check_whole("point", point, 0), check_whole("contextual", contextual, 0)
    collective, length = (
        check_whole("collective", collective, 0),
        check_whole("collective_length", collective_length, 5),
    )
    if length > 30:
        raise ValueError(f"collective_length must be at most 30, to end on the day it begins, but is {length}.")
    ordinary = n - collective * length
    if point + contextual > ordinary // 5 or collective * length > n // 5:
        raise ValueError(
            f"n={n} is too small for {point} point, {contextual} contextual and {collective} x {length} collective "
            "rows (at most a fifth may be single ones, and a fifth collective): raise n or plant fewer."
        )
    generator = generator_of(random_state)
    place, _, usual, hour, spread = (np.array(column) for column in zip(*_OCCASIONS, strict=True))
    shares = np.array([occasion[1] for occasion in _OCCASIONS])
    level = np.exp(generator.normal(scale=_CUSTOMERS, size=n_customers))

    # First the ordinary rows, then one row for each burst, repeated.
    repeats = np.r_[np.ones(ordinary, int), np.full(collective, length)]
    events = len(repeats)
    occasion = generator.choice(len(_OCCASIONS), events, p=shares)
    customer = generator.integers(n_customers, size=events)
    # A burst lasts minutes, so it begins early enough to end on the same day.
    clock = np.clip(generator.normal(hour[occasion], spread[occasion]), 0, 23)
    start = (generator.integers(days, size=events) * 86_400 + clock * 3_600).astype(np.int64)
    occasion, customer, start = (np.repeat(column, repeats) for column in (occasion, customer, start))
    kind = np.full(n, "", dtype="<U10")
    kind[ordinary:] = "collective"
    start[ordinary:] += np.cumsum(generator.integers(20, 120, size=(collective, length)), axis=1).ravel()

    expected = usual[occasion] * level[customer]
    scatter = generator.normal(size=n)
    scatter[ordinary:] = np.clip(scatter[ordinary:], -2, 2)
    amount = np.round(expected * np.exp(_PAYMENTS * scatter), 2)
    _plant_contextual(amount, kind, expected, contextual, generator)
    rows = generator.choice(np.flatnonzero(kind == ""), point, replace=False)
    amount[rows], kind[rows] = np.round(amount.max() * generator.uniform(4, 8, point), 2), "point"

    order = np.argsort(start, kind="stable")
    stamps = np.datetime64("2024-01-01", "s") + start[order].astype("timedelta64[s]")
    data = pd.DataFrame(
        {
            "timestamp": stamps,
            "customer": customer[order],
            "place": place[occasion[order]],
            "hour": start[order] // 3_600 % 24,
            "amount": amount[order],
        }
    )
    source = f"Simulated card transactions: {n_customers} customers, {days} days."
    return SimulatedTransactions(data, (kind != "")[order].astype(np.int64), kind[order], source)


def _plant_contextual(
    amount: NDArray[np.float64],
    kind: NDArray[np.str_],
    expected: NDArray[np.float64],
    count: int,
    generator: np.random.Generator,
) -> None:
    """Overwrite `count` ordinary amounts by amounts that others have, but that are far too high for the occasion."""
    common = np.sort(amount[(amount >= np.quantile(amount, 0.05)) & (amount <= np.quantile(amount, 0.95))])
    # Only rows for which at least a tenth of the common amounts would be too high.
    rows = np.flatnonzero((kind == "") & (_WRONG * expected <= np.quantile(common, 0.9)))
    if len(rows) < count:
        raise ValueError(f"There is room for {len(rows)} contextual anomalies, but {count} were asked for: raise n.")
    rows = generator.choice(rows, count, replace=False)
    first = np.searchsorted(common, _WRONG * expected[rows])
    amount[rows], kind[rows] = common[generator.integers(first, len(common))], "contextual"
