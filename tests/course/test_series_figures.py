"""What the lesson on honest scores quotes is in the committed benchmark on server machines."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/smd.json").read_text())
LESSON = (ROOT / "authoring/lessons/15b_attention_and_honest_scores.py").read_text()
COLUMNS = ("AUROC", "AUPRC", "VUS-PR", "best F1", "event F1", "point-adjusted F1 (a trap)")


@pytest.fixture
def summary(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    return runpy.run_path(str(ROOT / "benchmarks" / "smd.py"))["summary"]


def test_the_lesson_quotes_the_benchmark(summary):
    table = summary(RESULTS)
    quoted = {
        name: numbers.split(" | ")
        for name, numbers in re.findall(r"^# \| (\w[^|]+) \| ([\d. |]+) \|$", LESSON, re.MULTILINE)
    }
    assert list(quoted) == list(table.index)
    for name, numbers in quoted.items():
        assert numbers == [table.loc[name, column].split(" ")[0] for column in COLUMNS], name


def test_three_machines_and_three_seeds():
    for name, machines in RESULTS.items():
        assert set(machines) == {"machine-1-2", "machine-2-1", "machine-3-2"}, name
        wanted = 1 if name in ("z-score", "PCA") else 3
        assert {len(seeds) for seeds in machines.values()} == {wanted}, name
