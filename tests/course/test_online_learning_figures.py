"""What the lesson on online learning quotes is in the committed benchmarks, which reach their aims."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAB = json.loads((ROOT / "benchmarks/results/nab.json").read_text())
STREAMS = json.loads((ROOT / "benchmarks/results/streams.json").read_text())
LESSON = (ROOT / "authoring/lessons/16_online_learning.py").read_text()
PROFILES = ("standard", "reward low FP rate", "reward low FN rate")
COLUMNS = ("standard", "standard, known causes")
BASELINE = "Windowed Gaussian, best threshold on these series"


def test_the_lesson_quotes_nab():
    quoted = dict(re.findall(r"^# \| ([\w -][^|]+) \| ([\d. |]+) \|$", LESSON, re.MULTILINE))
    assert set(quoted) == set(NAB)  # no detector is left out
    for name, numbers in quoted.items():
        assert numbers.split(" | ") == [f"{NAB[name][column]:.1f}" for column in COLUMNS], name
    names = "OnlineForecast", "the same, best threshold with the pause"
    ours, baseline = (f"{NAB[name]['standard, known causes']:.1f}" for name in names)
    assert f"it reaches {ours} and the baseline with its pause {baseline}" in LESSON
    assert f"leads with {NAB['OnlineForecast, threshold by SPOT']['standard, known causes']:.1f}" in LESSON


def test_a_detector_that_is_fitted_to_nothing_beats_nabs_baseline():
    for profile in PROFILES:
        assert NAB["OnlineForecast"][profile] > NAB[BASELINE][profile]
    assert NAB["OnlineForecast"]["standard"] > NAB["the same, best threshold with the pause"]["standard"]


@pytest.mark.parametrize("name", STREAMS["network"])
def test_the_network_table_is_nearly_solved_in_random_order(name):
    assert STREAMS["network"][name]["random order"] >= 0.99


def test_the_lesson_quotes_the_streams():
    network = STREAMS["network"]
    assert f"the z-score has an AUROC of {network['OnlineZScore()']['random order']:.3f}" in LESSON
    assert f"k-means {network['OnlineKMeans()']['random order']:.3f}" in LESSON
    trees = network["HalfSpaceTrees(n_trees=25, window_size=1000)"]
    assert f"half-space trees with a window of 1,000 {trees['random order']:.3f}" in LESSON
    assert f"fall to {trees['file order']:.2f}" in LESSON
    abrupt, gradual = STREAMS["drift"]["abrupt"], STREAMS["drift"]["gradual"]
    assert abrupt["changes noticed"] == "10 of 10"
    assert f"noticed each jump after {abrupt['delay, longest']:.0f} events" in LESSON
    assert abrupt["false alarms per 10,000 before"] <= 3
    assert abrupt["false alarms per 10,000 after"] <= 3
    assert min(row["anomalies flagged"] for row in STREAMS["drift"].values()) > 0.99
    assert gradual["changes noticed"] == "9 of 10"
    assert STREAMS["drift"]["none"]["false restarts"] == 0
