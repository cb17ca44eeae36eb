"""What stands in for a server machine without a network: simulated metrics that share a load, with incidents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

SUBSTITUTE_SOURCE = (
    "Not SMD but a simulated server: 38 metrics that follow a shared load, with eight planted incidents."
)

_ROWS, _PER_DAY = 8_000, 1_440
_CONSTANT, _BURSTY = 4, 6  # the last sensors never move, those before them are mostly 0
_INCIDENTS = ((700, 60), (1_500, 25), (2_300, 150), (3_400, 40), (4_200, 8), (5_000, 200), (6_100, 30), (7_200, 90))

Incident = tuple[int, int, tuple[int, ...]]


def simulated_machine(
    n_sensors: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], list[Incident]]:
    """A machine's metrics, one row a minute, the same at every call.

    Most sensors follow one of three loads, each a daily course with slow wandering; some are bursts; a few never move.
    An incident moves some sensors away from their load: shifted, stuck, or following it the wrong way round.

    Parameters
    ----------
    n_sensors : int
        At least 16.

    Returns
    -------
    X_train, X_test : float64 array (8000, n_sensors)
        Between 0 and 1.
    y_test : int array (8000,)
    incidents : list of (first, end, sensors)
        Rows of `X_test` (end excluded), and the sensors that were moved.
    """
    generator = np.random.default_rng(0)
    X = _ordinary(2 * _ROWS, n_sensors, generator)
    X_train, X_test = X[:_ROWS].copy(), X[_ROWS:].copy()
    y_test, incidents = np.zeros(_ROWS, np.int64), []
    moving = n_sensors - _CONSTANT - _BURSTY
    for number, (first, length) in enumerate(_INCIDENTS):
        rows = slice(first, first + length)
        sensors = np.sort(generator.choice(moving, size=3 + number % 3, replace=False))
        kind = number % 3
        for sensor in sensors:
            part = X_test[rows, sensor]
            if kind == 0:
                X_test[rows, sensor] = part + (0.35 if part.mean() < 0.5 else -0.35)
            elif kind == 1:
                X_test[rows, sensor] = part[0]
            else:
                X_test[rows, sensor] = 1 - part
        y_test[rows] = 1
        incidents.append((first, first + length, tuple(int(sensor) for sensor in sensors)))
    return X_train, np.clip(X_test, 0, 1), y_test, incidents


def _ordinary(n: int, n_sensors: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Readings without incidents, shape (n, n_sensors)."""
    days = np.arange(n)[:, None] / _PER_DAY
    memory = np.exp(-1 / 120)
    wandering = lfilter([1.0], [1.0, -memory], generator.normal(scale=np.sqrt(1 - memory**2), size=(n, 3)), axis=0)
    loads = np.sin(2 * np.pi * (days + np.array([0.0, 0.1, 0.5]))) + 0.6 * wandering
    X = np.zeros((n, n_sensors))
    moving = n_sensors - _CONSTANT - _BURSTY
    gain = generator.uniform(0.08, 0.14, moving)
    middle = generator.uniform(0.3, 0.45, moving)
    X[:, :moving] = middle + gain * loads[:, np.arange(moving) % 3] + generator.normal(scale=0.02, size=(n, moving))
    bursts = generator.random((n, _BURSTY)) < 0.01
    X[:, moving : moving + _BURSTY] = bursts * generator.uniform(0.1, 0.6, (n, _BURSTY))
    return np.clip(X, 0, 1)
