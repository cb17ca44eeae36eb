"""Build ``notebooks/``, ``exercises/`` and ``solutions/`` from the sources beside this file.

python -m authoring.build              executes only what changed
python -m authoring.build --only 10    one lesson and its exercise set
python -m authoring.build --check      executes nothing, lists what is not as the sources give it
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from authoring import guard
from authoring.course import Course
from authoring.execute import execute
from authoring.source import SourceError
from course_lib.core.atomic import atomic_write


def build(root: Path, only: str | None = None, force: bool = False) -> list[Path]:
    """Write what is missing or not as its source gives it; execute only what changed.

    Parameters
    ----------
    root : Path
        The repository.
    only : str, optional
        Only the lesson and exercise set of this number: two digits (both notebooks of a lesson that has two) or, for
        one of two, with its letter. The README is then left alone.
    force : bool
        Execute even what did not change.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    SourceError
        If a source is malformed, a cell fails, or an output is not fit to be published. What was there stays.
    """
    course = Course.read(root)
    chosen = [
        product
        for product in course.products()
        if only in (None, product.source.number, f"{product.source.chapter:02}")
    ]
    if not chosen:
        raise SourceError(f"There is no source {only or ''} in {root / 'authoring'}, write one first.")
    written = []
    for product in chosen:
        notebook = product.notebook()
        old = _read(product.path)
        _demand(product.name, guard.code_problems(notebook))
        if product.executed and (force or not old or not _take_outputs(notebook, old)):
            start = time.perf_counter()
            execute(notebook, product.cells, product.path.parent, product.source.name)
            print(f"executed {product.name} in {time.perf_counter() - start:.0f} s")
        _demand(product.name, guard.output_problems(notebook, root))
        if _write(product.path, nbformat.writes(notebook) + "\n"):
            written.append(product.path)
    if only is None and _write(root / "README.md", course.readme()):
        written.append(root / "README.md")
    return written


def check(root: Path) -> list[str]:
    """Everything in which the stored notebooks and the README differ from what the sources give.

    Returns
    -------
    list of str
        One line each; empty when all is well.
    """
    course = Course.read(root)
    lines = [f"{path.relative_to(root).as_posix()}: there is no source for it, remove it." for path in course.stale()]
    for product in course.products():
        old = _read(product.path)
        if old is None:
            lines.append(f"{product.name}: is missing, build it.")
            continue
        problems = _differences(product.notebook(), old)
        problems += guard.code_problems(old)
        if product.executed:
            problems += guard.execution_problems(old) + guard.output_problems(old, root)
        else:
            problems += guard.unexecuted_problems(old)
        lines += [f"{product.name}: {problem}" for problem in problems]
    if course.readme() != (root / "README.md").read_text(encoding="utf-8"):
        lines.append("README.md: its table of lessons is not what the sources give, build it.")
    return lines


def _demand(name: str, problems: list[str]) -> None:
    """Refuse a notebook that has problems."""
    if problems:
        raise SourceError("\n".join(f"{name}: {problem}" for problem in problems))


def _differences(new: NotebookNode, old: NotebookNode) -> list[str]:
    """How an old notebook's cells and metadata differ from the new one's, outputs left aside."""
    if new.metadata.get("course") != old.metadata.get("course"):
        return ["Its source or set-up cell changed after it was executed, build it."]
    if new.metadata != old.metadata or (new.nbformat, new.nbformat_minor) != (old.nbformat, old.nbformat_minor):
        return ["Its metadata or format was changed by hand, build it."]
    if len(new.cells) != len(old.cells):
        return [f"It has {len(old.cells)} cells, its source gives {len(new.cells)}: build it."]
    keys = ("cell_type", "id", "source", "metadata")
    return [
        f"Cell {number} was changed by hand ({', '.join(odd)}): change its source instead."
        for number, (a, b) in enumerate(zip(new.cells, old.cells, strict=True))
        if (odd := [key for key in keys if a.get(key) != b.get(key)])
    ]


def _take_outputs(new: NotebookNode, old: NotebookNode) -> bool:
    """Move the outputs of an old notebook into a new one, if they were made by the same code."""
    code = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (new, old)]
    same = [cell.source for cell in code[0]] == [cell.source for cell in code[1]]
    if new.metadata.get("course") != old.metadata.get("course") or not same or guard.execution_problems(old):
        return False
    for a, b in zip(*code, strict=True):
        a.outputs, a.execution_count = b.outputs, b.execution_count
    return True


def _read(path: Path) -> NotebookNode | None:
    """A stored notebook, or None where there is none that can be read."""
    try:
        return nbformat.read(path, as_version=nbformat.NO_CONVERT)
    except (FileNotFoundError, nbformat.reader.NotJSONError):
        return None


def _write(path: Path, text: str) -> bool:
    """Write a text file if it is not so already, and say whether it was written."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m authoring.build", description="Build the course's notebooks.")
    parser.add_argument("--check", action="store_true", help="execute nothing, list what differs from the sources")
    parser.add_argument("--only", metavar="NN", help="only the lesson and exercise set of this number")
    parser.add_argument("--force", action="store_true", help="execute what did not change, too")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="the repository")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            lines = check(options.root)
            print("\n".join(lines) or "The notebooks and the README are what the sources give.")
            return 1 if lines else 0
        written = build(options.root, options.only, options.force)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    for path in written:
        print(f"wrote {path.relative_to(options.root).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
