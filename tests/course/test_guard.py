"""Each rule of the notebook guard can fail, and a good notebook passes them all."""

import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from authoring.guard import (
    code_problems,
    execution_problems,
    lesson_problems,
    output_problems,
    unexecuted_problems,
)

PNG = "image/png"


def good():
    cells = [
        new_markdown_cell("# T", id="a"),
        new_code_cell("import math", id="b", execution_count=1),
        new_code_cell("print(7 % 4)\nx = 7\n", id="c", execution_count=2, outputs=[new_output("stream", text="3\n")]),
    ]
    cells[2].metadata.tags = ["nbval-check-output"]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P"}})


def test_a_good_notebook_has_no_problems():
    assert code_problems(good()) == execution_problems(good()) == output_problems(good()) == []


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda nb: nb.metadata.kernelspec.update(name="mine"), "The kernel is 'mine', it must be 'python3'."),
        (lambda nb: nb.metadata.pop("kernelspec"), "The kernel is None, it must be 'python3'."),
        (lambda nb: nb.cells[1].update(id="a"), "The cell id 'a' stands 2 times, each cell needs its own."),
        (lambda nb: nb.cells[1].pop("id"), "The cell id None stands 1 times, each cell needs its own."),
        (lambda nb: nb.cells[1].update(source="# NBVAL_SKIP because"), "Code cell 0 names a marker of nbval"),
        (lambda nb: nb.cells[1].update(source="#nbval_check_output"), "Code cell 0 names a marker of nbval"),
        (lambda nb: nb.cells[1].update(source="a = 1\n  !ls"), "Code cell 0 has a shell or magic line"),
        (lambda nb: nb.cells[1].update(source="%matplotlib inline"), "Code cell 0 has a shell or magic line"),
        (lambda nb: nb.cells[1].update(source="%%time\nf()"), "Code cell 0 has a shell or magic line"),
        (lambda nb: nb.cells[1].update(source="files = !ls"), "Code cell 0 has a shell or magic line"),
    ],
)
def test_code_rules(edit, sentence):
    notebook = good()
    edit(notebook)
    assert [problem[: len(sentence)] for problem in code_problems(notebook)] == [sentence]


@pytest.mark.parametrize("source", ["y = (7\n     % 4)", "flag = a != b", "print('100 %')", "x %= 3"])
def test_percent_and_exclamation_marks_of_python_are_fine(source):
    notebook = good()
    notebook.cells[1].source = source
    assert code_problems(notebook) == []


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda nb: nb.cells[1].update(execution_count=None), "Code cell 0 has execution count None instead of 1"),
        (lambda nb: nb.cells[2].update(execution_count=3), "Code cell 1 has execution count 3 instead of 2"),
        (lambda nb: nb.cells[2].update(outputs=[]), "Code cell 1 is tagged nbval-check-output and has no output"),
        (lambda nb: nb.cells[1].update(outputs=[new_output("error", traceback=[])]), "Code cell 0 has a stored error."),
    ],
)
def test_execution_rules(edit, sentence):
    notebook = good()
    edit(notebook)
    assert [problem[: len(sentence)] for problem in execution_problems(notebook)] == [sentence]


def display(**data):
    return new_output("display_data", data={kind.replace("_", "/", 1): value for kind, value in data.items()})


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            new_output("stream", name="stderr", text="\nx: FutureWarning: soon\n"),
            "stores a warning or other text on stderr",
        ),
        (new_output("stream", text=f"in {Path.home() / 'models'}"), "shows a path of one machine"),
        (new_output("stream", text=f"in {tempfile.gettempdir()}/x"), "shows a path of one machine"),
        (new_output("stream", text="in /home/ada/course"), "shows a path of one machine (/home/a) in stdout"),
        (new_output("stream", text="in C:\\Users\\ada"), "shows a path of one machine (C:\\U) in stdout"),
        (display(text_plain="lib/site-packages/x.py"), "shows a path of one machine (site-packages) in text/plain"),
        (display(text_html="<b>/srv/here/x</b>"), "shows a path of one machine (/srv/here) in text/html"),
        (display(text_plain="<Net object at 0x7f01b2c3d4e5>"), "shows an object's address in memory in text/plain"),
        (display(image_png="A" * 140_000), "stores a figure of 105 kB, at most 100 are allowed"),
        (new_output("display_data", data={"image/svg+xml": "A" * 100_001}), "stores a figure of 100 kB, at most 100"),
        (
            new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}),
            "stores a widget",
        ),
    ],
)
def test_output_rules(output, sentence):
    notebook = good()
    notebook.cells[1].outputs = [output]
    problems = output_problems(notebook, Path("/srv/here"))
    assert problems
    assert all(problem.startswith(f"Code cell 0 {sentence}") for problem in problems), problems


@pytest.mark.parametrize(
    "output",
    [
        display(image_png="A" * 130_000, text_plain="<Figure size 640x480 with 1 Axes>"),
        new_output("stream", text="see https://example.org/home/page, 3/4 of 1/2, and/or"),
        new_output("stream", text="data/cache/MNIST at 0.5"),
    ],
)
def test_outputs_that_are_fine(output):
    notebook = good()
    notebook.cells[1].outputs = [output]
    assert output_problems(notebook) == []


def test_an_exercise_set_is_fresh():
    notebook = good()
    assert len(unexecuted_problems(notebook)) == 2
    for cell in notebook.cells[1:]:
        cell.update(outputs=[], execution_count=None)
    assert unexecuted_problems(notebook) == []


def lesson(words=1300, cells=30, drop="", swap=False, predictions=2):
    parts = [
        "**You will be able to** see. **You need** nothing. **Time** 25 minutes",
        *["**Predict, then run.** What?"] * predictions,
        "## What goes wrong",
        "## Recap",
        "## Check yourself",
        "## Read on",
        "## Think further",
    ]
    parts = [part.replace(drop, "") if drop else part for part in parts]
    if swap:
        parts[-1], parts[-2] = parts[-2], parts[-1]
    text = "\n".join([*parts, "word " * words])
    return new_notebook(cells=[new_markdown_cell(text), *(new_code_cell("1") for _ in range(cells - 1))])


def test_a_good_lesson_has_no_problems():
    assert lesson_problems(lesson()) == []


@pytest.mark.parametrize(
    ("notebook", "sentence"),
    [
        (lesson(words=100), "words of prose, it should have 1200 to 2800."),
        (lesson(words=2900), "words of prose, it should have 1200 to 2800."),
        (lesson(cells=24), "The lesson has 24 cells, it should have 25 to 50."),
        (lesson(cells=51), "The lesson has 51 cells, it should have 25 to 50."),
        (lesson(predictions=1), "The lesson has 1 times '**Predict, then run', it needs two at least."),
        (lesson(swap=True), "'## Think further' stands above '## Read on'"),
        (lesson(drop="**Time** 25 minutes"), "The lesson does not say '**Time** 25 minutes' or the like."),
        *[
            (lesson(drop=section), f"The lesson lacks {section!r}.")
            for section in (
                "**You will be able to**",
                "**You need**",
                "## What goes wrong",
                "## Recap",
                "## Check yourself",
                "## Read on",
                "## Think further",
            )
        ],
    ],
)
def test_lesson_rules(notebook, sentence):
    problems = lesson_problems(notebook)
    assert len(problems) == 1
    assert sentence in problems[0]


def test_a_long_code_cell_is_refused():
    notebook = lesson()
    notebook.cells[1].source = "1\n" * 25
    assert lesson_problems(notebook) == []
    notebook.cells[1].source = "1\n" * 26
    assert lesson_problems(notebook) == ["Code cell 0 has 26 lines, at most 25: split it."]
