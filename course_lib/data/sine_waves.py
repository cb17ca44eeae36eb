"""First contact with sequences: sine waves on several sensors, and the same readings without their rhythm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_lib.core.parameters import check_whole
from course_lib.data.planting import generator_of


@dataclass(frozen=True, eq=False, repr=False)
class SineWaves:
    """Sequences to learn from, and held-out ones to test on.

    Parameters
    ----------
    X_train : float64 array (n_train, length, n_sensors)
        Sine waves.
    X_test : float64 array (n_test, length, n_sensors)
        Other sine waves, and noise.
    y_test : int array (n_test,)
        1 for noise.
    source : str
        What was simulated, in one sentence.
    """

    X_train: NDArray[np.float64]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    source: str

    def __repr__(self) -> str:
        return (
            f"{self.source}\n  {len(self.X_train):,} sequences to learn from; {len(self.X_test):,} to test on, "
            f"{int(self.y_test.sum()):,} of them noise"
        )


def sines(
    n_train: int = 500,
    n_test: int = 200,
    n_sensors: int = 5,
    length: int = 50,
    random_state: int | np.random.Generator | None = None,
    *,
    noise: float = 0.1,
    anomalies: float = 0.3,
) -> SineWaves:
    """Simulate short sequences in which all sensors swing together, and sequences of noise.

    A sine sequence has one frequency (1.5 to 2.5 swings in `length` steps) and one phase; the sensors follow it with
    fixed delays, an eighth of a turn apart, with a little noise. A noise sequence holds the same kind of readings, each
    from a sine wave at a random moment: one by one they are ordinary, only their order and company is not.

    Parameters
    ----------
    n_train, n_test : int
        Sequences.
    n_sensors, length : int
        Columns, and steps of a sequence (at least 4).
    random_state : int, Generator or None
        Same number, same data. None: different each time.
    noise : float
        Standard deviation of the noise on a sine wave, whose amplitude is 1.
    anomalies : float in (0, 1)
        Share of noise sequences in the test part; at least one sequence of each kind is there.

    Returns
    -------
    SineWaves

    Raises
    ------
    ValueError
        If an argument is not usable.
    """
    n_train, n_test = check_whole("n_train", n_train, 1), check_whole("n_test", n_test, 2)
    n_sensors, length = check_whole("n_sensors", n_sensors, 1), check_whole("length", length, 4)
    if not isinstance(noise, (int, float)) or not 0 <= noise < np.inf:
        raise ValueError(f"noise must be a finite number, at least 0, but is {noise!r}.")
    if not isinstance(anomalies, (int, float)) or not 0 < anomalies < 1:
        raise ValueError(f"anomalies must be a share between 0 and 1, but is {anomalies!r}.")
    generator = generator_of(random_state)
    n_noise = min(max(round(anomalies * n_test), 1), n_test - 1)
    waves = _waves(n_train + n_test - n_noise, n_sensors, length, noise, generator)
    moments = generator.uniform(0, 1, (n_noise, length, n_sensors))
    static = np.sin(2 * np.pi * moments) + generator.normal(scale=noise, size=moments.shape)
    order = generator.permutation(n_test)
    X_test = np.concatenate([waves[n_train:], static])[order]
    y_test = np.repeat([0, 1], [n_test - n_noise, n_noise])[order].astype(np.int64)
    source = f"Simulated sequences: sine waves and noise, {length} steps of {n_sensors} sensors."
    return SineWaves(waves[:n_train], X_test, y_test, source)


def _waves(n: int, n_sensors: int, length: int, noise: float, generator: np.random.Generator) -> NDArray[np.float64]:
    swings = generator.uniform(1.5, 2.5, (n, 1, 1))
    phase = generator.uniform(0, 1, (n, 1, 1))
    turns = swings * np.arange(length)[None, :, None] / length + phase - np.arange(n_sensors) / 8
    return np.sin(2 * np.pi * turns) + generator.normal(scale=noise, size=(n, length, n_sensors))
