"""Rules for the notebooks' files: what running them, or nbval, would pass over in silence.

Each function takes a notebook and gives one sentence for each thing that is wrong.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

MAX_FIGURE_BYTES = 100_000
MAX_CODE_LINES = 25
CELLS = (25, 50)
WORDS = (1200, 2800)

# What every lesson has, written like this and in this order.
SECTIONS = (
    "**You will be able to**",
    "**You need**",
    "## What goes wrong",
    "## Recap",
    "## Check yourself",
    "## Read on",
    "## Think further",
)

_SHELL = re.compile(r"^\s*(?:\w+\s*=\s*)?(?:!|%{1,2}[A-Za-z])", re.MULTILINE)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")
_PATHS = re.compile(
    r"site-packages|(?<![\w./:-])/(?:home|Users|root|tmp|var|usr|opt|mnt|private|content|workspaces?)/\w"
    r"|\b[A-Z]:\\+\w"
)


def code_problems(notebook: NotebookNode) -> list[str]:
    """Kernel, ids, and code that nbval or Colab would treat in a way of its own."""
    problems = []
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        problems.append(f"The kernel is {kernel!r}, it must be 'python3'.")
    for identifier, count in Counter(cell.get("id") for cell in notebook.cells).items():
        if identifier is None or count > 1:
            problems.append(f"The cell id {identifier!r} stands {count} times, each cell needs its own.")
    for number, cell in _code_cells(notebook):
        if "nbval_" in cell.source.lower():
            problems.append(f"Code cell {number} names a marker of nbval in its code, use a tag instead.")
        if _SHELL.search(cell.source):
            problems.append(f"Code cell {number} has a shell or magic line, write it in Python.")
    return problems


def execution_problems(notebook: NotebookNode) -> list[str]:
    """Whether the notebook was run from top to bottom, once, without an error."""
    problems = []
    for number, cell in _code_cells(notebook):
        if cell.execution_count != number + 1:
            problems.append(
                f"Code cell {number} has execution count {cell.execution_count} instead of {number + 1}, "
                "run the notebook from top to bottom."
            )
        if any(output.output_type == "error" for output in cell.outputs):
            problems.append(f"Code cell {number} has a stored error.")
        if "nbval-check-output" in cell.metadata.get("tags", []) and not cell.outputs:
            problems.append(f"Code cell {number} is tagged nbval-check-output and has no output to compare with.")
    return problems


def unexecuted_problems(notebook: NotebookNode) -> list[str]:
    """Whether an exercise set is as fresh as it was written."""
    return [
        f"Code cell {number} was run, an exercise set is stored without outputs."
        for number, cell in _code_cells(notebook)
        if cell.outputs or cell.execution_count is not None
    ]


def output_problems(notebook: NotebookNode, root: Path | None = None) -> list[str]:
    """Outputs that belong to one machine or one run, that warn, or that are too large.

    Parameters
    ----------
    notebook : NotebookNode
        With stored outputs.
    root : Path, optional
        The repository on this machine, whose path must not show.
    """
    here = {str(Path.home()), tempfile.gettempdir(), sys.prefix, *([str(root)] if root else [])}
    here = {path for path in here if len(path) > 3}
    problems = []
    for number, cell in _code_cells(notebook):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                first = output.text.strip().splitlines()[0][:80] if output.text.strip() else ""
                problems.append(f"Code cell {number} stores a warning or other text on stderr: {first!r}.")
            for kind, text in _texts(output):
                path = next((p for p in here if p in text), None) or _first(_PATHS, text)
                if path:
                    problems.append(f"Code cell {number} shows a path of one machine ({path}) in {kind}.")
                if _ADDRESS.search(text):
                    problems.append(f"Code cell {number} shows an object's address in memory in {kind}.")
            for kind, data in output.get("data", {}).items():
                size = len(data) if kind == "image/svg+xml" else len(data) * 3 // 4
                if kind.startswith("image/") and size > MAX_FIGURE_BYTES:
                    problems.append(
                        f"Code cell {number} stores a figure of {size // 1000} kB, at most {MAX_FIGURE_BYTES // 1000} "
                        "are allowed: make it smaller or draw fewer points."
                    )
                if kind.startswith("application/vnd.jupyter.widget"):
                    problems.append(f"Code cell {number} stores a widget, which shows nothing when it is only read.")
    return problems


def lesson_problems(notebook: NotebookNode) -> list[str]:
    """Whether a lesson has the sections, the length and the rhythm that every lesson has."""
    problems = []
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = len(prose.split())
    for what, count, (least, most) in (("cells", len(notebook.cells), CELLS), ("words of prose", words, WORDS)):
        if not least <= count <= most:
            problems.append(f"The lesson has {count} {what}, it should have {least} to {most}.")
    for number, cell in _code_cells(notebook):
        lines = len(cell.source.splitlines())
        if lines > MAX_CODE_LINES:
            problems.append(f"Code cell {number} has {lines} lines, at most {MAX_CODE_LINES}: split it.")
    last, last_name = -1, ""
    for section in SECTIONS:
        place = prose.find(section)
        if place < 0:
            problems.append(f"The lesson lacks {section!r}.")
        elif place < last:
            problems.append(f"{section!r} stands above {last_name!r}, it belongs below.")
        last, last_name = max((last, last_name), (place, section))
    if not re.search(r"\*\*Time\*\* \d+ min", prose):
        problems.append("The lesson does not say '**Time** 25 minutes' or the like.")
    predictions = prose.count("**Predict, then run")
    if predictions < 2:
        problems.append(f"The lesson has {predictions} times '**Predict, then run', it needs two at least.")
    return problems


def _code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Code cells numbered from 0, as nbval does."""
    return enumerate(cell for cell in notebook.cells if cell.cell_type == "code")


def _texts(output: NotebookNode) -> Iterator[tuple[str, str]]:
    """Every readable text in an output, with its kind."""
    if "text" in output:
        yield output.name, output.text
    if output.output_type == "error":
        yield "an error", "\n".join(output.traceback)
    for kind, data in output.get("data", {}).items():
        if isinstance(data, str) and not (kind.startswith("image/") and kind != "image/svg+xml"):
            yield kind, data


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    """The first match of a pattern, or None."""
    found = pattern.search(text)
    return found[0] if found else None
