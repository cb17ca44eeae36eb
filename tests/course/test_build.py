"""The builder: stubs and solutions from one source, executed only when it changed, never half-written."""

import json

import nbformat
import pytest

from authoring.build import build, check, main
from authoring.execute import clean, execute
from authoring.exercise import split
from authoring.source import SourceError, make_notebook, read_source

SET = "authoring/exercises/10_tiny.py"
LESSON = "authoring/lessons/10_tiny.py"
STUB_LINE = 'raise NotImplementedError("Task 10.1: write your solution here")'


def change(root, name, old, new):
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def split_set(root):
    return split(read_source(root / SET, root))


@pytest.fixture
def unexecuted(monkeypatch):
    """Build without kernels: each code cell 'prints' nothing."""
    calls = []

    def pretend(notebook, cells, folder, name):
        calls.append(name)
        for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
            cell.execution_count = number
            if "nbval-check-output" in cell.metadata.get("tags", []):
                cell.outputs = [nbformat.v4.new_output("stream", text="one\n")]

    monkeypatch.setattr("authoring.build.execute", pretend)
    return calls


def test_a_course_is_built_executed_and_built_again_without_executing(tiny, capsys):
    assert [path.name for path in build(tiny)] == ["10_tiny.ipynb"] * 3 + ["README.md"]
    lesson = nbformat.read(tiny / "notebooks/10_tiny.ipynb", as_version=4)
    nbformat.validate(lesson)
    code = [cell for cell in lesson.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert [(output.name, output.text) for output in code[1].outputs] == [("stdout", "one\ntwo\n")]
    assert code[2].outputs[0].data == {"text/plain": "[1, 2]"}
    assert set(lesson.metadata) == {"course", "kernelspec", "language_info"}
    assert lesson.metadata.language_info == {"name": "python"}

    solution = json.loads((tiny / "solutions/10_tiny.ipynb").read_text(encoding="utf-8"))
    printed = [line for cell in solution["cells"] for out in cell.get("outputs", []) for line in out["text"]]
    green, plain = "\x1b[1;38;2;255;255;255;48;2;27;122;67m", "\x1b[0m"
    assert printed == [
        f"{green} ✓ Task 10.1 passed. {plain} You can double.\n",
        f"{green} ✓ Task 10.2 passed. {plain} You can halve.\n",
    ]
    assert check(tiny) == []

    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tiny.rglob("*.ipynb")}
    capsys.readouterr()
    assert build(tiny) == []
    assert "executed" not in capsys.readouterr().out
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before


def test_an_error_names_the_line_and_leaves_the_old_notebook(tiny, unexecuted, monkeypatch):
    build(tiny)
    old = (tiny / "notebooks/10_tiny.ipynb").read_bytes()
    monkeypatch.setattr("authoring.build.execute", execute)
    change(tiny, LESSON, "[1, 2]", "1 / 0")
    with pytest.raises(SourceError) as caught:
        build(tiny, only="10")
    assert str(caught.value) == f"{LESSON}, line 13: the cell stops with ZeroDivisionError: division by zero"
    assert (tiny / "notebooks/10_tiny.ipynb").read_bytes() == old
    assert sorted(path.name for path in (tiny / "notebooks").iterdir()) == ["10_tiny.ipynb"]


def test_stub_and_solution_differ_only_where_the_learner_writes(tiny, unexecuted):
    build(tiny)
    stub = json.loads((tiny / "exercises/10_tiny.ipynb").read_text(encoding="utf-8"))
    solution = json.loads((tiny / "solutions/10_tiny.ipynb").read_text(encoding="utf-8"))
    assert all(not c["outputs"] and c["execution_count"] is None for c in stub["cells"] if c["cell_type"] == "code")
    texts = {}
    for name, notebook in (("stub", stub), ("solution", solution)):
        kept = (cell for cell in notebook["cells"] if "links" not in cell["metadata"].get("tags", []))
        texts[name] = {cell["id"]: "".join(cell["source"]) for cell in kept}
    shared = [i for i in texts["solution"] if i in texts["stub"]]
    assert shared == list(texts["stub"])
    pairs = [(texts["stub"][i], texts["solution"][i]) for i in shared]
    head = 'def double(x):\n    """Twice x."""\n    '
    assert [pair for pair in pairs if pair[0] != pair[1]] == [
        (f"{head}{STUB_LINE}", f"{head}result = x + x\n    return result * 1.0"),
        ("share = None  # your answer", "share = 0.5"),
    ]
    assert [text for text in texts["stub"].values() if "SOLUTION" in text or "STUB" in text] == []
    assert "Half of it." in texts["solution"].values()
    assert "Half of it." not in texts["stub"].values()


def test_generated_cells_link_the_three_notebooks(tiny, unexecuted):
    build(tiny)
    links = {}
    for folder in ("notebooks", "exercises", "solutions"):
        notebook = nbformat.read(tiny / folder / "10_tiny.ipynb", as_version=4)
        assert notebook.cells[1].metadata.tags == ["links"]
        assert notebook.cells[2].metadata.tags == ["setup"]
        links[folder] = notebook.cells[1].source
        assert f"/blob/main/{folder}/10_tiny.ipynb" in links[folder]
        assert f"urlpath=lab%2Ftree%2F{folder}%2F10_tiny.ipynb" in links[folder]
    assert "(../exercises/10_tiny.ipynb)" in links["notebooks"]
    assert "[Tiny](../notebooks/10_tiny.ipynb)" in links["exercises"]
    assert "(../solutions/10_tiny.ipynb)" in links["exercises"]
    assert "**This is the solution** of" in links["solutions"]


def test_every_exercise_set_says_how_to_go_and_what_a_name_error_means(tiny, unexecuted):
    build(tiny)
    for folder in ("notebooks", "exercises", "solutions"):
        links = nbformat.read(tiny / folder / "10_tiny.ipynb", as_version=4).cells[1].source
        for part in ("*Run All* stops at the first task", "A `NameError`? Run the two cells at the top again"):
            assert (part in links) == (folder == "exercises")


def test_the_code_of_the_set_up_cell_is_folded_away_everywhere(tiny, unexecuted):
    build(tiny)
    for path in tiny.rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        folded = [cell.metadata for cell in notebook.cells if "jupyter" in cell.metadata or "cellView" in cell.metadata]
        assert folded == [{"tags": ["setup"], "jupyter": {"source_hidden": True}, "cellView": "form"}]


def test_a_note_for_the_formatter_stays_in_the_source(tiny, unexecuted):
    build(tiny)
    ids = [cell.id for cell in nbformat.read(tiny / "notebooks/10_tiny.ipynb", as_version=4).cells]
    for old, new in (("[1, 2]", "[1,  2]  # fmt: skip"), ('print("one")', 'print("one")  # fmt: skip')):
        change(tiny, LESSON, old, new)
    build(tiny)
    notebook = nbformat.read(tiny / "notebooks/10_tiny.ipynb", as_version=4)
    assert notebook.cells[4].source == "[1,  2]"
    assert 'print("one")\nprint("two", flush=True)' in notebook.cells[3].source
    assert [cell.id for cell in notebook.cells][:3] == ids[:3]
    assert check(tiny) == []


def test_the_readme_gets_its_table(tiny, unexecuted):
    build(tiny)
    text = (tiny / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| 10 "))
    for part in (
        "[Tiny](notebooks/10_tiny.ipynb)",
        "3 min",
        "[exercises](exercises/",
        "[solution](solutions/",
        "[Colab](",
    ):
        assert part in row
    assert text.startswith("# Course\n")
    assert text.endswith("\nend\n")
    assert "old" not in text


def test_only_what_changed_is_executed_again(tiny, unexecuted):
    build(tiny)
    assert unexecuted == [LESSON, SET]
    change(tiny, SET, "Half of it.", "Just half.")
    build(tiny)
    assert unexecuted == [LESSON, SET, SET]
    build(tiny, only="10", force=True)
    assert unexecuted == [LESSON, SET, SET, LESSON, SET]


def test_a_new_title_changes_the_links_without_executing_the_set_again(tiny, unexecuted):
    build(tiny)
    change(tiny, LESSON, "# Tiny", "# Small")
    build(tiny)
    assert unexecuted == [LESSON, SET, LESSON]
    assert "[Small]" in (tiny / "solutions/10_tiny.ipynb").read_text(encoding="utf-8")


def test_a_moved_repository_changes_the_set_up_cell_everywhere(tiny, unexecuted):
    build(tiny)
    change(tiny, "pyproject.toml", 'branch = "main"', 'branch = "next"')
    build(tiny)
    assert unexecuted == [LESSON, SET, LESSON, SET]
    for path in tiny.rglob("*.ipynb"):
        assert "@next" in path.read_text(encoding="utf-8")


def edit_notebook(root, name, edit):
    path = root / name
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "edit", "line"),
    [
        ("notebooks", lambda nb: nb["cells"][0].update(source="# Mine"), "Cell 0 was changed by hand (source)"),
        ("solutions", lambda nb: nb["cells"][3].update(id="mine"), "Cell 3 was changed by hand (id)"),
        ("exercises", lambda nb: nb["cells"][6].update(metadata={}), "Cell 6 was changed by hand (metadata)"),
        ("exercises", lambda nb: nb["cells"].pop(), "It has 9 cells, its source gives 10: build it."),
        ("exercises", lambda nb: nb["cells"][2].update(execution_count=1), "Code cell 0 was run"),
        ("notebooks", lambda nb: nb["cells"][3].update(execution_count=7), "has execution count 7 instead of 2"),
        ("notebooks", lambda nb: nb["metadata"].update(mine=1), "Its metadata or format was changed by hand"),
        ("notebooks", lambda nb: nb["metadata"].pop("course"), "Its source or set-up cell changed after"),
    ],
)
def test_check_finds_an_edited_notebook(tiny, unexecuted, name, edit, line):
    build(tiny)
    assert check(tiny) == []
    edit_notebook(tiny, f"{name}/10_tiny.ipynb", edit)
    lines = check(tiny)
    assert len(lines) == 1
    assert lines[0].startswith(f"{name}/10_tiny.ipynb: ")
    assert line in lines[0]


def test_check_finds_changed_sources_and_what_has_no_source(tiny, unexecuted, capsys):
    build(tiny)
    change(tiny, LESSON, "[1, 2]", "[1, 3]")
    (tiny / "solutions/11_gone.ipynb").write_text("{}")
    (tiny / "exercises/10_tiny.ipynb").unlink()
    change(tiny, "README.md", "3 min", "4 min")
    capsys.readouterr()
    assert main(["--check", "--root", str(tiny)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "solutions/11_gone.ipynb: there is no source for it, remove it.",
        "notebooks/10_tiny.ipynb: Its source or set-up cell changed after it was executed, build it.",
        "exercises/10_tiny.ipynb: is missing, build it.",
        "README.md: its table of lessons is not what the sources give, build it.",
    ]
    assert len(unexecuted) == 2


def test_outputs_made_by_other_code_are_not_kept(tiny, unexecuted):
    build(tiny)
    edit_notebook(tiny, "notebooks/10_tiny.ipynb", lambda nb: nb["cells"][3].update(source="print(3)"))
    build(tiny)
    assert unexecuted == [LESSON, SET, LESSON]
    assert check(tiny) == []


def stream(name, text):
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_progress_bars_go_and_warnings_stay():
    bar = [stream("stderr", "\r 0%|  | 0/2"), stream("stderr", "\r100%|##| 2/2\n")]
    assert clean([stream("stdout", "a"), *bar, stream("stdout", "b\n")]) == [
        stream("stdout", "a"),
        stream("stdout", "b\n"),
    ]
    cleared = "\r50%|#| 1/2\r      \r"
    assert clean([stream("stdout", cleared), stream("stdout", "loss 0.1\n")]) == [stream("stdout", "loss 0.1\n")]
    assert clean([stream("stdout", cleared)]) == []
    warning = stream("stderr", "\r 0%|  | 0/2x.py:3: UserWarning: odd\n  f(x)\n")
    assert clean([warning]) == [warning]
    assert clean([stream("stderr", "plain\n")]) == [stream("stderr", "plain\n")]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (lambda root: stream("stdout", f"saved {root}/model"), "shows a path of one machine"),
        (lambda root: stream("stderr", "x.py:1: UserWarning: odd"), "stores a warning or other text on stderr"),
    ],
)
def test_outputs_that_are_not_fit_to_publish_refuse_the_build(tiny, monkeypatch, output, sentence):
    def pretend(notebook, cells, folder, name):
        notebook.cells[3].outputs = [output(tiny)]

    monkeypatch.setattr("authoring.build.execute", pretend)
    with pytest.raises(SourceError, match=rf"^notebooks/10_tiny.ipynb: Code cell 1 {sentence}"):
        build(tiny)
    assert not (tiny / "notebooks/10_tiny.ipynb").exists()


def test_a_shell_line_refuses_the_build_before_anything_runs(tiny, unexecuted):
    change(tiny, LESSON, "[1, 2]", "!ls")
    with pytest.raises(SourceError, match="Code cell 2 has a shell or magic line"):
        build(tiny)
    assert unexecuted == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    # END SOLUTION\n", "", "line 28: this solution is never closed"),
        ("    result = x", "    # SOLUTION\n    result = x", "line 29: a solution opens inside the one of line 28"),
        ("    # SOLUTION\n", "", "line 30: a solution ends that never began"),
        ("    # SOLUTION\n", "    #Solution:\n", "line 28: write the marker as '# SOLUTION'"),
        ("# SOLUTION\n# STUB: share", "# STUB: share", "line 42: a STUB line stands outside a solution"),
        ('# %% tags=["check"]', "# %%", "line 34: this cell calls a check, give it the tag"),
        ("check.double(double)\n", "double(2)\n", "line 34: a cell tagged check must call one"),
        (
            "### Task 10.1 Double  ●○○  3 min",
            "### Task 10.1 Double",
            "does not read like '### Task 10.3 Name  ●●○  8 min'",
        ),
        ("### Task 10.1 Double", "### Task 9.1 Double", "line 21: task 9.1 stands in set 10, number it 10.x."),
        ("### Task 10.2 Share", "### Task 10.1 Share", "line 37: task 10.1 is there twice"),
        ("# <details><summary>Hint 1</summary>Twice.</details>", "# none", "line 21: task 10.1 has no hint"),
        ("# ### Task 10.1", "# Task 10.1", "line 28: this solution stands above the first task card"),
        ("# ### Task 10.2", "# Task 10.2", "task 10.1 has 2 cells tagged check, it needs exactly one."),
        (
            "# %% [markdown]\n# # Exercises: Tiny",
            "# %% [markdown]\n# Tiny",
            "the first cell must be markdown and start with '# '",
        ),
        (
            "# %% [markdown]\n# # Exercises: Tiny",
            "# %% odd=1\n# # Tiny",
            "a cell may have tags only, and odd was found",
        ),
    ],
)
def test_a_malformed_source_gives_one_sentence_with_file_and_line(tiny, old, new, sentence):
    change(tiny, SET, old, new)
    with pytest.raises(SourceError) as caught:
        split_set(tiny)
    assert str(caught.value).startswith(SET)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stub_lines_keep_their_relative_indentation(tiny):
    change(tiny, SET, "    result = x + x\n", "    # STUB: if x:\n    # STUB:     return 1\n    result = x + x\n")
    stubs, _ = split_set(tiny)
    assert stubs[3].text == 'def double(x):\n    """Twice x."""\n    if x:\n        return 1'


def test_readme_without_markers_and_unknown_number(tiny, unexecuted, capsys):
    (tiny / "README.md").write_text("# Course\n")
    assert main(["--root", str(tiny)]) == 1
    assert "README.md needs the two lines <!-- lessons:begin -->" in capsys.readouterr().err
    assert main(["--root", str(tiny), "--only", "11"]) == 1
    assert "There is no source 11 in" in capsys.readouterr().err


@pytest.fixture
def twins(tiny):
    """The tiny lesson in two notebooks, 10a and 10b; the second one's tasks are 10.3 and 10.4."""
    for name in (LESSON, SET):
        text = (tiny / name).read_text(encoding="utf-8")
        (tiny / name).unlink()
        (tiny / name.replace("10_", "10a_")).write_text(text, encoding="utf-8")
        text = text.replace("10.1", "10.3").replace("10.2", "10.4")
        (tiny / name.replace("10_", "10b_")).write_text(text, encoding="utf-8")
    return tiny


def test_a_lesson_may_have_two_notebooks(twins, unexecuted):
    written = [path.relative_to(twins).as_posix() for path in build(twins, only="10b")]
    assert written == [f"{folder}/10b_tiny.ipynb" for folder in ("notebooks", "exercises", "solutions")]
    build(twins)
    assert check(twins) == []
    rows = [line for line in (twins / "README.md").read_text().splitlines() if line.startswith("| 10")]
    assert [row.split(" |")[0] for row in rows] == ["| 10a", "| 10b"]
    assert "10.3" in (twins / "exercises/10b_tiny.ipynb").read_text(encoding="utf-8")


def test_both_notebooks_of_a_lesson_by_its_number(twins, unexecuted):
    assert len(build(twins, only="10")) == 6


def test_a_task_number_stands_in_one_set_only(twins):
    change(twins, SET.replace("10_", "10b_"), "### Task 10.4", "### Task 10.2")
    with pytest.raises(SourceError, match=r"10b_tiny.py, line 37: task 10.2 stands in authoring/exercises/10a_tiny"):
        build(twins)


def test_ids_stay_when_a_cell_is_added(tiny):
    before = split_set(tiny)[0]
    change(tiny, SET, "# %% [markdown]\n# ### Task 10.1", "# %%\nnew = 1\n\n# %% [markdown]\n# ### Task 10.1")
    ids = [[cell.id for cell in make_notebook(cells).cells] for cells in (before, split_set(tiny)[0])]
    assert [identifier for identifier in ids[1] if identifier in ids[0]] == ids[0]
    assert len(set(ids[1])) == len(ids[0]) + 1
