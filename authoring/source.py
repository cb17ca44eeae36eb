"""Read a py:percent source and make notebooks of its cells."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

# The set-up cell is for Colab and looks frightening: JupyterLab and Colab fold its code away.
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_CELL_START = re.compile(r"# %%( |$)")
_FORMATTER = re.compile(r"[ \t]*# fmt: skip$", re.MULTILINE)
_TIME = re.compile(r"\*\*Time\*\*\s+(\d+) min")


class SourceError(Exception):
    """A source that cannot become a notebook; the message is one sentence with file and line."""


@dataclass(frozen=True)
class Cell:
    """One cell of a source: kind (``"code"`` or ``"markdown"``), text, tags, and the line where it starts.

    `key` is the text that the cell's id is made from; a stub and its solution share it, and with it the id.
    """

    kind: str
    text: str
    tags: tuple[str, ...] = ()
    line: int = 0
    key: str = ""


@dataclass(frozen=True)
class Source:
    """A source file: its name for messages, its slug (``10_autoencoders``), its text and its cells."""

    name: str
    slug: str
    text: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        """The lesson's number: two digits, and a letter where a lesson has two notebooks (``"15a"``)."""
        return self.slug.split("_")[0]

    @property
    def chapter(self) -> int:
        """The number without the letter."""
        return int(self.number[:2])

    @property
    def title(self) -> str:
        """The text of the first heading."""
        return self.cells[0].text.splitlines()[0].removeprefix("# ").strip()

    @property
    def minutes(self) -> int | None:
        """The number after ``**Time**``, or None where the source does not say it."""
        for cell in self.cells:
            found = _TIME.search(cell.text) if cell.kind == "markdown" else None
            if found:
                return int(found[1])
        return None


def read_source(path: Path, root: Path) -> Source:
    """Read one py:percent file.

    Parameters
    ----------
    path : Path
        The source, named like ``10_autoencoders.py``.
    root : Path
        The repository, for the name in messages.

    Raises
    ------
    SourceError
        If the file's name, its cells or its title are not as the course's sources are.
    """
    name = path.relative_to(root).as_posix()
    if not re.fullmatch(r"\d\d[a-z]?_[a-z0-9_]+", path.stem):
        raise SourceError(f"{name}: a source is named like 10_autoencoders.py, rename this one.")
    text = path.read_text(encoding="utf-8")
    starts = [n for n, line in enumerate(text.splitlines(), 1) if _CELL_START.match(line)]
    nodes = jupytext.reads(text, fmt="py:percent").cells
    if len(starts) != len(nodes):
        raise SourceError(
            f"{name}: {len(starts)} lines start a cell with '# %%' and {len(nodes)} cells were read; "
            "let the file begin with such a line and keep it out of multi-line texts."
        )
    cells = tuple(_read_cell(node, line, name) for node, line in zip(nodes, starts, strict=True))
    if not cells or cells[0].kind != "markdown" or not cells[0].text.startswith("# "):
        raise SourceError(f"{name}, line 1: the first cell must be markdown and start with '# ' and the title.")
    return Source(name, path.stem, text, cells)


def _read_cell(node: NotebookNode, line: int, name: str) -> Cell:
    """One cell as jupytext gives it, with the line where it starts."""
    unknown = sorted(set(node.metadata) - {"tags", "lines_to_next_cell"})
    if unknown:
        raise SourceError(f"{name}, line {line}: a cell may have tags only, and {', '.join(unknown)} was found.")
    if node.cell_type not in ("code", "markdown") or not node.source.strip():
        raise SourceError(f"{name}, line {line}: cells are code or markdown and not empty, mend this one.")
    return Cell(node.cell_type, node.source, tuple(node.metadata.get("tags", ())), line, node.source)


def make_notebook(cells: Sequence[Cell], source_sha256: str | None = None) -> NotebookNode:
    """A notebook without outputs whose ids depend on the cells' contents only, so that diffs stay small.

    Parameters
    ----------
    cells : sequence of Cell
        In order.
    source_sha256 : str, optional
        What the outputs will belong to; kept in the notebook's metadata.
    """
    metadata: dict[str, Any] = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    if source_sha256:
        metadata["course"] = {"source_sha256": source_sha256}
    seen: Counter[str] = Counter()
    nodes = []
    for cell in cells:
        digest = hashlib.sha256(f"{cell.kind}\n{cell.key or cell.text}".encode()).hexdigest()[:8]
        seen[digest] += 1
        identifier = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        node = make(_FORMATTER.sub("", cell.text) if cell.kind == "code" else cell.text, id=identifier)
        if cell.tags:
            node.metadata["tags"] = list(cell.tags)
        if "setup" in cell.tags:
            node.metadata.update(FOLDED)
        nodes.append(node)
    return nbformat.v4.new_notebook(cells=nodes, metadata=metadata, nbformat=4, nbformat_minor=5)
