"""Read an exercise set from its notebook: its tasks, and the learner's code cells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.checks.card import Card, find_card

HOW_TO_GET_COPIES = "run 'make lab' or 'python3 bootstrap.py copies' to get your copies"
_CALL = re.compile(r"^check\.\w+(?=\()", re.MULTILINE)


class ProgressError(Exception):
    """Progress cannot be shown; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Task:
    """A task of an exercise set: its card, and the call that checks it (``check.name``)."""

    card: Card
    call: str


def find_call(code: str) -> str | None:
    """The check that a code cell calls, ``"check.name"``, or None."""
    found = _CALL.search(code)
    return found[0] if found else None


def read_set(path: Path) -> tuple[list[Task], list[str]]:
    """The tasks of a set, and the code cells of the learner's copy.

    The tasks are read from the set as it is handed out where that lies beside (``exercises/`` next to ``work/``),
    so that a card or a check that the learner deleted is still listed; otherwise from the copy itself.

    Parameters
    ----------
    path : Path
        The learner's notebook.

    Returns
    -------
    tasks : list of Task
    cells : list of str
        The sources of the code cells, in nbval's order.

    Raises
    ------
    ProgressError
        If the file is no notebook or no task is found.
    """
    notebook = _load(path)
    original = path.resolve().parent.parent / "exercises" / path.name
    tasks = _tasks(_load(original) if original.is_file() else notebook)
    if not tasks:
        raise ProgressError(f"{path} has no task with a check: name an exercise set, for example work/10_….ipynb.")
    return tasks, [_text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _load(path: Path) -> dict[str, Any]:
    """A notebook's JSON."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except OSError as error:
        raise ProgressError(f"{path} cannot be read ({error.strerror}): {HOW_TO_GET_COPIES}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ProgressError(f"{path} is no Jupyter notebook: save it again, or {HOW_TO_GET_COPIES}.") from error
    return {"cells": cells}


def _text(cell: Mapping[str, Any]) -> str:
    """A cell's source, which notebooks store as one text or as a list of lines."""
    return "".join(cell["source"])


def _tasks(notebook: Mapping[str, Any]) -> list[Task]:
    """Each card with the next check below it."""
    tasks, card = [], None
    for cell in notebook["cells"]:
        text = _text(cell)
        if cell["cell_type"] == "markdown":
            try:
                card = find_card(text) or card
            except ValueError:
                continue  # the learner edited the heading of their own copy
        elif card and (call := find_call(text)):
            tasks.append(Task(card, call))
            card = None
    return tasks
