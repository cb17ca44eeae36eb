"""Figures that the lesson on the real-time detector quotes are those of the committed benchmark."""

import re
import tomllib
from pathlib import Path

from course_lib.streaming.service.config import build_engine

ROOT = Path(__file__).resolve().parents[2]


def table():
    """Rows of the benchmark's table, by name: column to text."""
    text = (ROOT / "benchmarks/results/stream_service.md").read_text()
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    head = lines[0]
    return {line[0]: dict(zip(head, line, strict=False)) for line in lines[2:]}


def number(text):
    return float(text.replace(",", ""))


def test_the_lesson_quotes_the_benchmark():
    rows = table()
    lesson = (ROOT / "authoring/lessons/17_real_time_detector.py").read_text()
    quoted = dict(re.findall(r"^# \| (steady|overload) \| (.+) \|$", lesson, re.MULTILINE))
    for name in ("steady", "overload"):
        columns = ("seconds", "sent", "scored", "malformed", "dropped", "kernel drops", "p50 / p99 / p99.9 ms")
        assert quoted[name].split(" | ") == [rows[name][column] for column in columns]


def test_the_service_reaches_its_figures():
    rows = table()
    steady, over = rows["steady"], rows["overload"]
    assert number(steady["seconds"]) >= 30
    assert number(steady["sent/s"]) >= 19_990
    assert steady["dropped"] == steady["kernel drops"] == "0"
    assert number(steady["p50 / p99 / p99.9 ms"].split(" / ")[1]) < 10
    assert number(over["sent/s"]) > 2.9 * number(over["scored/s"])
    for row in rows.values():
        parts = ("scored", "dropped", "malformed", "kernel drops")
        assert number(row["sent"]) == sum(number(row[part]) for part in parts)
        first, last = row["memory, MB"].split(" to ")
        assert number(last) < 1.05 * number(first)


def test_the_configuration_in_the_lesson_works():
    lesson = (ROOT / "authoring/lessons/17_real_time_detector.py").read_text()
    block = re.search(r"^# ```toml\n(.+?)^# ```", lesson, re.MULTILINE | re.DOTALL)[1]
    engine = build_engine(tomllib.loads(re.sub("^# ?", "", block, flags=re.MULTILINE)))
    assert engine.scorer.policy.raise_after == 3
    assert engine.scorer.silence == 300
    assert engine.every == 30
    assert [delivery.sink.name for delivery in engine.deliveries] == ["log", "jsonl"]


def test_the_rate_in_words_is_the_benchmark_s():
    lesson = (ROOT / "authoring/lessons/17_real_time_detector.py").read_text()
    assert round(number(table()["overload"]["scored/s"]), -3) == 44_000
    assert "the 44,000 a second that can be scored" in lesson
