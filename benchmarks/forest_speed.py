"""Isolation forests on 100,000 x 20 in one run: fit a forest of 100 trees of 256 rows, then score all rows.

The ways take turns, and the best repeat counts, since other programs can only slow a run down. Our ``fit`` scores the
training rows for its threshold, so "fit" alone is fit + score of all rows; "fit + decision_function" scores them twice.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _report import keep, markdown
from sklearn.ensemble import IsolationForest as SklearnForest

from course_lib.core.runtime import resolve_device
from course_lib.ml import ExtendedIsolationForest, IsolationForest


def ways(device: str) -> dict[str, Callable[[np.ndarray], object]]:
    """Name and run of each way."""

    def sklearn(jobs: int | None) -> Callable[[np.ndarray], object]:
        return lambda X: SklearnForest(random_state=0, n_jobs=jobs).fit(X).score_samples(X)

    def twice(X: np.ndarray) -> object:
        return IsolationForest(random_state=0, device=device).fit(X).decision_function(X)

    return {
        "scikit-learn, fit + score_samples": sklearn(None),
        "scikit-learn, two jobs": sklearn(2),
        "ours, fit (scores included)": lambda X: IsolationForest(random_state=0, device=device).fit(X),
        "ours, fit + decision_function": twice,
        "ours, extended, fit": lambda X: ExtendedIsolationForest(random_state=0, device=device).fit(X),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    device = resolve_device(args.device)
    X = np.random.default_rng(0).normal(size=(args.rows, args.features))
    seconds: dict[str, list[float]] = {name: [] for name in ways(args.device)}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    for repeat in range(args.repeats + 1):  # the first one warms up
        for name, run in ways(args.device).items():
            start = time.perf_counter()
            run(X)
            if device.type == "cuda":
                torch.cuda.synchronize()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    base = min(seconds["scikit-learn, fit + score_samples"])
    table = pd.DataFrame(
        {
            "best, s": {name: f"{min(values):.3f}" for name, values in seconds.items()},
            "median, s": {name: f"{np.median(values):.3f}" for name, values in seconds.items()},
            "times as fast as scikit-learn": {name: f"{base / min(values):.2f}" for name, values in seconds.items()},
        }
    )
    keep(
        f"forest_speed_{device.type}",
        f"Isolation forests, {args.rows:,} x {args.features}, on {device.type}",
        f"python benchmarks/forest_speed.py --device {args.device}",
        f"{args.repeats} repeats, load before the run {load:.1f} on {os.cpu_count()} cores\n\n"
        + markdown(table.rename_axis("way")),
    )


if __name__ == "__main__":
    main()
