"""``python -m course_lib progress`` on a set with a solved, a wrong and an open task, really run by nbval."""

import argparse
import os
import subprocess
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from course_lib import progress
from course_lib.checks.exercise_set import ProgressError, read_set

ROOT = Path(__file__).resolve().parents[1]

CHECKS = """\
from course_lib.checks import expect_close, task

class check:
    pass

for number, wanted in (("1.1", 1), ("1.2", 2), ("1.3", 3), ("1.4", 4)):
    def compare(answer, wanted=wanted):
        expect_close(answer(), wanted, "It", mistakes=[(0, "Zero is nothing.")])
    setattr(check, f"t{number[-1]}", staticmethod(task(number, "T", passed="Good.")(compare)))"""

STUB = 'raise NotImplementedError("Task {}: write your solution here")'


def card(number, name, minutes):
    return new_markdown_cell(f"### Task {number} {name}  ●●○  {minutes} min\nDo it.")


def function(number, body=None):
    return new_code_cell(f"def f{number[-1]}():\n    {body or STUB.format(number)}")


def call(number, tags=("check",)):
    return new_code_cell(f"check.t{number[-1]}(f{number[-1]})", metadata={"tags": list(tags)})


def exercise_set(bodies):
    """The cells of a set of four tasks with these function bodies, None for the stub."""
    cells = [new_markdown_cell("# Set"), new_code_cell(CHECKS)]
    for number, name, minutes in (("1.1", "One", 5), ("1.2", "Two", 8), ("1.3", "Three", 10), ("1.4", "Four", 2)):
        cells += [card(number, name, minutes), function(number, bodies.get(number)), call(number)]
    return cells


def write(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(writes(new_notebook(cells=cells)), encoding="utf-8")
    return path


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder, which is also the current one."""
    write(tmp_path / "exercises/01_set.ipynb", exercise_set({}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    monkeypatch.setattr(progress, "__file__", str(tmp_path / "package" / "progress.py"))
    return tmp_path


def run(*notebooks):
    parser = argparse.ArgumentParser()
    progress.add_arguments(parser)
    return progress.run(parser.parse_args([str(path) for path in notebooks]))


def test_a_table_of_solved_wrong_and_open_tasks(course, capsys):
    cells = exercise_set({"1.1": "return 1", "1.2": "return 0", "1.4": "return 4 +"})
    cells[2].source = "My own notes instead of the card."
    cells[4] = call("1.1", tags=())
    cells.insert(2, new_code_cell("1 / 0  # a trial of the learner's own"))
    path = write(course / "work/01_set.ipynb", cells)
    before = path.read_bytes()
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "01_set: running 10 cells ...",
        "task  name        min  state",
        "1.1   One    ●●○  5    solved",
        "1.2   Two    ●●○  8    not yet right: Zero is nothing.",
        "1.3   Three  ●●○  10   open",
        "1.4   Four   ●●○  2    not yet right: SyntaxError: invalid syntax (line 2)",
        "1 of 4 tasks solved, about 20 minutes left.",
        "",
    ]
    assert path.read_bytes() == before


def solved(count):
    return {number: {"outcome": "passed", "error": "", "message": ""} for number in range(count)}


def states(path, results):
    tasks, cells = read_set(path)
    return [str(state) for state in progress.states(tasks, cells, results)]


def test_a_deleted_check_is_missed_and_the_others_are_still_found(course):
    cells = exercise_set({})
    del cells[4]
    path = write(course / "work/01_set.ipynb", cells)
    assert states(path, solved(8)) == [
        "not yet right: the cell check.t1(...) is gone, copy it back from the exercise set",
        *["solved"] * 3,
    ]


def test_tasks_may_be_moved(course):
    cells = exercise_set({})
    path = write(course / "work/01_set.ipynb", [*cells[:2], *cells[8:11], *cells[2:8], *cells[11:]])
    results = solved(9)
    results[2] = {"outcome": "failed", "error": "CheckFailed", "message": "Task 1.3: Zero is nothing.\nMore."}
    assert states(path, results) == ["solved", "solved", "not yet right: Zero is nothing.", "solved"]


def test_a_cell_that_took_too_long(course):
    path = write(course / "work/01_set.ipynb", exercise_set({}))
    results = solved(4)
    results[4] = {
        "outcome": "failed",
        "error": "NbCellError",
        "message": "Timeout of 300 seconds exceeded executing cell",
    }
    assert states(path, results) == [
        "solved",
        "not yet right: Timeout of 300 seconds exceeded executing cell",
        *["not yet right: the notebook stopped before this cell"] * 2,
    ]


def test_a_set_that_lies_elsewhere_is_read_by_its_own_cards(tmp_path):
    cells = exercise_set({})
    cells[5].source = "### Task 1.2 changed by the learner"
    tasks, _ = read_set(write(tmp_path / "elsewhere/mine.ipynb", cells))
    assert [task.card.number for task in tasks] == ["1.1", "1.3", "1.4"]


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda root: [], "There is no folder work/ in {root}: run 'make lab'"),
        (lambda root: (root / "work").mkdir() or [], "There is no exercise set in {root}{sep}work: run 'make lab'"),
        (
            lambda root: [root / "none.ipynb"],
            "{root}{sep}none.ipynb cannot be read (No such file or directory): run 'make lab'",
        ),
        (lambda root: [broken(root, "{")], "{root}{sep}x.ipynb is no Jupyter notebook: save it again"),
        (lambda root: [broken(root, "[]")], "{root}{sep}x.ipynb is no Jupyter notebook: save it again"),
        (
            lambda root: [write(root / "x.ipynb", [])],
            "{root}{sep}x.ipynb has no task with a check: name an exercise set",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(course, capsys, prepare, sentence):
    assert run(*prepare(course)) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(sentence.format(root=course, sep=os.sep))
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def broken(root, text):
    (root / "x.ipynb").write_text(text)
    return root / "x.ipynb"


def test_nbval_that_cannot_start_is_said_in_one_sentence(course, monkeypatch):
    path = write(course / "work/01_set.ipynb", exercise_set({}))
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nNo module named pytest\n")
    monkeypatch.setattr(progress.subprocess, "run", lambda *args, **kwargs: failed)
    with pytest.raises(ProgressError, match=r"could not be run by nbval \(No module named pytest\): try"):
        progress.run_cells(path)


def test_the_totals_when_all_is_done(course):
    tasks, _ = read_set(course / "exercises/01_set.ipynb")
    lines = progress.table(tasks, [progress.State(progress.SOLVED)] * 4).splitlines()
    assert lines[-1] == "4 of 4 tasks solved, all done."
