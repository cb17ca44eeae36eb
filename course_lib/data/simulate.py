"""Simulated data whose anomalies are known to the row.

`sensors` and `transactions` make data and plant anomalies in it; `plant` puts them into a series of your own; `sines`
makes short sequences, of which some are noise; `drift` a stream whose normal state changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from course_lib.core.parameters import check_whole
from course_lib.data.card_transactions import SimulatedTransactions, transactions
from course_lib.data.drifting import SimulatedDrift, drift
from course_lib.data.planting import KINDS, Planted, generator_of, plant
from course_lib.data.sine_waves import SineWaves, sines

__all__ = [
    "KINDS",
    "Planted",
    "SimulatedDrift",
    "SimulatedSensors",
    "SimulatedTransactions",
    "SineWaves",
    "drift",
    "plant",
    "sensors",
    "sines",
    "transactions",
]

# Degrees Celsius: the mean, how far a day swings to each side, and the spread of the weather that all sensors share.
_MEAN, _SWING, _WEATHER = 20.0, 5.0, 1.0
_WARMEST_HOUR = 15


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedSensors:
    """Readings of several thermometers with planted anomalies.

    Parameters
    ----------
    X : float64 array (n, n_sensors)
        Degrees Celsius.
    timestamps : datetime64[s] array (n,)
        One per row, evenly spaced from midnight.
    y : int array (n,)
        1 where one of the sensors is anomalous, else 0.
    kind : str array (n,)
        "" for an ordinary row, else "point", "contextual" or "collective".
    sensor : int array (n,)
        The column that is anomalous, -1 in an ordinary row. Never two in one row.
    source : str
        What was simulated, in one sentence.
    """

    X: NDArray[np.float64]
    timestamps: NDArray[np.datetime64]
    y: NDArray[np.int64]
    kind: NDArray[np.str_]
    sensor: NDArray[np.int64]
    source: str

    def __repr__(self) -> str:
        found = ", ".join(f"{(self.kind == kind).sum()} {kind}" for kind in KINDS)
        return f"{self.source}\n  {len(self.X):,} rows x {self.X.shape[1]} sensors; anomalous rows: {found}"


def sensors(
    n: int = 2016,
    n_sensors: int = 3,
    random_state: int | np.random.Generator | None = None,
    *,
    point: int = 5,
    contextual: int = 5,
    collective: int = 2,
    collective_length: int = 24,
    per_day: int = 144,
    trend: float = 0.1,
    noise: float = 0.3,
) -> SimulatedSensors:
    """Simulate thermometers that share a day's course and the weather, and plant anomalies of three kinds.

    Each reading is the sum of 20 degrees and the sensor's own offset, a daily swing of 5 degrees and slow weather
    (both times the sensor's own gain), a trend and white noise. `plant` says what each kind of anomaly is. The first
    day is always ordinary, so that a detector has something to learn from.

    Parameters
    ----------
    n : int
        Rows; at least two days of them. The default is two weeks at ten-minute steps.
    n_sensors : int
        Columns.
    random_state : int, Generator or None
        Same number, same data. None: different each time.
    point, contextual, collective : int
        How many anomalies of each kind, each in one sensor chosen at random.
    collective_length : int
        Rows for which a sensor is stuck.
    per_day : int
        Readings in a day.
    trend : float
        Degrees per day.
    noise : float
        Standard deviation of the noise of one sensor, in degrees.

    Returns
    -------
    SimulatedSensors

    Raises
    ------
    ValueError
        If an argument is not usable, or there is no room for so many anomalies.
    """
    per_day = check_whole("per_day", per_day, 4)
    n, n_sensors = check_whole("n", n, 2 * per_day), check_whole("n_sensors", n_sensors, 1)
    counts = {"collective": collective, "contextual": contextual, "point": point}
    counts = {kind: check_whole(kind, count, 0) for kind, count in counts.items()}
    check_whole("collective_length", collective_length, 2)
    if not isinstance(trend, (int, float)) or not math.isfinite(trend):
        raise ValueError(f"trend must be a finite number of degrees a day, but is {trend!r}.")
    if not isinstance(noise, (int, float)) or not 0 <= noise < math.inf:
        raise ValueError(f"noise must be a finite number of degrees, at least 0, but is {noise!r}.")
    generator = generator_of(random_state)
    X = _readings(n, n_sensors, per_day, trend, noise, generator)
    y, kinds = np.zeros(n, np.int64), np.full(n, "", dtype="<U10")
    sensor = np.full(n, -1, np.int64)
    first_day = np.arange(n) < per_day
    for kind, count in counts.items():
        chosen = np.bincount(generator.integers(n_sensors, size=count), minlength=n_sensors)
        for column in np.flatnonzero(chosen):
            planted = plant(
                X[:, column],
                kind,
                int(chosen[column]),
                period=per_day,
                length=collective_length,
                avoid=first_day | (y == 1),
                random_state=generator,
            )
            rows = planted.y == 1
            X[:, column] = planted.values
            y[rows], kinds[rows], sensor[rows] = 1, kind, column
    seconds = np.round(np.arange(n) * (86_400 / per_day)).astype("timedelta64[s]")
    source = f"Simulated thermometers: {n / per_day:.3g} days, {per_day} readings a day."
    return SimulatedSensors(X, np.datetime64("2024-01-01", "s") + seconds, y, kinds, sensor, source)


def _readings(
    n: int, n_sensors: int, per_day: int, trend: float, noise: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Ordinary readings, shape (n, n_sensors)."""
    days = np.arange(n) / per_day
    season = _SWING * np.cos(2 * np.pi * (days - _WARMEST_HOUR / 24))
    # An autoregressive process that forgets within a day, with the wanted spread from the first row on.
    memory = np.exp(-1 / per_day)
    shocks = generator.normal(scale=_WEATHER * np.sqrt(1 - memory**2), size=n)
    shocks[0] = generator.normal(scale=_WEATHER)
    weather = lfilter([1.0], [1.0, -memory], shocks)
    offset, gain = generator.uniform(-2, 2, n_sensors), generator.uniform(0.8, 1.2, n_sensors)
    own = generator.normal(scale=noise, size=(n, n_sensors))
    return _MEAN + offset + gain * (season + weather)[:, None] + trend * days[:, None] + own
