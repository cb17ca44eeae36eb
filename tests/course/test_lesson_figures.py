"""Figures that a lesson quotes from a benchmark are those of the committed results."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def summary(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    return runpy.run_path(str(ROOT / "benchmarks" / "one_class_digits.py"))["summary"]


def test_the_autoencoder_lesson_quotes_the_benchmark(summary):
    results = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())
    table = summary(results)[["0, mean of seeds", "0, worst seed", "8", "mean of ten"]]
    lesson = (ROOT / "authoring/lessons/10_autoencoders.py").read_text()
    quoted = dict(re.findall(r"^# \| (\w[^|]+) \| ([\d. |]+) \|$", lesson, re.MULTILINE))
    for name in ("PCA, 32 directions", "5 nearest neighbours", "dense autoencoder"):
        assert quoted[name].split(" | ") == table.loc[name].tolist(), name


def test_the_autoencoder_lesson_quotes_ones_against_eights():
    results = json.loads((ROOT / "benchmarks/results/ones_against_eights.json").read_text())
    network, pca = (sum(results[name]) / len(results[name]) for name in ("dense autoencoder", "PCA, 32 directions"))
    lesson = (ROOT / "authoring/lessons/10_autoencoders.py").read_text()
    quoted = re.search(
        r"recipe of the table it is\n# ([\d.]+) \(`benchmarks/ones_against_eights.py`\), and with PCA ([\d.]+)\.",
        lesson,
    )
    assert quoted.groups() == (f"{network:.2f}", f"{pca:.2f}")


def test_the_autoencoder_reaches_its_figure():
    seeds = json.loads((ROOT / "benchmarks/results/one_class_mnist.json").read_text())["dense autoencoder"]["0"]
    assert len(seeds) == 3
    assert min(seeds) >= 0.995
