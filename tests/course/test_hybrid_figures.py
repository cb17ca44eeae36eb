"""What the lesson on hybrid detectors quotes is in the committed benchmarks; a failing test says what to quote."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = json.loads((ROOT / "benchmarks/results/hybrid.json").read_text())
IMAGES = json.loads((ROOT / "benchmarks/results/hybrid_images.json").read_text())
LESSON = (ROOT / "authoring/lessons/20_hybrid_detectors.py").read_text()
PROSE = LESSON.replace("\n# ", " ")
ADBENCH = (
    "breastw",
    "cardio",
    "glass",
    "http",
    "Ionosphere",
    "mammography",
    "pendigits",
    "satellite",
    "shuttle",
    "thyroid",
    "vowels",
    "WBC",
)
ENSEMBLES = ("z, average", "z, maximum", "rank, average", "rank, average_of_maximum")
IMAGE_MEMBERS = (
    "PCA, 32 directions",
    "5 nearest neighbours, blurred images",
    "VAE",
    "transformation score",
)
HYBRID = "5 nearest neighbours, blurred images + VAE + transformation score | z | average"


def mean(table, kind, name):
    """Mean over the seeds that the benchmark holds."""
    return float(np.mean([seed[kind][name] for seed in TABLES[table].values()]))


def members(table):
    return {name: mean(table, "members", name) for name in TABLES[table]["1"]["members"]}


def table_rows():
    """The lines of the lesson's table of ADBench, as they should stand there."""
    lines = []
    for table in ADBENCH:
        own = members(table)
        best = max(own, key=own.get)
        numbers = [own["components"], own["5 neighbours"], *(mean(table, "ensembles", name) for name in ENSEMBLES)]
        quoted = " | ".join(f"{100 * number:.1f}" for number in numbers)
        lines.append(f"# | {table} | {100 * own[best]:.1f} ({best}) | {quoted} |")
    over_all = {name: np.mean([members(table)[name] for table in ADBENCH]) for name in members(ADBENCH[0])}
    best = max(over_all, key=over_all.get)
    sums = [np.mean([mean(table, "ensembles", name) for table in ADBENCH]) for name in ENSEMBLES]
    quoted = " | ".join(f"{100 * n:.1f}" for n in [over_all["components"], over_all["5 neighbours"], *sums])
    return [*lines, f"# | **mean** | {100 * over_all[best]:.1f} ({best}) | {quoted} |"]


def image_rows():
    """The lines of the lesson's table of images: means over the classes that have a hybrid's figure."""
    titles = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
    columns = {}
    for data, title in titles.items():
        hybrid = IMAGES.get(data, {}).get("hybrids", {}).get(HYBRID, {})
        if hybrid:
            own = {name: IMAGES[data]["members"].get(name, {}) for name in IMAGE_MEMBERS}
            cells = [_mean_of([row[c]["auroc"] for c in hybrid if c in row], len(hybrid)) for row in own.values()]
            columns[f"{title}, {len(hybrid)} classes"] = [*cells, _mean_of(list(hybrid.values()), len(hybrid))]
    names = [*IMAGE_MEMBERS, "average of z of the last three"]
    lines = [f"# | normal | {' | '.join(columns)} |"]
    return lines + [
        f"# | {name} | {' | '.join(row)} |" for name, row in zip(names, np.array(list(columns.values())).T, strict=True)
    ]


def _mean_of(values, wanted):
    """Four digits, or nothing while a class is still missing."""
    return f"{np.mean(values):.4f}" if len(values) == wanted else ""


@pytest.mark.parametrize("rows", [table_rows, image_rows])
def test_the_lesson_quotes_the_benchmark(rows):
    expected = rows()
    missing = [line for line in expected if line not in LESSON]
    assert not missing, "The lesson should quote these lines:\n" + "\n".join(expected)


def test_what_the_lesson_says_of_the_tables():
    """The sentences below the table, one by one."""
    average = {table: mean(table, "ensembles", "z, average") for table in ADBENCH}
    best = {table: max(members(table).values()) for table in ADBENCH}
    worst = {table: min(members(table).values()) for table in ADBENCH}
    below = sum(average[table] < best[table] for table in ADBENCH)
    words = re.search(r"On (\w+) of the twelve tables the average of z stays below the best member", PROSE)
    numbers = ("six", "seven", "eight", "nine", "ten", "eleven", "all")
    assert words is not None
    assert words[1] == numbers[below - 6]
    assert all(average[table] > worst[table] for table in ADBENCH)
    assert "It is above the worst one on all twelve" in PROSE
    over_all = max(np.mean([members(table)[name] for table in ADBENCH]) for name in members("vowels"))
    assert np.mean(list(average.values())) > over_all
    assert "its mean is higher than that of any single member" in PROSE


def test_what_the_lesson_says_of_the_images():
    """The sum beats each of its parts on both data sets."""
    columns = np.array([line.strip("# |").split(" | ")[1:] for line in image_rows()[1:]], dtype=float)
    assert columns.shape[1] == 2
    assert (columns[-1] > columns[:-1].max(axis=0)).all()
    assert "Here the sum beats each of its parts on both" in PROSE


def test_the_negative_case_is_real():
    """On vowels the sum is worse than its best part, with every seed."""
    for seed in TABLES["vowels"].values():
        assert seed["ensembles"]["z, average"] < seed["members"]["5 neighbours"] - 0.03
        assert seed["ensembles"]["rank, weighted"] < seed["members"]["5 neighbours"] - 0.03


def test_a_blind_part_hurts_an_average_more_than_a_maximum_of_z():
    """Two parts that draw their scores at random, beside one forest."""
    blind = [seed["blind"] for table in ADBENCH for seed in TABLES[table].values()]
    assert np.mean([row["z, average"] for row in blind]) < np.mean([row["z, maximum"] for row in blind])
