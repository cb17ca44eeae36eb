"""Server machines: eleven ways to score three machines, three seeds, six measures, of which one is a trap.

Settings are the same for all machines and were chosen without test labels: every network stops by the loss on the last
fifth of its own training windows. Results are written after every fit and merged into what the file holds by then, so
a run that is cut off goes on where it stopped, and two runs with different ``--only`` may share the file (delete an
entry of the JSON file to measure it anew).
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
from course_lib.core.metrics import auroc, average_precision, best_event_f1, best_f1, point_adjust, vus_pr
from course_lib.core.preprocessing import apply_scaling, fit_scaling
from course_lib.data import MachineData, load_smd
from course_lib.deep import LSTMVAE, USAD, Forecaster, LSTMAutoencoder, SeriesDetector, TransformerAutoencoder
from course_lib.ml import PCA, WindowKNN
from course_lib.statistics import ZScore

MACHINES = ("machine-1-2", "machine-2-1", "machine-3-2")
SEEDS = (0, 1, 2)
FILE = RESULTS / "smd.json"
MEASURES = ("AUROC", "AUPRC", "best F1", "VUS-PR", "event F1", "point-adjusted F1 (a trap)")


def random(data: MachineData, seed: int) -> np.ndarray:
    """No detector at all."""
    return np.random.default_rng(seed).random(len(data.X_test))


def z_score(data: MachineData, seed: int) -> np.ndarray:
    """The largest z-score of the sensors."""
    return ZScore().fit(data.X_train).decision_function(data.X_test)


def pca(data: MachineData, seed: int) -> np.ndarray:
    """Distance to the subspace of nine tenths of the variance, sensors standardised."""
    shift, scale = fit_scaling(data.X_train, "standard")
    train, test = (apply_scaling(X, shift, scale) for X in (data.X_train, data.X_test))
    return PCA(0.9).fit(train).decision_function(test)


def window_knn(data: MachineData, seed: int) -> np.ndarray:
    """Distance to the fifth nearest of 2,000 training windows."""
    return (
        WindowKNN(window=50, scoring_stride=10, device="cpu", random_state=seed)
        .fit(data.X_train)
        .decision_function(data.X_test)
    )


def deep(make: Callable[..., SeriesDetector], **options: Any) -> Callable[[MachineData, int], tuple[np.ndarray, int]]:
    """A network, trained until the held-out windows stop getting better; scores and epochs."""
    common = {"stride": 10, "epochs": 30, "patience": 3, "learning_rate": 2e-3, "device": "cpu", "verbose": False}

    def score(data: MachineData, seed: int) -> tuple[np.ndarray, int]:
        fitted = make(**{**common, **options}, random_state=seed).fit(data.X_train)
        return fitted.decision_function(data.X_test), len(fitted.history_["validation_loss"])

    return score


# Name: (how to score, whether the seed matters).
METHODS: dict[str, tuple[Callable[[MachineData, int], Any], bool]] = {
    "random": (random, True),
    "z-score": (z_score, False),
    "PCA": (pca, False),
    "window kNN": (window_knn, True),
    "LSTM autoencoder": (deep(LSTMAutoencoder), True),
    "LSTM autoencoder, Mahalanobis": (deep(LSTMAutoencoder, distance="mahalanobis"), True),
    "LSTM-VAE": (deep(LSTMVAE), True),
    "forecasting, LSTM": (deep(Forecaster), True),
    "forecasting, convolutions": (deep(Forecaster, architecture="tcn", hidden_size=32), True),
    "Transformer": (deep(TransformerAutoencoder, model_size=32, n_heads=2), True),
    "USAD": (deep(USAD, stride=5), True),
}


def measured(y: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """All six measures."""
    values = (
        auroc(y, scores),
        average_precision(y, scores),
        best_f1(y, scores)[0],
        vus_pr(y, scores),
        best_event_f1(y, scores)[0],
        best_f1(y, point_adjust(y, scores))[0],
    )
    return {name: round(float(value), 5) for name, value in zip(MEASURES, values, strict=True)}


def read() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Method, machine, seed, measure: what the file holds now."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def run(name: str, data: MachineData, seed: int) -> None:
    """Measure one method, machine and seed, and merge it into the file."""
    start = time.process_time()
    found = METHODS[name][0](data, seed)
    seconds = time.process_time() - start
    scores, epochs = found if isinstance(found, tuple) else (found, None)
    row = {**measured(data.y_test, scores), "seconds": round(seconds, 1)}
    if epochs is not None:
        row["epochs"] = epochs
    results = read()
    results.setdefault(name, {}).setdefault(data.name, {})[str(seed)] = row
    with atomic_write(FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(name, data.name, seed, row, flush=True)


def summary(results: dict[str, Any], machines: tuple[str, ...] = MACHINES) -> pd.DataFrame:
    """One row a method: each measure's mean over machines and seeds, and the deviation of that mean between seeds."""
    rows = {}
    for name in METHODS:
        done = results.get(name, {})
        if any(machine not in done for machine in machines):
            continue
        row = {}
        for measure in (*MEASURES, "seconds"):
            seeds = sorted(done[machines[0]])
            means = np.array([np.mean([done[machine][seed][measure] for machine in machines]) for seed in seeds])
            spread = f" ± {means.std(ddof=1):.3f}" if len(means) > 1 else ""
            row[measure] = f"{means.mean():.0f}" if measure == "seconds" else f"{means.mean():.3f}{spread}"
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("mean over machines")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--machines", nargs="+", choices=MACHINES, default=MACHINES)
    args = parser.parse_args()
    for machine in args.machines:
        data = load_smd(machine)
        for name in args.only:
            for seed in SEEDS if METHODS[name][1] else SEEDS[:1]:
                if str(seed) not in read().get(name, {}).get(machine, {}):
                    run(name, data, seed)
    results = read()
    parts = [markdown(summary(results))]
    parts += [f"## {machine}\n\n{markdown(summary(results, (machine,)))}" for machine in MACHINES]
    keep("smd", "Server machines: eleven ways to find incidents", "python benchmarks/smd.py", "\n\n".join(parts))


if __name__ == "__main__":
    main()
