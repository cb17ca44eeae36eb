"""The tables of lessons, in the README and in the first lesson, written from the sources."""

from __future__ import annotations

import re
from collections.abc import Sequence

from authoring.links import Repository
from authoring.source import Source, SourceError

BEGIN, END = "<!-- lessons:begin -->", "<!-- lessons:end -->"
MAP = "<!-- map of the course -->"
PARTS = {
    "Start": range(0, 1),
    "Statistics": range(1, 5),
    "Machine learning": range(5, 10),
    "Deep learning": range(10, 16),
    "Streaming": range(16, 20),
    "Hybrid and explanation": range(20, 23),
}


def with_map(text: str, lessons: Sequence[Source]) -> str:
    """A lesson's text with the map of the course, by parts, in place of its marker line."""
    rows = ["| Part | Lesson | Time |", "|---|---|---|"]
    for part, numbers in PARTS.items():
        for lesson in lessons:
            if lesson.chapter in numbers:
                rows.append(
                    f"| {part} | {lesson.number} [{lesson.title}]({lesson.slug}.ipynb) | {lesson.minutes} min |"
                )
    return text.replace(MAP, "\n".join(rows))


def with_table(readme: str, repository: Repository, lessons: Sequence[Source], sets: Sequence[str]) -> str:
    """The README's text with the table of lessons between its two markers brought up to date.

    Parameters
    ----------
    readme : str
        The text of ``README.md``.
    repository : Repository
        For the links that open a lesson elsewhere.
    lessons : sequence of Source
        Sorted by number.
    sets : sequence of str
        Slugs that have an exercise set.

    Raises
    ------
    SourceError
        If the markers are not there, each once and in order.
    """
    found = re.findall(f"{re.escape(BEGIN)}.*?{re.escape(END)}", readme, re.DOTALL)
    if len(found) != 1 or readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise SourceError(f"README.md needs the two lines {BEGIN} and {END}, once each, around its table of lessons.")
    rows = [
        "| | Lesson | Time | Run it elsewhere | Practise |",
        "|---|---|---|---|---|",
        *(_row(repository, lesson, lesson.slug in sets) for lesson in lessons),
    ]
    return readme.replace(found[0], "\n".join([BEGIN, *rows, END]))


def _row(repository: Repository, lesson: Source, has_set: bool) -> str:
    """One lesson's line of the table."""
    notebook = f"notebooks/{lesson.slug}.ipynb"
    minutes = f"{lesson.minutes} min" if lesson.minutes else ""
    run = f"[Colab]({repository.colab(notebook)}) · [Binder]({repository.binder(notebook)})"
    practise = f"[exercises](exercises/{lesson.slug}.ipynb) · [solution](solutions/{lesson.slug}.ipynb)"
    cells = [lesson.number, f"[{lesson.title}]({notebook})", minutes, run, practise if has_set else ""]
    return f"| {' | '.join(cells)} |"
