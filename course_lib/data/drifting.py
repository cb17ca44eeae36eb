"""A stream whose normal state changes, with anomalies before and after, so that both can be told apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_lib.core.parameters import check_whole
from course_lib.data.planting import generator_of

CHANGES = ("abrupt", "gradual", "none")
# No anomaly in the first rows, nor shortly before or after a change: there nobody could tell what it is.
CALM = 500


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedDrift:
    """Events of a stream that changes once.

    Parameters
    ----------
    X : float64 array (n, n_features)
        In deviations of the ordinary scatter.
    y : int array (n,)
        1 = planted anomaly.
    change : int
        First row of the change; n if there is none.
    settled : int
        First row that is entirely in the new state; n if there is none.
    source : str
        What was simulated, in one sentence.
    """

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    change: int
    settled: int
    source: str

    def __repr__(self) -> str:
        when = "no change" if self.change == len(self.X) else f"a change from row {self.change:,} to {self.settled:,}"
        n, d = self.X.shape
        return f"{self.source}\n  {n:,} events of {d} features, {int(self.y.sum())} anomalies, {when}"


def drift(
    n: int = 10_000,
    n_features: int = 3,
    random_state: int | np.random.Generator | None = None,
    *,
    change: str = "abrupt",
    at: int | None = None,
    width: int = 2_000,
    size: float = 6.0,
    anomalies: int = 20,
    distance: float = 8.0,
) -> SimulatedDrift:
    """Simulate correlated Gaussian events whose mean moves once, and plant single anomalies.

    Parameters
    ----------
    n, n_features : int
    random_state : int, Generator or None
        Same number, same data. None: different each time.
    change : {"abrupt", "gradual", "none"}
        The mean jumps at row `at`, or moves evenly over `width` rows from there on, or stays.
    at : int, optional
        By default the middle.
    width : int
        Rows of a gradual change.
    size : float
        Length of the move, in deviations of one feature.
    anomalies : int
        Planted at random rows: not among the first 500, nor within 500 before the change or after it has settled.
    distance : float
        Length by which an anomaly is moved from where the event would have been, in a random direction.

    Returns
    -------
    SimulatedDrift

    Raises
    ------
    ValueError
        If an argument is not usable, or there is no room for so many anomalies.
    """
    n, n_features = check_whole("n", n, 2 * CALM), check_whole("n_features", n_features, 1)
    anomalies, width = check_whole("anomalies", anomalies, 0), check_whole("width", width, 1)
    if change not in CHANGES:
        raise ValueError(f"change must be 'abrupt', 'gradual' or 'none', but is {change!r}.")
    for name, value in (("size", size), ("distance", distance)):
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} must be a finite number of at least 0, but is {value!r}.")
    start = check_whole("at", n // 2 if at is None else at, 1)
    if start >= n:
        raise ValueError(f"at must lie inside the stream's {n} rows, but is {start}.")
    generator = generator_of(random_state)
    mixing = 0.6 * np.eye(n_features) + 0.4 * generator.normal(size=(n_features, n_features)) / math.sqrt(n_features)
    mixing /= np.linalg.norm(mixing, axis=1, keepdims=True)  # each feature has deviation 1
    X = generator.normal(size=(n, n_features)) @ mixing.T
    rows = np.arange(n)
    first, settled = n, n
    if change != "none":
        first, settled = start, min(start + (width if change == "gradual" else 0), n)
        moved = np.clip((rows - start + 1) / (width if change == "gradual" else 1), 0, 1)
        X += size * moved[:, None] * _direction(generator, n_features)
    calm = (rows < CALM) | ((rows >= first - CALM) & (rows < settled + CALM))
    free = np.flatnonzero(~calm)
    if anomalies > len(free):
        raise ValueError(f"There is room for {len(free)} anomalies outside the calm rows, but {anomalies} are wanted.")
    y = np.zeros(n, np.int64)
    for row in generator.choice(free, anomalies, replace=False):
        X[row] += distance * _direction(generator, n_features)
        y[row] = 1
    return SimulatedDrift(
        X, y, first, settled, f"Simulated stream: {change} change of the mean by {size:g} deviations."
    )


def _direction(generator: np.random.Generator, d: int) -> NDArray[np.float64]:
    vector = generator.normal(size=d)
    return vector / np.linalg.norm(vector)
