"""Events per second of detectors and statistics of streams, beside river, in one run.

Ours and river's take turns on the same events, and the best of the repeats counts, since other programs can only slow a
run down. Every event is scored (or its statistic read) and then learnt. river takes one event at a time; so do ours in
the column "one by one", `score_learn_one` of an event as a list, while "blocks" is `score_learn_many` on 4,000 events.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from _report import keep, markdown
from river import anomaly, cluster, covariance, drift, stats

from course_lib.streaming import (
    ADWIN,
    KSWIN,
    DecayedMoments,
    HalfSpaceTrees,
    OnlineKMeans,
    OnlineMahalanobis,
    OnlineZScore,
    P2Quantile,
    PageHinkley,
    RollingQuantile,
    RunningCovariance,
    RunningMoments,
)

BLOCK, D = 4_000, 3
Run = Callable[[], None]


def loop(score: Callable[[Any], Any], learn: Callable[[Any], Any], events: list[Any]) -> Run:
    def run() -> None:
        for x in events:
            score(x)
            learn(x)

    return run


def one_by_one(call: Callable[[Any], Any], events: list[Any]) -> Run:
    def run() -> None:
        for x in events:
            call(x)

    return run


def in_blocks(call: Callable[[np.ndarray], Any], events: np.ndarray) -> Run:
    def run() -> None:
        for start in range(0, len(events), BLOCK):
            call(events[start : start + BLOCK])

    return run


class RiverZ:
    """River's running mean and variance, put together as the z-score of several features."""

    def __init__(self, mean: Callable[[], Any], variance: Callable[[], Any]) -> None:
        self.parts = [(mean(), variance()) for _ in range(D)]

    def score(self, x: list[float]) -> float:
        return max(
            abs(value - mean.get()) / (var.get() ** 0.5 or 1.0)
            for value, (mean, var) in zip(x, self.parts, strict=True)
        )

    def learn(self, x: list[float]) -> None:
        for value, (mean, var) in zip(x, self.parts, strict=True):
            mean.update(value)
            var.update(value)


def contests(n: int) -> dict[str, tuple[Run, Run | None, Run | None]]:
    """What: river's, ours one by one, ours in blocks."""
    rng = np.random.default_rng(0)
    X = rng.random((n, D))
    rows, values = X.tolist(), X[:, 0].copy()
    numbers, mappings = values.tolist(), [dict(zip("abc", row, strict=True)) for row in rows]
    found: dict[str, tuple[Run, Run | None, Run | None]] = {}

    trees = anomaly.HalfSpaceTrees(seed=1)
    theirs = loop(trees.score_one, trees.learn_one, mappings)
    for name, compiled in (("half-space trees", False), ("half-space trees, compiled", True)):
        first, second = (HalfSpaceTrees(limits=(0, 1), random_state=1, compiled=compiled) for _ in range(2))
        for one in (first, second):
            one.learn_many(X[:500])
        found[name] = theirs, one_by_one(first.score_learn_one, rows), in_blocks(second.score_learn_many, X)

    def pair(theirs: Any, ours: Callable[[], Any], events: list[Any] = rows) -> tuple[Run, Run, Run]:
        first, second = ours(), ours()
        return theirs, one_by_one(first.score_learn_one, events), in_blocks(second.score_learn_many, X)

    z = RiverZ(stats.Mean, stats.Var)
    found["z-score"] = pair(loop(z.score, z.learn, rows), OnlineZScore)
    faded = RiverZ(lambda: stats.EWMean(0.02), lambda: stats.EWVar(0.02))
    found["z-score, fading"] = pair(loop(faded.score, faded.learn, rows), lambda: OnlineZScore(alpha=0.02))
    matrix = covariance.EmpiricalCovariance()
    found["covariance (learning only)"] = (
        one_by_one(matrix.update, mappings[: n // 4] * 4),
        None,
        in_blocks(RunningCovariance().learn_many, X),
    )
    theirs = one_by_one(matrix.update, mappings[: n // 4] * 4)
    found["Mahalanobis (river: covariance only)"] = pair(theirs, OnlineMahalanobis)
    means = cluster.KMeans(n_clusters=8, seed=1)
    found["k-means, 8 clusters"] = pair(
        loop(lambda x: means.predict_one(x), means.learn_one, mappings), lambda: OnlineKMeans(random_state=0)
    )

    def statistic(theirs: Any, ours: Callable[[], Any], read: str, block: str | None) -> tuple[Run, Run, Run | None]:
        one = ours()
        theirs_ = loop(lambda _: theirs.get(), theirs.update, numbers)
        ours_ = loop(lambda _: getattr(one, read), one.learn_one, numbers)
        return theirs_, ours_, in_blocks(getattr(ours(), block), values) if block else None

    found["mean and variance"] = statistic(stats.Var(), RunningMoments, "variance", "before_each")
    found["fading mean and variance"] = statistic(
        stats.EWVar(0.02), lambda: DecayedMoments(0.02), "variance", "before_each"
    )
    found["rolling quantile of 100"] = statistic(
        stats.RollingQuantile(0.9, 100), lambda: RollingQuantile(0.9, 100), "value", "before_each"
    )
    found["P2 quantile"] = statistic(stats.Quantile(0.9), lambda: P2Quantile(0.9), "value", "learn_many")
    for name, theirs_, ours in (
        ("ADWIN", drift.ADWIN(), ADWIN()),
        ("Page-Hinkley", drift.PageHinkley(), PageHinkley()),
        ("KSWIN", drift.KSWIN(seed=0), KSWIN(random_state=0)),
    ):
        few = numbers[: n // 10] if name == "KSWIN" else numbers
        found[name] = one_by_one(theirs_.update, few), one_by_one(ours.update, few), None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=12_000)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    rows = {}
    for name, runs in contests(arguments.events).items():
        best = [float("inf")] * 3
        count = arguments.events // 10 if name == "KSWIN" else arguments.events
        for _ in range(arguments.repeats):
            for place, run in enumerate(runs):
                if run is not None:
                    start = time.perf_counter()
                    run()
                    best[place] = min(best[place], (time.perf_counter() - start) / count)
        river = best[0]
        rows[name] = {"river, events/s": f"{1 / river:,.0f}"}
        for title, seconds in (("one by one", best[1]), ("blocks", best[2])):
            there = np.isfinite(seconds)
            rows[name][f"ours, {title}, events/s"] = f"{1 / seconds:,.0f}" if there else ""
            rows[name][f"{title} / river"] = f"{river / seconds:.1f}" if there else ""
    table = pd.DataFrame(rows).T
    table.index.name = "each event scored, then learnt"
    keep(
        "streaming_speed",
        "Events per second of detectors of streams, beside river",
        "python benchmarks/streaming_speed.py",
        f"{markdown(table)}\n\n{D} features; half-space trees with 10 trees of height 8 and windows of 250, as river's "
        "defaults. Blocks of 4,000 events; the scores are those of the loop to the last bit.",
    )


if __name__ == "__main__":
    main()
