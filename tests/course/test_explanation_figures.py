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
    "largest z-score less the usual day, no detector": "z-score without the day",
    "PCA on readings less the usual day, KernelSHAP": "PCA without the day, KernelSHAP",
}
SERVERS = {
    "by chance": "random",
    "largest z-score, no detector": "z-score",
    "PCA, feature error": "PCA, feature error",
    "PCA, over usual size": "PCA, feature error over its usual size",
    "autoencoder, feature error": "autoencoder, feature error",
    "autoencoder, over usual size": "autoencoder, feature error over its usual size",
    "autoencoder, KernelSHAP": "autoencoder, KernelSHAP",
    "autoencoder, LIME": "autoencoder, LIME",
    "LSTM autoencoder, feature error": "LSTM autoencoder, feature error",
    "LSTM autoencoder, over usual size": "LSTM autoencoder, feature error over its usual size",
    "USAD, feature error": "USAD, feature error",
    "USAD, over usual size": "USAD, feature error over its usual size",
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


def test_what_the_lesson_says_of_errors_over_their_usual_size():
    """The series networks gain, and are then above the z-score at three; the plain autoencoder loses."""
    over = "{}, feature error over its usual size".format
    for network in ("LSTM autoencoder", "USAD"):
        assert servers(over(network), "P@1") > servers(f"{network}, feature error", "P@1") + 0.2
        assert servers(over(network), "P@3") > servers("z-score", "P@3") + 0.15
    for measure in ("P@1", "P@3"):
        assert servers(over("autoencoder"), measure) < servers("autoencoder, feature error", measure)


def test_what_the_lesson_says_of_stuck_sensors():
    """Taking the day out helps the z-score as it helps a detector, and less than the plain feature error."""
    assert planted("z-score without the day", "contextual") == 1
    assert planted("PCA, feature error", "collective") > planted("PCA without the day, KernelSHAP", "collective") + 0.2
    for detector, told in (("PCA", "PCA flags 76%"), ("autoencoder", "the autoencoder 71%")):
        seeds = RESULTS["simulated"][f"{detector}, feature error"].values()
        counts = [seed["collective"]["n"] for seed in seeds]
        flagged = np.average([seed["collective"]["flagged"] for seed in seeds], weights=counts)
        assert told in LESSON
        assert f"{flagged:.0%}" in told
