"""What the sources below a root folder give: the list of notebooks to be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode

from authoring.exercise import split
from authoring.links import Repository, opening
from authoring.readme import with_map, with_table
from authoring.source import Cell, Source, SourceError, make_notebook, read_source

FOLDERS = ("notebooks", "exercises", "solutions")
_TASK = re.compile(r"^### Task (\d+\.\d+) ", re.MULTILINE)


@dataclass(frozen=True)
class Product:
    """One notebook to be: where it goes, what it is made from, its cells."""

    path: Path
    folder: str
    source: Source
    cells: list[Cell]

    @property
    def name(self) -> str:
        """The path inside the repository, for messages."""
        return f"{self.folder}/{self.path.name}"

    @property
    def executed(self) -> bool:
        """Exercise sets are stored as stubs, never run."""
        return self.folder != "exercises"

    def notebook(self) -> NotebookNode:
        """The notebook without outputs."""
        if not self.executed:
            return make_notebook(self.cells)
        setup = next(cell.text for cell in self.cells if "setup" in cell.tags)
        return make_notebook(self.cells, hashlib.sha256(f"{self.source.text}\n{setup}".encode()).hexdigest())


@dataclass(frozen=True)
class Course:
    """All sources below a root folder, and what they give."""

    root: Path
    repository: Repository
    lessons: dict[str, Source]
    sets: dict[str, Source]

    @classmethod
    def read(cls, root: Path) -> Course:
        """Read every source of the repository at `root`.

        Raises
        ------
        SourceError
            If one of them is not as sources are.
        """
        found = {
            kind: [read_source(path, root) for path in sorted((root / "authoring" / kind).glob("*.py"))]
            for kind in ("lessons", "exercises")
        }
        _demand_distinct_tasks(found["exercises"])
        lessons, sets = ({source.slug: source for source in sources} for sources in found.values())
        return cls(root, Repository.of(root), lessons, sets)

    def products(self) -> Iterator[Product]:
        """Every notebook that the sources give, a lesson before its exercise set and solution."""
        for slug in sorted({*self.lessons, *self.sets}):
            lesson, exercise = self.lessons.get(slug), self.sets.get(slug)
            if lesson:
                yield self._product("notebooks", lesson, lesson.cells)
            if exercise:
                stub, solution = split(exercise)
                yield self._product("exercises", exercise, stub)
                yield self._product("solutions", exercise, solution)

    def _product(self, folder: str, source: Source, cells: Sequence[Cell]) -> Product:
        lesson = self.lessons.get(source.slug)
        generated = opening(self.repository, folder, source.slug, lesson, source.slug in self.sets)
        path = self.root / folder / f"{source.slug}.ipynb"
        mapped = [replace(cell, text=with_map(cell.text, list(self.lessons.values()))) for cell in cells[1:]]
        return Product(path, folder, source, [cells[0], *generated, *mapped])

    def readme(self) -> str:
        """The README as it should be."""
        text = (self.root / "README.md").read_text(encoding="utf-8")
        return with_table(text, self.repository, list(self.lessons.values()), list(self.sets))

    def stale(self) -> list[Path]:
        """Notebooks without a source."""
        wanted = {product.path for product in self.products()}
        there = (path for folder in FOLDERS for path in sorted((self.root / folder).glob("*.ipynb")))
        return [path for path in there if path not in wanted]


def _demand_distinct_tasks(sets: Sequence[Source]) -> None:
    """No task number stands in two sets: a lesson with two notebooks counts its tasks through both."""
    homes: dict[str, str] = {}
    for source in sets:
        for cell in source.cells:
            for number in _TASK.findall(cell.text) if cell.kind == "markdown" else ():
                if homes.setdefault(number, source.name) != source.name:
                    raise SourceError(
                        f"{source.name}, line {cell.line}: task {number} stands in {homes[number]} too, "
                        "count on from there."
                    )
