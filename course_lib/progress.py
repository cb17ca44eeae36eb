"""``python -m course_lib progress``: which tasks of the learner's own exercise sets are solved."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.checks.exercise_set import HOW_TO_GET_COPIES, ProgressError, Task, find_call, read_set

CELL_TIMEOUT = 300  # seconds
SOLVED, OPEN, WRONG = "solved", "open", "not yet right"

_STUB_ERRORS = ("NotYetSolved", "NotImplementedError")


@dataclass(frozen=True)
class State:
    """How far a task is: `SOLVED`, `OPEN` or `WRONG`, and for the last the first line that says why."""

    name: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument("notebooks", nargs="*", type=Path, help="exercise sets to look at (default: all in work/)")


def run(args: argparse.Namespace) -> int:
    """Run the sets one after the other and print a table for each.

    Returns
    -------
    int
        0 when every set could be run, whatever its tasks' states; 1 otherwise.
    """
    try:
        notebooks = args.notebooks or _own_copies(Path.cwd())
        for path in notebooks:
            tasks, cells = read_set(path)
            print(f"{path.stem}: running {len(cells)} cells ...", flush=True)
            print(table(tasks, states(tasks, cells, run_cells(path))), end="\n\n", flush=True)
    except ProgressError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _own_copies(root: Path) -> list[Path]:
    """The learner's copies below the current folder, or beside the package where the command runs elsewhere."""
    work = next((f for f in (root / "work", Path(__file__).parents[1] / "work") if f.is_dir()), None)
    if work is None:
        raise ProgressError(f"There is no folder work/ in {root}: {HOW_TO_GET_COPIES}.")
    copies = sorted(work.glob("*.ipynb"))
    if not copies:
        raise ProgressError(f"There is no exercise set in {work}: {HOW_TO_GET_COPIES}.")
    return copies


def run_cells(path: Path) -> dict[int, dict[str, str]]:
    """Run a notebook by nbval in a process of its own.

    Returns
    -------
    dict of int to dict
        For each code cell, counted from 0: ``outcome`` (pytest's word), ``error`` (its type) and ``message``.

    Raises
    ------
    ProgressError
        If nbval could not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
        quiet = ["-q", "-p", "no:cacheprovider", "-p", "course_lib.checks.report", f"--course-report={report}"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *quiet, *options, str(path.resolve())],
            cwd=path.resolve().parent,
            env=environment,
            capture_output=True,
            text=True,
        )
        if not report.exists():
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise ProgressError(f"{path} could not be run by nbval ({last}): try 'python -m course_lib doctor'.")
        return {int(number): result for number, result in json.loads(report.read_text()).items()}


def states(tasks: Sequence[Task], cells: Sequence[str], results: Mapping[int, Mapping[str, str]]) -> list[State]:
    """How far each task is.

    Parameters
    ----------
    tasks : sequence of Task
    cells : sequence of str
        The learner's code cells.
    results : mapping of int to mapping
        What `run_cells` gives.

    Returns
    -------
    list of State
        One for each task.
    """
    checks = {call: number for number, text in enumerate(cells) if (call := find_call(text))}
    found = []
    for task in tasks:
        check = checks.get(task.call)
        if check is None:
            found.append(State(WRONG, f"the cell {task.call}(...) is gone, copy it back from the exercise set"))
            continue
        above = max((number for number in checks.values() if number < check), default=-1)
        found.append(_state(task, [results.get(number, {}) for number in range(above + 1, check + 1)]))
    return found


def _state(task: Task, results: Sequence[Mapping[str, str]]) -> State:
    """The state of one task from the cells since the last check; its own check is the last of them."""
    result = results[-1]
    if result.get("outcome") == "passed":
        return State(SOLVED)
    if result.get("error") == "NameError" or not result.get("error"):
        # The check had nothing to look at: the reason is in a cell above it.
        result = next((r for r in results if r.get("error")), result)
    if result.get("error") in _STUB_ERRORS:
        return State(OPEN)
    lines = result.get("message", "").splitlines() or ["the notebook stopped before this cell"]
    # IPython names a cell's file by a number, which means nothing to its author.
    first = re.sub(r"\(\d+\.py, ", "(", lines[0].removeprefix(f"Task {task.card.number}: "))
    kind = result.get("error", "")
    return State(WRONG, first if kind in ("CheckFailed", "NbCellError", "") else f"{kind}: {first}")


def table(tasks: Sequence[Task], found: Sequence[State]) -> str:
    """The tasks and their states as aligned lines, and the totals."""
    rows = [("task", "name", "", "min", "state")]
    for task, state in zip(tasks, found, strict=True):
        card = task.card
        rows.append((card.number, card.name, card.difficulty, str(card.minutes), str(state)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    left = sum(task.card.minutes for task, state in zip(tasks, found, strict=True) if state.name != SOLVED)
    solved = sum(state.name == SOLVED for state in found)
    end = f"about {left} minutes left" if left else "all done"
    return "\n".join([*lines, f"{solved} of {len(tasks)} tasks solved, {end}."])
