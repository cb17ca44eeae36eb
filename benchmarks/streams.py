"""Detectors of streams on a network table, in random order and in the file's, and on simulated drift."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown

from course_lib.core.atomic import atomic_write
from course_lib.core.metrics import auroc
from course_lib.data import load_adbench, simulate
from course_lib.streaming import (
    ADWIN,
    Guarded,
    HalfSpaceTrees,
    OnlineKMeans,
    OnlineMahalanobis,
    OnlineZScore,
    RollingQuantileThreshold,
)

SEEDS = range(10)
PATIENCE = 100

NETWORK = """ADBench http, 567,498 connections, 0.4% attacks, from the first event to the last; each is scored and then
learnt. In the file's order the attacks come in long runs, and half-space trees learn them."""
DRIFT = f"""Simulated drift: {len(SEEDS)} streams of 20,000 events of each kind, 3 features, 40 planted anomalies; the
mean moves by 6 deviations at event 10,000 (gradual: within 2,000 events). Detector:
`Guarded(OnlineMahalanobis(alpha=0.002), RollingQuantileThreshold(margin=1.5, patience={PATIENCE}), ADWIN(delta=1e-4))`,
tried out on three other seeds. A change counts as noticed when the detector begins anew after it. Alarms within
{2 * PATIENCE} events after the change has settled count as part of it. Anomalies among the first 2,000 events and
within 1,500 after the change has settled, where the threshold may still be warming up, are left out."""


def network() -> dict[str, dict[str, float]]:
    """AUROC over all events of ADBench's http, each scored before it is learnt."""
    table = load_adbench("http", protocol=False, offline=True)
    orders = {"random order": np.random.default_rng(0).permutation(len(table.y)), "file order": np.arange(len(table.y))}
    detectors = {
        "OnlineZScore()": OnlineZScore(),
        "OnlineMahalanobis()": OnlineMahalanobis(),
        "OnlineKMeans()": OnlineKMeans(random_state=0),
        "HalfSpaceTrees(n_trees=25, window_size=1000)": HalfSpaceTrees(n_trees=25, window_size=1000, random_state=0),
    }
    rows: dict[str, dict[str, float]] = {}
    for name, pattern in detectors.items():
        rows[name] = {}
        for order, places in orders.items():
            start = time.perf_counter()
            scores = pattern.clone().score_learn_many(table.X[places])
            seconds = time.perf_counter() - start
            rows[name][order] = auroc(table.y[places], scores)
        rows[name]["seconds"] = seconds
    return rows


def drift() -> dict[str, dict[str, float | str]]:
    """What a guarded detector does before, at and after a change, over ten simulated streams of each kind."""
    rows = {}
    for change in ("abrupt", "gradual", "none"):
        delays, before, after, found, restarts, missed = [], [], [], [], [], 0
        for seed in SEEDS:
            stream = simulate.drift(20_000, random_state=seed, change=change, anomalies=40)
            threshold = RollingQuantileThreshold(margin=1.5, patience=PATIENCE)
            guarded = Guarded(OnlineMahalanobis(alpha=0.002), threshold, drift=ADWIN(delta=1e-4))
            guarded.score_learn_many(stream.X)
            flags, ordinary = guarded.flags_, stream.y == 0
            rows_ = np.arange(len(flags))
            quiet = ordinary & (rows_ < stream.change)
            later = ordinary & (rows_ >= stream.settled + 2 * PATIENCE)
            before.append(1e4 * flags[quiet].mean())
            restarts.append(sum(at <= stream.change for at in guarded.restarted_at_))
            judged = (stream.y == 1) & (rows_ > 2000) & ((rows_ < stream.change) | (rows_ > stream.settled + 1500))
            found.append(flags[judged].mean())
            if change != "none":
                after.append(1e4 * flags[later].mean())
                noticed = [at - stream.change for at in guarded.restarted_at_ if at > stream.change]
                missed += not noticed
                delays += noticed[:1]
        rows[change] = {
            "changes noticed": f"{len(SEEDS) - missed} of {len(SEEDS)}" if change != "none" else "",
            "delay, median": float(np.median(delays)) if delays else "",
            "delay, longest": float(max(delays)) if delays else "",
            "false alarms per 10,000 before": round(float(np.mean(before)), 2),
            "false restarts": int(sum(restarts)),
            "false alarms per 10,000 after": round(float(np.mean(after)), 2) if after else "",
            "anomalies flagged": round(float(np.mean(found)), 3),
        }
    return rows


def main() -> None:
    found = {"network": network(), "drift": drift()}
    with atomic_write(RESULTS / "streams.json") as temporary:
        temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    tables = [pd.DataFrame(rows).T for rows in found.values()]
    tables[0].index.name, tables[1].index.name = "AUROC on http", "change"
    tables[0]["seconds"] = tables[0]["seconds"].round(1)
    keep(
        "streams",
        "Detectors of streams: a network table, and simulated drift",
        "python benchmarks/streams.py",
        f"{NETWORK}\n\n{markdown(tables[0].round(4))}\n\n{DRIFT}\n\n{markdown(tables[1])}",
    )


if __name__ == "__main__":
    main()
