"""Make two lists of cells from one exercise source: the learner's stubs, and the solution."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from authoring.source import Cell, Source, SourceError
from course_lib.checks.card import Card, find_card

_MARKER = re.compile(r"#+\s*(END[\s_-]*)?SOLUTION\W*", re.IGNORECASE)
_STUB = re.compile(r"(?P<indent>\s*)# STUB:(?: (?P<code>.*))?")
_CHECK_CALL = re.compile(r"^check\.\w+\(", re.MULTILINE)


@dataclass
class Task:
    """What has been seen of one task while walking through the source."""

    card: Card
    line: int
    hints: int = 0
    solutions: int = 0
    checks: int = 0


def split(source: Source) -> tuple[list[Cell], list[Cell]]:
    """Walk through an exercise source once and give the cells of the stub and of the solution.

    Parameters
    ----------
    source : Source
        The exercise source. A block between ``# SOLUTION`` and ``# END SOLUTION`` becomes an error in the stub,
        or the code of the ``# STUB:`` lines inside it.

    Returns
    -------
    stub, solution : list of Cell
        Equal except where the learner writes, and for cells tagged ``solution-only``.

    Raises
    ------
    SourceError
        For a malformed marker or card, or a task without hint, solution or check.
    """
    stubs: list[Cell] = []
    solutions: list[Cell] = []
    tasks: list[Task] = []
    for cell in source.cells:
        where = f"{source.name}, line {cell.line}"
        if cell.kind == "markdown":
            _note_markdown(cell, tasks, source.chapter, where)
            stub, solved = cell, cell
        else:
            stub, solved = _split_code(cell, tasks, source.name)
            _note_check(cell, tasks, where)
        if "solution-only" not in cell.tags:
            stubs.append(stub)
        solutions.append(solved)
    if not tasks:
        raise SourceError(f"{source.name}: an exercise set needs a task card, '### Task 10.3 Name  ●●○  8 min'.")
    for task in tasks:
        _demand_complete(task, source.name)
    return stubs, solutions


def _note_markdown(cell: Cell, tasks: list[Task], chapter: int, where: str) -> None:
    """Open a new task at its card, and count hints."""
    try:
        card = find_card(cell.text)
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from None
    if card:
        if card.number.split(".")[0] != str(chapter):
            raise SourceError(f"{where}: task {card.number} stands in set {chapter}, number it {chapter}.x.")
        if any(task.card.number == card.number for task in tasks):
            raise SourceError(f"{where}: task {card.number} is there twice, number the tasks anew.")
        tasks.append(Task(card, cell.line))
    if tasks:
        tasks[-1].hints += cell.text.count("<details>")


def _note_check(cell: Cell, tasks: list[Task], where: str) -> None:
    """Count check cells; a call of a check in a cell without the tag would never be counted as a task's check."""
    calls = bool(_CHECK_CALL.search(cell.text))
    tagged = "check" in cell.tags
    if calls and not tagged:
        raise SourceError(f'{where}: this cell calls a check, give it the tag: # %% tags=["check"].')
    if tagged and not calls:
        raise SourceError(f"{where}: a cell tagged check must call one, check.name(answer), and this one does not.")
    if not tagged:
        return
    if not tasks:
        raise SourceError(f"{where}: this check stands above the first task card, put it below its task.")
    if not tasks[-1].solutions:
        raise SourceError(f"{where}: the check of task {tasks[-1].card.number} stands above its solution.")
    tasks[-1].checks += 1


def _split_code(cell: Cell, tasks: list[Task], name: str) -> tuple[Cell, Cell]:
    """Both versions of a code cell; a cell without markers is the same in both."""
    stub: list[str] = []
    solved: list[str] = []
    instead: list[str] | None = None  # the stub's lines for the block that is open, None outside a block
    start = 0
    opening = ""
    for number, line in enumerate(cell.text.splitlines(), cell.line + 1):
        where = f"{name}, line {number}"
        marker = line.strip()
        if _MARKER.fullmatch(marker) and marker not in ("# SOLUTION", "# END SOLUTION"):
            raise SourceError(f"{where}: write the marker as '# SOLUTION' or '# END SOLUTION', not {marker!r}.")
        if marker == "# SOLUTION":
            if instead is not None:
                raise SourceError(f"{where}: a solution opens inside the one of line {start}, close that first.")
            if not tasks:
                raise SourceError(f"{where}: this solution stands above the first task card, put it below its task.")
            instead, start, opening = [], number, line[: len(line) - len(line.lstrip())]
        elif marker == "# END SOLUTION":
            if instead is None:
                raise SourceError(f"{where}: a solution ends that never began, put '# SOLUTION' above it.")
            stub += instead or [f"{opening}{_unsolved(tasks[-1])}"]
            instead = None
            tasks[-1].solutions += 1
        elif found := _STUB.fullmatch(line):
            if instead is None:
                raise SourceError(f"{where}: a STUB line stands outside a solution, move it between the markers.")
            instead.append(f"{found['indent']}{found['code'] or ''}".rstrip())
        else:
            solved.append(line)
            if instead is None:
                stub.append(line)
    if instead is not None:
        raise SourceError(f"{name}, line {start}: this solution is never closed, put '# END SOLUTION' below it.")
    return replace(cell, text="\n".join(stub)), replace(cell, text="\n".join(solved))


def _unsolved(task: Task) -> str:
    """The line that stands where the learner is to write."""
    return f'raise NotImplementedError("Task {task.card.number}: write your solution here")'


def _demand_complete(task: Task, name: str) -> None:
    """Each task has a hint, something to solve, and exactly one check."""
    where = f"{name}, line {task.line}: task {task.card.number}"
    if not task.hints:
        raise SourceError(f"{where} has no hint, add one in <details> to its card.")
    if not task.solutions:
        raise SourceError(f"{where} has no '# SOLUTION' block, so there is nothing to write for the learner.")
    if task.checks != 1:
        raise SourceError(f"{where} has {task.checks} cells tagged check, it needs exactly one.")
