"""What the lesson on isolation forests quotes is in the committed benchmark, which reaches its aims."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/adbench.json").read_text())
TABLES = [name for name in RESULTS if "seeds" in RESULTS[name]]
COLUMNS = (
    "isolation forest",
    "extended isolation forest",
    "PCA, reconstruction, half of the variance",
    "PCA, Mahalanobis, 90% of the variance",
    "5 nearest neighbours",
)


def test_the_lesson_quotes_the_benchmark():
    lesson = (ROOT / "authoring/lessons/06_isolation_forest.py").read_text()
    quoted = {
        name: numbers.split(" | ")
        for name, numbers in re.findall(r"^# \| (\w+) \| ([\d. |]+) \|$", lesson, re.MULTILINE)
    }
    assert set(quoted) == set(TABLES)
    for name in TABLES:
        means = [f"{100 * np.mean(RESULTS[name]['seeds'][method][:3]):.1f}" for method in COLUMNS]
        assert quoted[name] == means, name
    best = [max(COLUMNS, key=lambda method: np.mean(RESULTS[name]["seeds"][method][:3])) for name in TABLES]
    assert best.count("isolation forest") == 7
    assert "best on seven of the twelve" in lesson


@pytest.mark.parametrize("name", TABLES)
def test_over_many_forests_ours_is_as_good_as_scikit_learns(name):
    ours, theirs = (
        np.array(RESULTS[name]["forests"][kind]) for kind in ("isolation forest", "isolation forest, scikit-learn")
    )
    assert ours.shape == theirs.shape
    assert ours.shape[0] == 5
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.005)


@pytest.mark.parametrize(
    ("name", "known"),
    [("breastw", 98.9), ("cardio", 93.3), ("thyroid", 98.1), ("satellite", 69.5), ("pendigits", 94.4)],
)
def test_known_figures(name, known):
    """Not vowels: there single forests differ by 3, and the known 78.4 is one draw of three; the mean is near 76."""
    assert 100 * np.mean(RESULTS[name]["seeds"]["isolation forest"][:3]) == pytest.approx(known, abs=1.0)
    assert 100 * np.mean(RESULTS[name]["seeds"]["isolation forest, scikit-learn"][:3]) == pytest.approx(known, abs=0.06)


def test_both_forms_of_pca_on_cardio():
    found = RESULTS["cardio, components"]
    assert found["reconstruction, whole table"]["2"][0] == pytest.approx(0.89, abs=0.005)
    assert found["mahalanobis, whole table"]["5"][0] == pytest.approx(0.93, abs=0.005)
    assert None in RESULTS["cardio"]["seeds"]["PCA, PyOD"], "not finite for some seeds"
    ours = (RESULTS["cardio"]["seeds"][method] for method in COLUMNS[2:4])
    assert all(None not in seeds for seeds in ours)
