"""What the lesson on explanations quotes is in the committed benchmark, which reaches its aims."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSON = (ROOT / "authoring/lessons/21_why_was_this_flagged.py").read_text(encoding="utf-8")
RESULTS = json.loads((ROOT / "benchmarks/results/planted_causes.json").read_text(encoding="utf-8"))
KINDS = ("point", "contextual", "collective")
MACHINES, SEEDS = ("machine-1-2", "machine-2-1", "machine-3-2"), (0, 1, 2)
PLANTED = {
    "largest z-score, no detector": "z-score",
    "PCA, feature error": "PCA, feature error",
    "PCA, KernelSHAP": "PCA, KernelSHAP",
    "autoencoder, feature error": "autoencoder, feature error",
    "autoencoder, KernelSHAP": "autoencoder, KernelSHAP",
    "PCA on readings less the usual day, KernelSHAP": "PCA without the day, KernelSHAP",
}
SERVERS = {
    "by chance": "random",
    "largest z-score, no detector": "z-score",
    "PCA, feature error": "PCA, feature error",
    "autoencoder, feature error": "autoencoder, feature error",
    "autoencoder, KernelSHAP": "autoencoder, KernelSHAP",
    "autoencoder, LIME": "autoencoder, LIME",
    "LSTM autoencoder, feature error": "LSTM autoencoder, feature error",
    "USAD, feature error": "USAD, feature error",
}


def quoted(n_numbers):
    """Label and numbers of the rows of the lesson's tables with so many figures of two decimals."""
    pattern = r"^# \| ([^|]+) \|(" + r" \d\.\d\d \|" * n_numbers + ")$"
    rows = re.findall(pattern, LESSON, re.MULTILINE)
    return {label: re.findall(r"\d\.\d\d", numbers) for label, numbers in rows}


def planted(method, kind):
    """Precision at 1 over all planted anomalies of all greenhouses."""
    figures = [seed[kind] for seed in RESULTS["simulated"][method].values()]
    return np.average([figure["P@1"] for figure in figures], weights=[figure["n"] for figure in figures])


def servers(method, measure):
    """Mean over machines and seeds."""
    done = RESULTS["servers"][method]
    return np.mean([done[f"{machine} {seed}"][measure] for machine in MACHINES for seed in SEEDS])


def test_the_table_of_planted_causes():
    assert "plants faults in ten greenhouses of six thermometers" in LESSON
    assert all(len(seeds) == 10 for seeds in RESULTS["simulated"].values())
    rows = quoted(3)
    assert set(rows) == set(PLANTED)
    for label, method in PLANTED.items():
        assert rows[label] == [f"{planted(method, kind):.2f}" for kind in KINDS], label


def test_the_table_of_noted_causes():
    rows = quoted(2)
    assert set(rows) == set(SERVERS)
    for label, method in SERVERS.items():
        assert rows[label] == [f"{servers(method, measure):.2f}" for measure in ("P@1", "P@3")], label


@pytest.mark.parametrize(
    "method",
    sorted(name for name in RESULTS["simulated"] if name not in ("random", "PCA without the day, feature error")),
)
def test_point_anomalies_are_named(method):
    assert planted(method, "point") >= 0.9


def test_the_lessons_story_holds_in_the_benchmark():
    """A background of all hours misleads where only the context is wrong, and the reconstruction does not."""
    for detector in ("PCA", "autoencoder"):
        assert (
            planted(f"{detector}, feature error", "collective") > planted(f"{detector}, KernelSHAP", "collective") + 0.3
        )
    assert planted("PCA without the day, KernelSHAP", "collective") > planted("PCA, KernelSHAP", "collective") + 0.1
    assert planted("PCA without the day, KernelSHAP", "contextual") == 1
