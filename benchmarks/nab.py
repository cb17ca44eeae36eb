"""Detectors that learn event by event on the course's NAB series, with NAB's own score.

Nothing is fitted to a series that is scored, except for NAB's baseline Windowed Gaussian, whose one threshold is chosen
on these very series, as NAB does it. The constants of `OnlineForecast`, the kind of threshold and the pause after an
alarm were chosen on the groups realAWSCloudwatch and the artificial ones only; realKnownCause was looked at afterwards.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown
from scipy.special import erfc

from course_lib.core.atomic import atomic_write
from course_lib.core.nab_score import PROFILES, best_threshold, nab_score
from course_lib.data import NabSeries, load_nab
from course_lib.data.registry import find
from course_lib.streaming import (
    HalfSpaceTrees,
    OnlineForecast,
    OnlineZScore,
    RandomCutForest,
    RollingQuantileThreshold,
    StreamingPeaksOverThreshold,
    spaced_alarms,
)

PAUSE = 288  # a day of readings every five minutes
# Thresholds of the baseline between which the best one with the pause is chosen: 3 to 8.4 deviations.
CANDIDATES = [1 - 0.5 * erfc(z / 1.4142) for z in np.arange(3, 8.5, 0.1)]
REMARKS = f"""0 is a detector that never alarms, 100 a perfect one.

All but the Windowed Gaussian: threshold by `RollingQuantileThreshold(margin=1.5)` (or `StreamingPeaksOverThreshold()`),
started anew on each series, and at most one alarm in {PAUSE} readings. `OnlineForecast`, this threshold and the pause
were chosen without the group realKnownCause; nothing was chosen for the other detectors.

Windowed Gaussian: 1,000 readings, as published; one threshold for all series and profiles, the best on these series."""
CHOSEN_ON = ("realAWSCloudwatch", "artificialWithAnomaly", "artificialNoAnomaly")


def windowed_gaussian(values: np.ndarray, window: int = 1000) -> np.ndarray:
    """NAB's baseline: 1 minus the tail probability under a normal distribution of up to 1,000 values before."""
    centred = values - values.mean()
    first, second = (np.concatenate([[0.0], np.cumsum(power)]) for power in (centred, centred**2))
    rows = np.arange(len(values))
    start = np.maximum(rows - window, 0)
    count = np.maximum(rows - start, 1)
    mean = (first[rows] - first[start]) / count
    deviation = np.sqrt(np.maximum((second[rows] - second[start]) / count - mean**2, 0.0))
    scores = 1 - 0.5 * erfc(np.abs(centred - mean) / np.where(deviation == 0, 1e-6, deviation) / 1.4142)
    scores[0] = 0.0
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forest", action="store_true", help="random cut forest as well: some ten minutes")
    arguments = parser.parse_args()
    names = [file.path.removeprefix("NAB/data/") for file in find("NAB").files if file.path.endswith(".csv")]
    series = [load_nab(name, offline=True) for name in names]
    detectors: dict[str, Callable[[], object]] = {
        "OnlineForecast": OnlineForecast,
        "OnlineForecast, threshold by SPOT": OnlineForecast,
        "z-score, fading": lambda: OnlineZScore(alpha=0.001, warm_up=100),
        "half-space trees, values and changes": lambda: HalfSpaceTrees(n_trees=25, random_state=0),
    }
    if arguments.forest:
        detectors["random cut forest, 10 values at once"] = lambda: RandomCutForest(
            n_trees=20, window_size=256, shingle=10, random_state=0
        )
    rows: dict[str, dict[str, float]] = {}

    baseline = [windowed_gaussian(one.values) for one in series]
    cuts = {profile: best_threshold(series, baseline, profile)[0] for profile in PROFILES}
    paused = max(CANDIDATES, key=lambda cut: nab_score(series, [spaced_alarms(s >= cut, PAUSE) for s in baseline]))
    for profile, cut in cuts.items():
        add(rows, "Windowed Gaussian, best threshold on these series", series, [s >= cut for s in baseline], profile)
        alarms = [spaced_alarms(s >= paused, PAUSE) for s in baseline]
        add(rows, "the same, best threshold with the pause", series, alarms, profile)
    for name, make in detectors.items():
        start, alarms = time.perf_counter(), []
        for one in series:
            values = one.values
            if "changes" in name:
                values = np.column_stack([values, np.diff(values, prepend=values[0])])
            scores = make().score_learn_many(values)
            threshold = StreamingPeaksOverThreshold() if "SPOT" in name else RollingQuantileThreshold(margin=1.5)
            alarms.append(spaced_alarms(threshold.update_many(scores)[0], PAUSE))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
        for profile in PROFILES:
            add(rows, name, series, alarms, profile)
    with atomic_write(RESULTS / "nab.json") as temporary:
        temporary.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    windows, events = sum(len(one.windows) for one in series), sum(len(one.values) for one in series)
    table = pd.DataFrame(rows).T.round(1)
    table.index.name = "detector"
    keep(
        "nab",
        f"NAB's score on {len(series)} series ({events:,} readings, {windows} windows)",
        "python benchmarks/nab.py" + " --forest" * arguments.forest,
        f"{markdown(table)}\n\n{REMARKS}",
    )


def add(
    rows: dict[str, dict[str, float]], name: str, series: list[NabSeries], alarms: list[np.ndarray], profile: str
) -> None:
    row = rows.setdefault(name, {})
    row[profile] = nab_score(series, alarms, profile)
    if profile == "standard":
        known = [place for place, one in enumerate(series) if one.name.startswith("realKnownCause")]
        rest = [place for place, one in enumerate(series) if one.name.split("/")[0] in CHOSEN_ON]
        for title, part in (("standard, known causes", known), ("standard, the others", rest)):
            row[title] = nab_score([series[i] for i in part], [alarms[i] for i in part])


if __name__ == "__main__":
    main()
