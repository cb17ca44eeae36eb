"""Does an explanation name the cause? Planted causes in simulated sensors, and the causes that people noted on servers.

Simulated: ten greenhouses with six thermometers. Detectors learn from two weeks without anomalies; in the two weeks
after them a sensor each time is wrong, and known. Every planted anomaly is explained, flagged or not. A collective
anomaly counts once: its explanation is the mean over its rows.

Servers (SMD): the incidents for which people noted the sensors to blame. An incident's explanation is the mean over its
rows (over ten of them for the methods that are slow).

No setting was chosen by these figures. Results are kept in the JSON file after each run and merged, so a run that is
cut off goes on where it stopped; delete an entry to measure it anew.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from _report import RESULTS, keep, markdown

from course_lib.core.atomic import atomic_write
from course_lib.core.thresholds import FalsePositiveRate
from course_lib.data import MachineData, load_smd, simulate
from course_lib.deep import USAD, Autoencoder, LSTMAutoencoder
from course_lib.explain import (
    LIME,
    Explanation,
    FeatureError,
    IntegratedGradients,
    KernelSHAP,
    PermutationShapley,
    hit_rate,
    over_usual_size,
    precision_at,
)
from course_lib.ml import PCA

FILE = RESULTS / "planted_causes.json"
SEEDS = tuple(range(10))
KINDS = ("point", "contextual", "collective")
HALF, DAY, N_SENSORS = 2016, 144, 6
MACHINES = ("machine-1-2", "machine-2-1", "machine-3-2")
MACHINE_SEEDS = (0, 1, 2)
NETWORK = {"device": "cpu", "verbose": False}
SERIES = {"stride": 10, "epochs": 30, "patience": 3, "learning_rate": 2e-3, **NETWORK}


def explanation(values: np.ndarray, data: np.ndarray) -> Explanation:
    """Values that stand for nothing but an order of the features, such as a baseline's."""
    return Explanation(values, 0.0, values.sum(axis=1), data, tuple(map(str, range(values.shape[1]))), "baseline")


def absolute_z(train: np.ndarray, X: np.ndarray) -> np.ndarray:
    """How many deviations each reading lies from its mean."""
    spread = train.std(axis=0)
    return np.abs(X - train.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def without_the_day(X: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Readings minus the median of the training days at the same time of day; rows begin at midnight."""
    course = np.median(train.reshape(-1, DAY, train.shape[1]), axis=0)
    return X - course[np.arange(len(X)) % DAY]


# ---- simulated sensors


def greenhouse(seed: int) -> tuple[np.ndarray, np.ndarray, list[tuple[str, np.ndarray, int]]]:
    """Two weeks without anomalies, two with, and of each anomaly its kind, rows and sensor."""
    common = {"n": 2 * HALF, "n_sensors": N_SENSORS, "random_state": seed, "per_day": DAY}
    # The same seed gives the same weather and noise, whatever is planted.
    clean = simulate.sensors(**common, point=0, contextual=0, collective=0)
    dirty = simulate.sensors(**common, point=16, contextual=16, collective=8)
    kind, sensor = dirty.kind[HALF:], dirty.sensor[HALF:]
    events = []
    for name in KINDS:
        for rows in _runs(kind == name):
            for part in np.split(rows, np.flatnonzero(np.diff(sensor[rows])) + 1):
                events.append((name, part, int(sensor[part[0]])))
    return clean.X[:HALF], dirty.X[HALF:], events


def _runs(mask: np.ndarray) -> list[np.ndarray]:
    rows = np.flatnonzero(mask)
    return [run for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(run)]


Explain = Callable[[np.ndarray], np.ndarray]


def row_methods(detector: Any, train: np.ndarray, seed: int) -> dict[str, Explain]:
    """Explainers of a detector of single rows: from rows to values."""
    background = train[np.random.default_rng(seed).choice(len(train), 100, replace=False)]
    found: dict[str, Any] = {
        "feature error": FeatureError(detector),
        "KernelSHAP": KernelSHAP(detector, background, random_state=seed),
        "permutation Shapley": PermutationShapley(detector, background, random_state=seed),
        "LIME": LIME(detector, train, n_samples=1000, random_state=seed),
    }
    if isinstance(detector, Autoencoder):
        found["integrated gradients"] = IntegratedGradients(detector, train, 64)
    return {name: lambda rows, explainer=explainer: explainer.explain(rows).values for name, explainer in found.items()}


def simulated(seed: int) -> dict[str, dict[str, Any]]:
    """Method to figures, for one greenhouse."""
    train, test, events = greenhouse(seed)
    generator = np.random.default_rng(seed)
    flat_train, flat_test = without_the_day(train, train), without_the_day(test, train)
    methods: dict[str, tuple[Explain, np.ndarray, np.ndarray | None]] = {
        "random": (lambda rows: generator.random(rows.shape), test, None),
        "z-score": (lambda rows: absolute_z(train, rows), test, None),
        "z-score without the day": (lambda rows: absolute_z(flat_train, rows), flat_test, None),
    }
    detectors = {
        "PCA": (PCA(), train, test),
        "PCA without the day": (PCA(), flat_train, flat_test),
        "autoencoder": (Autoencoder((16,), 2, random_state=seed, **NETWORK), train, test),
    }
    for name, (detector, learnt, X) in detectors.items():
        detector.fit(learnt).set_threshold(learnt, rule=FalsePositiveRate(0.005))
        for how, explain in row_methods(detector, learnt, seed).items():
            methods[f"{name}, {how}"] = (explain, X, detector.predict(X))
    series = LSTMAutoencoder(window=36, random_state=seed, **{**SERIES, "stride": 4}).fit(train)
    series.set_threshold(train, rule=FalsePositiveRate(0.005))
    errors = FeatureError(series).explain(test).values
    places = np.arange(len(test), dtype=float)[:, None]  # a series is explained as a whole: look its rows up
    methods["LSTM autoencoder, feature error"] = (
        lambda rows: errors[rows[:, 0].astype(int)],
        places,
        series.predict(test),
    )
    return {name: _figures(events, *method) for name, method in methods.items()}


def _figures(
    events: list[tuple[str, np.ndarray, int]], explain: Explain, X: np.ndarray, flags: np.ndarray | None
) -> dict[str, Any]:
    start = time.process_time()
    rows = np.concatenate([part for _, part, _ in events])
    values = np.split(explain(X[rows]), np.cumsum([len(part) for _, part, _ in events])[:-1])
    means = np.stack([part.mean(axis=0) for part in values])
    seconds, result = time.process_time() - start, {}
    for kind in KINDS:
        chosen = [number for number, event in enumerate(events) if event[0] == kind]
        named = explanation(means[chosen], means[chosen])
        truth = [events[number][2] for number in chosen]
        result[kind] = {"n": len(chosen), "P@1": precision_at(named, truth, 1), "P@3": precision_at(named, truth, 3)}
        if flags is not None:
            result[kind]["flagged"] = float(np.mean([flags[events[number][1]].any() for number in chosen]))
    return {**result, "seconds": round(seconds, 2)}


# ---- servers


def server(data: MachineData, seed: int, names: list[str]) -> dict[str, dict[str, float]]:
    """Method to figures, for one machine."""
    train, test = data.X_train, data.X_test
    truth = [cause.sensors for cause in data.causes]
    rows = [np.arange(cause.first, cause.end) for cause in data.causes]
    held_out = train[-len(train) // 5 :]
    found: dict[str, dict[str, float]] = {}

    def note(name: str, values: np.ndarray, start: float) -> None:
        named = explanation(values, values)
        found[name] = {
            "P@1": precision_at(named, truth, 1),
            "P@3": precision_at(named, truth, 3),
            "HitRate@100%": hit_rate(named, truth, 1.0),
            "HitRate@150%": hit_rate(named, truth, 1.5),
            "seconds": round(time.process_time() - start, 1),
        }

    def means(values: np.ndarray) -> np.ndarray:
        return np.stack([values[part].mean(axis=0) for part in rows])

    start = time.process_time()
    if "random" in names:
        note("random", np.random.default_rng(seed).random((len(truth), test.shape[1])), start)
    if "z-score" in names:
        note("z-score", means(absolute_z(train, test)), start)
    shift, scale = train.mean(axis=0), np.where(train.std(axis=0) > 0, train.std(axis=0), 1.0)
    detectors = {
        "PCA": lambda: (PCA().fit((train - shift) / scale), (test - shift) / scale, (held_out - shift) / scale),
        "autoencoder": lambda: (
            Autoencoder((32,), 8, epochs=20, patience=3, random_state=seed, **NETWORK).fit(train),
            test,
            held_out,
        ),
        "LSTM autoencoder": lambda: (LSTMAutoencoder(random_state=seed, **SERIES).fit(train), test, held_out),
        "USAD": lambda: (USAD(random_state=seed, **{**SERIES, "stride": 5}).fit(train), test, held_out),
    }
    for name, make in detectors.items():
        if not any(wanted.startswith(name + ",") for wanted in names):
            continue
        start = time.process_time()
        detector, X, ordinary = make()
        explainer = FeatureError(detector)
        errors = explainer.explain(X)
        note(f"{name}, feature error", means(errors.values), start)
        relative = over_usual_size(errors, explainer.explain(ordinary))
        note(f"{name}, feature error over its usual size", means(relative.values), start)
        if name == "autoencoder":
            few = [part[np.linspace(0, len(part) - 1, min(10, len(part))).astype(int)] for part in rows]
            cuts, chosen = np.cumsum([len(part) for part in few])[:-1], X[np.concatenate(few)]
            background = train[np.random.default_rng(seed).choice(len(train), 50, replace=False)]
            for how, slow in {
                "integrated gradients": IntegratedGradients(detector, train, 64),
                "KernelSHAP": KernelSHAP(detector, background, 512, random_state=seed),
                "permutation Shapley": PermutationShapley(detector, background, 5, random_state=seed),
                "LIME": LIME(detector, train, n_samples=2000, random_state=seed),
            }.items():
                start = time.process_time()
                values = np.split(slow.explain(chosen).values, cuts)
                note(f"{name}, {how}", np.stack([part.mean(axis=0) for part in values]), start)
    return found


SERVER_METHODS = (
    "random",
    "z-score",
    *(
        f"{name}, feature error{more}"
        for name in ("PCA", "autoencoder", "LSTM autoencoder", "USAD")
        for more in ("", " over its usual size")
    ),
    *(f"autoencoder, {how}" for how in ("integrated gradients", "KernelSHAP", "permutation Shapley", "LIME")),
)


# ---- results


def read() -> dict[str, Any]:
    """What the file holds now: part, method, seed or machine and seed."""
    return json.loads(FILE.read_text()) if FILE.exists() else {"simulated": {}, "servers": {}}


def write(part: str, place: str, rows: dict[str, Any]) -> None:
    """Merge one run's figures into the file."""
    results = read()
    for name, figures in rows.items():
        results[part].setdefault(name, {})[place] = figures
    with atomic_write(FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def simulated_table(results: dict[str, Any]) -> str:
    """Precision at 1 and 3 of each kind: all anomalies of all seeds count the same."""
    rows = {}
    for name, seeds in results["simulated"].items():
        row = {}
        for kind in KINDS:
            figures = [seed[kind] for seed in seeds.values()]
            n = np.array([figure["n"] for figure in figures])
            for measure in ("P@1", "P@3"):
                values = np.array([figure[measure] for figure in figures])
                row[f"{kind} {measure}"] = f"{(n * values).sum() / n.sum():.3f}"
            if "flagged" in figures[0]:
                row[f"{kind} flagged"] = f"{(n * [figure['flagged'] for figure in figures]).sum() / n.sum():.2f}"
            else:
                row[f"{kind} flagged"] = ""
        row["seconds"] = f"{np.mean([seed['seconds'] for seed in seeds.values()]):.1f}"
        rows[name] = row
    return markdown(pd.DataFrame.from_dict(rows, orient="index").rename_axis("detector, explanation"))


def servers_table(results: dict[str, Any], machine: str | None = None) -> str:
    """Mean over machines (or one), and the deviation of that mean between seeds."""
    rows = {}
    for name in SERVER_METHODS:
        done = results["servers"].get(name, {})
        machines = MACHINES if machine is None else (machine,)
        seeds = [seed for seed in MACHINE_SEEDS if all(f"{one} {seed}" in done for one in machines)]
        if not seeds:
            continue
        row = {}
        for measure in ("P@1", "P@3", "HitRate@100%", "HitRate@150%"):
            means = np.array([np.mean([done[f"{one} {seed}"][measure] for one in machines]) for seed in seeds])
            spread = f" ± {means.std(ddof=1):.3f}" if means.std() > 1e-9 else ""
            row[measure] = f"{means.mean():.3f}{spread}"
        rows[name] = row
    return markdown(pd.DataFrame.from_dict(rows, orient="index").rename_axis("detector, explanation"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--machine-seeds", nargs="*", type=int, default=MACHINE_SEEDS)
    args = parser.parse_args()
    for seed in args.seeds:
        if str(seed) not in read()["simulated"].get("LSTM autoencoder, feature error", {}):
            write("simulated", str(seed), simulated(seed))
            print("simulated", seed, flush=True)
    for machine in MACHINES:
        data = load_smd(machine) if args.machine_seeds else None
        for seed in args.machine_seeds:
            done = read()["servers"]
            missing = [name for name in SERVER_METHODS if f"{machine} {seed}" not in done.get(name, {})]
            if missing and data is not None:
                write("servers", f"{machine} {seed}", server(data, seed, missing))
                print(machine, seed, flush=True)
    results = read()
    n = {kind: sum(seed[kind]["n"] for seed in results["simulated"]["random"].values()) for kind in KINDS}
    counts = ", ".join(f"{count} {kind}" for kind, count in n.items())
    body = [
        f"## Planted causes: {len(results['simulated']['random'])} greenhouses with {N_SENSORS} sensors, {counts}",
        "P@1, P@3: how often the wrong sensor is the first, or among the first three, by chance 0.167 and 0.5. "
        "Flagged: share of the anomalies above the threshold (0.5% of the rows learnt from are). Seconds: processor "
        "time of the explanations of one greenhouse.",
        simulated_table(results),
    ]
    if results["servers"]:
        body += [
            "## Causes that people noted: three servers (SMD), mean over the machines",
            "P@k: share of the first k sensors that were noted (of as many as there are, if fewer). HitRate: share of "
            "the noted sensors among as many first ones, or one and a half times as many. Over its usual size: each "
            "sensor's error divided by its mean over the last fifth of the training rows.",
            servers_table(results),
            *(part for machine in MACHINES for part in (f"### {machine}", servers_table(results, machine))),
        ]
    keep("planted_causes", "Do explanations name the cause?", "python benchmarks/planted_causes.py", "\n\n".join(body))


if __name__ == "__main__":
    main()
