"""The stored notebooks are what the sources give, and hold nothing that running them would pass over in silence."""

from pathlib import Path

import nbformat
import pytest

from authoring import guard
from authoring.build import check

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "notebooks": (guard.code_problems, guard.execution_problems, guard.output_problems, guard.lesson_problems),
    "exercises": (guard.code_problems, guard.unexecuted_problems),
    "solutions": (guard.code_problems, guard.execution_problems, guard.output_problems),
}
PATHS = [path for kind in KINDS for path in sorted((ROOT / kind).glob("*.ipynb"))]


@pytest.mark.skipif(not PATHS, reason="no notebook is built so far")
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_guard_finds_nothing(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    problems = [problem for rule in KINDS[path.parent.name] for problem in rule(notebook)]
    assert not problems, "\n".join(problems)


@pytest.mark.skipif(not PATHS, reason="no notebook is built so far")
def test_notebooks_and_readme_are_what_the_sources_give():
    lines = check(ROOT)
    assert not lines, "\n".join(lines)


@pytest.mark.skipif(not PATHS, reason="no notebook is built so far")
def test_every_exercise_set_has_its_solution_and_its_lesson():
    names = {kind: {path.name for path in PATHS if path.parent.name == kind} for kind in KINDS}
    assert names["exercises"] == names["solutions"]
    assert names["exercises"] <= names["notebooks"]
