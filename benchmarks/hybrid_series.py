"""A baseline first, then a detector: the course's NAB series that have anomalies, with and without the day taken off.

Each detector learns from a whole series without labels and scores it; the first readings, which NAB does not score
either, are left out of the figures. Nothing was chosen on these series: the period is a day wherever a day holds
readings, windows are an hour long, all other settings are defaults.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown

from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc, average_precision
from course_lib.data import NabSeries, load_nab
from course_lib.data.registry import find
from course_lib.hybrid import Residual, ScoreNormaliser, SeasonalBaseline, STLBaseline
from course_lib.ml import WindowKNN
from course_lib.statistics import RollingMedian, ZScore

FILE = RESULTS / "hybrid_series.json"


def detectors(day: int, hour: int) -> dict[str, Callable[[], Any]]:
    """The parts, for a series with so many readings in a day and in an hour."""

    def neighbours() -> WindowKNN:
        return WindowKNN(window=hour, random_state=0)

    return {
        "z-score": ZScore,
        "rolling median of two hours": lambda: RollingMedian(window=2 * hour),
        "neighbours of windows": neighbours,
        "day off, then z": lambda: Residual(SeasonalBaseline(day), ZScore()),
        "STL over the day, then z": lambda: Residual(STLBaseline(day), ZScore()),
        "day off, then neighbours of windows": lambda: Residual(SeasonalBaseline(day), neighbours()),
    }


def measure(series: NabSeries) -> dict[str, dict[str, float]]:
    """AUROC and average precision of each detector on the scored readings of one series."""
    hour = max(2, round(3600 / pd.Timedelta(series.interval).total_seconds()))
    day = round(86400 / pd.Timedelta(series.interval).total_seconds())
    scored = slice(series.probation, None)
    y = series.y[scored]
    scores = {name: make().fit(series.values[:, None]).decision_scores_ for name, make in detectors(day, hour).items()}
    # What `Combination` makes of these parts, without fitting them again.
    parts = np.column_stack([ScoreNormaliser("z").fit_transform(part) for part in scores.values()])
    scores |= {"average of z of the six": parts.mean(axis=1), "maximum of z": parts.max(axis=1)}
    found = {
        name: {
            "AUROC": round(auroc(y, own[scored]), 5),
            "average precision": round(average_precision(y, own[scored]), 5),
        }
        for name, own in scores.items()
    }
    return found


def main() -> None:
    results = json.loads(FILE.read_text()) if FILE.exists() else {}
    names = [file.path.removeprefix("NAB/data/") for file in find("NAB").files if file.path.endswith(".csv")]
    for series in (load_nab(name.removesuffix(".csv"), offline=True) for name in names):
        if series.y[series.probation :].any() and series.name not in results:
            results[series.name] = measure(series)
            print(series.name, {name: row["AUROC"] for name, row in results[series.name].items()}, flush=True)
            with atomic_write(FILE) as temporary:
                temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    keep(
        "hybrid_series",
        "Baseline first: NAB's series with anomalies",
        "python benchmarks/hybrid_series.py",
        f"{markdown(summary(results))}\n\nMeans over the series; rank: 1 is the best of the eight by AUROC. Labels are "
        f"NAB's windows, which are far longer than the events in them: average precision stays low for everybody.",
    )


def summary(results: dict[str, dict[str, dict[str, float]]]) -> pd.DataFrame:
    """One row a detector: means over all series and over NAB's groups of real ones."""
    area = pd.DataFrame({name: {d: row["AUROC"] for d, row in rows.items()} for name, rows in results.items()})
    precision = pd.DataFrame(
        {name: {d: row["average precision"] for d, row in rows.items()} for name, rows in results.items()}
    )
    known = [name for name in area if name.startswith("realKnownCause")]
    table = pd.DataFrame(
        {
            f"AUROC, {area.shape[1]} series": area.mean(axis=1).map("{:.3f}".format),
            "mean rank": area.rank(ascending=False).mean(axis=1).map("{:.2f}".format),
            "average precision": precision.mean(axis=1).map("{:.3f}".format),
            f"AUROC, {len(known)} of known cause": area[known].mean(axis=1).map("{:.3f}".format),
        }
    )
    return table.loc[list(next(iter(results.values())))].rename_axis("detector")


if __name__ == "__main__":
    main()
