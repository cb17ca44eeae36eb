"""Server machines: 38 metrics a minute, five weeks each, with labelled incidents and the metrics that caused them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.machine_substitute import SUBSTITUTE_SOURCE, simulated_machine
from course_lib.data.registry import find

_FOLDER = "ServerMachineDataset"
N_SENSORS = 38


@dataclass(frozen=True)
class Cause:
    """One labelled incident with the sensors that people blamed for it.

    Parameters
    ----------
    first, end : int
        First row in the test part, and the row after the last.
    sensors : tuple of int
        Columns, counted from 0.
    """

    first: int
    end: int
    sensors: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class MachineData:
    """Readings of one machine: a part to learn from, and a later part with labels.

    Parameters
    ----------
    name : str
        Such as "machine-1-2".
    X_train : float64 array (n_train, 38)
        One row a minute, in order; no labels, taken as normal.
    X_test : float64 array (n_test, 38)
        What came after it.
    y_test : int array (n_test,)
        1 inside an incident, else 0.
    causes : list of Cause
        Incidents with their sensors, in order of time. An incident may have no entry.
    feature_names : tuple of str
        "sensor 0" to "sensor 37": upstream does not say which metric is which.
    source : str
        Which data this is, in one sentence.
    is_substitute : bool
        Whether this is simulated, in place of a machine that could not be had.
    """

    name: str
    X_train: NDArray[np.float64]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    causes: list[Cause]
    feature_names: tuple[str, ...]
    source: str
    is_substitute: bool = False

    def __repr__(self) -> str:
        incidents = int((np.diff(self.y_test, prepend=0) == 1).sum())
        return (
            f"{self.source}\n"
            f"  {len(self.X_train):,} rows to learn from and {len(self.X_test):,} to test on, one a minute, "
            f"{self.X_train.shape[1]} sensors\n"
            f"  {incidents} incidents in the test part, with {int(self.y_test.sum()):,} rows ({self.y_test.mean():.1%})"
        )


def load_smd(machine: str = "machine-1-2", *, offline: bool = False, substitute: bool = False) -> MachineData:
    """One machine of the Server Machine Dataset.

    Source: Y. Su, Y. Zhao, C. Niu, R. Liu, W. Sun and D. Pei, "Robust anomaly detection for multivariate time series
    through stochastic recurrent neural network", KDD 2019.

    Parameters
    ----------
    machine : str
        "machine-1-2", "machine-2-1" or "machine-3-2", or the numbers alone: "1-2".
    offline : bool
        Never use the network.
    substitute : bool
        If the machine cannot be had, say so and go on with a simulated one. For lessons, which must run
        anywhere; a figure that is reported as SMD's needs the real machine.

    Returns
    -------
    MachineData

    Raises
    ------
    ValueError
        If there is no such machine; the message lists those there are.
    DownloadError
        If a file cannot be had or is damaged.
    """
    entry = find(_FOLDER)
    known = sorted({Path(file.path).stem for file in entry.files})
    name = f"machine-{str(machine).casefold().removesuffix('.txt').removeprefix('machine-')}"
    if name not in known:
        raise ValueError(f"There is no machine called {machine!r} here: choose from {', '.join(known)}.")
    files = tuple(file for file in entry.files if Path(file.path).stem == name)
    names = tuple(f"sensor {number}" for number in range(N_SENSORS))
    try:
        root = fetch(replace(entry, files=files), offline=offline, report=print) / _FOLDER
    except DownloadError as error:
        if not substitute:
            raise
        print(error.notice("a simulated machine", f"SMD's {name}"))
        X_train, X_test, y_test, incidents = simulated_machine(N_SENSORS)
        causes = [Cause(*incident) for incident in incidents]
        return MachineData("simulated", X_train, X_test, y_test, causes, names, SUBSTITUTE_SOURCE, is_substitute=True)
    try:
        X_train, X_test = (_read_readings(root / part / f"{name}.txt") for part in ("train", "test"))
        y_test = np.loadtxt(root / "test_label" / f"{name}.txt", dtype=np.int64)
        causes = _read_causes(root / "interpretation_label" / f"{name}.txt")
        if X_train.shape[1] != N_SENSORS or X_test.shape != (len(y_test), N_SENSORS):
            raise ValueError("the shapes differ")
    # The sizes are right, so only changed bytes bring us here.
    except (IndexError, TypeError, ValueError) as error:
        raise DownloadError(
            f"The files of {name} in {root} are damaged ({type(error).__name__}): replace them with "
            f"`python -m course_lib data fetch {entry.name}`."
        ) from error
    source = f"SMD {name}: a server of the Server Machine Dataset."
    return MachineData(name, X_train, X_test, y_test, causes, names, source)


def _read_readings(path: Path) -> NDArray[np.float64]:
    import pandas as pd

    return pd.read_csv(path, header=None, dtype=np.float64).to_numpy()


def _read_causes(path: Path) -> list[Cause]:
    """Lines such as ``5875-5951:2,10,11``: first row, end (excluded), and sensors, which upstream counts from 1."""
    causes = []
    for line in path.read_text(encoding="utf-8").split():
        rows, _, sensors = line.partition(":")
        first, _, end = rows.partition("-")
        causes.append(Cause(int(first), int(end), tuple(int(sensor) - 1 for sensor in sensors.split(","))))
    return sorted(causes, key=lambda cause: cause.first)
