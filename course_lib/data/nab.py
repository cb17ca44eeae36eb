"""Series of the Numenta Anomaly Benchmark, with the moments and windows that count as anomalous."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.registry import RemoteFile, find
from course_lib.data.series_substitute import SUBSTITUTE_SOURCE, simulated_failures

_LABELS, _WINDOWS = "NAB/labels/combined_labels.json", "NAB/labels/combined_windows.json"
_SERIES = "NAB/data/"

_Window = tuple[np.datetime64, np.datetime64]


@dataclass(frozen=True, eq=False, repr=False)
class NabSeries:
    """One series over time.

    Parameters
    ----------
    name : str
        Such as "realKnownCause/nyc_taxi".
    timestamps : datetime64[s] array (n,)
        As in the file: steps may be missing or repeated, see `sampling`.
    values : float64 array (n,)
    labels : list of datetime64[s]
        The moments at which people saw an anomaly begin.
    windows : list of (datetime64[s], datetime64[s])
        First and last moment of each anomaly window; a detection inside counts.
    y : int array (n,)
        1 inside a window, both ends included, else 0.
    source : str
        Which data this is, in one sentence.
    is_substitute : bool
        Whether this is simulated, in place of a series that could not be had.
    """

    name: str
    timestamps: NDArray[np.datetime64]
    values: NDArray[np.float64]
    labels: list[np.datetime64]
    windows: list[_Window]
    y: NDArray[np.int64]
    source: str
    is_substitute: bool = False

    @property
    def probation(self) -> int:
        """Rows at the start that NAB does not score and a detector may learn from: 15% of all, at most 750."""
        return min(math.floor(0.15 * len(self.values)), 750)

    @property
    def interval(self) -> np.timedelta64:
        """The commonest step between two readings."""
        steps, counts = np.unique(np.diff(self.timestamps), return_counts=True)
        return steps[counts.argmax()]

    @property
    def irregular_steps(self) -> int:
        """How many steps differ from `interval`."""
        return int((np.diff(self.timestamps) != self.interval).sum())

    @property
    def sampling(self) -> str:
        """How regular the timestamps are, in words."""
        steps = np.diff(self.timestamps)
        text = f"one reading every {_duration(self.interval)}"
        if not self.irregular_steps:
            return f"{text}, without a gap"
        still = np.timedelta64(0, "s")
        kinds = {
            f"longer, up to {_duration(steps.max())}": steps > self.interval,
            "shorter": (steps > still) & (steps < self.interval),
            "without advance": steps == still,
            "back in time": steps < still,
        }
        found = "; ".join(f"{of_kind.sum()} {kind}" for kind, of_kind in kinds.items() if of_kind.any())
        return f"{text}, except for {self.irregular_steps} of {len(steps):,} steps ({found})"

    def __repr__(self) -> str:
        return (
            f"{self.source}\n"
            f"  {len(self.values):,} readings from {self.timestamps[0]} to {self.timestamps[-1]}\n"
            f"  {self.sampling}\n"
            f"  anomaly windows: {len(self.windows)}, with {int(self.y.sum()):,} readings ({self.y.mean():.1%}); "
            f"the first {self.probation} readings are not scored"
        )


def load_nab(name: str, *, offline: bool = False, substitute: bool = False) -> NabSeries:
    """A series of the Numenta Anomaly Benchmark with its labels and windows.

    Source: A. Lavin and S. Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark",
    ICMLA 2015; S. Ahmad, A. Lavin, S. Purdy and Z. Agha, "Unsupervised real-time anomaly detection for streaming
    data", Neurocomputing 262, 2017.

    Parameters
    ----------
    name : str
        "realKnownCause/ambient_temperature_system_failure", or the last part alone; ``.csv`` at the end is allowed.
    offline : bool
        Never use the network.
    substitute : bool
        If the series cannot be had, say so and go on with a simulated temperature. For lessons, which must run
        anywhere; a figure that is reported as NAB's needs the real series.

    Returns
    -------
    NabSeries

    Raises
    ------
    ValueError
        If there is no such series; the message lists those there are.
    DownloadError
        If a file cannot be had or is damaged.
    """
    entry = find("NAB")
    wanted = _file_of(name)
    labels = tuple(file for file in entry.files if file.path in (_LABELS, _WINDOWS))
    key = wanted.path.removeprefix(_SERIES)
    try:
        root = fetch(replace(entry, files=(wanted, *labels)), offline=offline, report=print)
    except DownloadError as error:
        if not substitute:
            raise
        print(error.notice("a simulated temperature", f"NAB's {key.removesuffix('.csv')}"))
        timestamps, values, moments, windows = simulated_failures()
        y = _inside(windows, timestamps)
        return NabSeries("simulated", timestamps, values, moments, windows, y, SUBSTITUTE_SOURCE, is_substitute=True)
    try:
        timestamps, values = _read_series(root / wanted.path)
        moments = [np.datetime64(moment, "s") for moment in _read_labels(root / _LABELS)[key]]
        windows = [(_moment(start), _moment(end)) for start, end in _read_labels(root / _WINDOWS)[key]]
    # The sizes are right, so only changed bytes bring us here.
    except (KeyError, TypeError, ValueError) as error:
        raise DownloadError(
            f"The files of {key} in {root / 'NAB'} are damaged ({type(error).__name__}): replace them with "
            "`python -m course_lib data fetch NAB`."
        ) from error
    stem, y = key.removesuffix(".csv"), _inside(windows, timestamps)
    return NabSeries(stem, timestamps, values, moments, windows, y, f"NAB {stem}: a series of the Numenta benchmark.")


def _inside(windows: list[_Window], timestamps: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """1 for each timestamp inside a window, both ends included, else 0."""
    y = np.zeros(len(timestamps), dtype=np.int64)
    for start, end in windows:
        y[(timestamps >= start) & (timestamps <= end)] = 1
    return y


def _read_series(path: Path) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    import pandas as pd

    table = pd.read_csv(path, parse_dates=["timestamp"])
    return table["timestamp"].to_numpy(dtype="datetime64[s]"), table["value"].to_numpy(dtype=np.float64)


def _read_labels(path: Path) -> dict[str, list]:
    return json.loads(path.read_text(encoding="utf-8"))


def _moment(text: str) -> np.datetime64:
    # NAB writes the windows with microseconds, all zero.
    return np.datetime64(text.partition(".")[0], "s")


def _file_of(name: str) -> RemoteFile:
    """The registry's file for a name with or without its folder and ``.csv``."""
    files = [file for file in find("NAB").files if file.path.startswith(_SERIES)]
    wanted = str(name).casefold().removesuffix(".csv")
    groups: dict[str, list[str]] = {}
    for file in files:
        group, _, stem = file.path.removeprefix(_SERIES).removesuffix(".csv").partition("/")
        if wanted in (f"{group}/{stem}".casefold(), stem.casefold()):
            return file
        groups.setdefault(group, []).append(stem)
    known = "; ".join(f"{group}/ {', '.join(stems)}" for group, stems in groups.items())
    raise ValueError(f"There is no NAB series called {name!r} here: choose from {known}.")


def _duration(step: np.timedelta64) -> str:
    """A time span in the largest unit that keeps it short."""
    seconds = int(step / np.timedelta64(1, "s"))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            amount = round(seconds / length, 1)
            return f"{amount:g} {unit}{'s' if amount != 1 else ''}"
    return "0 seconds"
