"""The runner of CI's steps, and the files that start it."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import bootstrap
from authoring import ci

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def step(status, ran, name):
    def run():
        ran.append(name)
        return status

    run.__doc__ = f"what {name} does"
    return run


def test_every_step_runs_and_one_failure_is_enough(capsys):
    ran = []
    steps = {name: step(status, ran, name) for name, status in [("a", 0), ("b", 3), ("c", 0)]}
    assert ci.run_steps(steps) == 1
    assert ran == ["a", "b", "c"]
    summary = capsys.readouterr().out.partition("=== summary")[2]
    assert re.search(r"^a +passed +\d+\.\d s$", summary, re.M)
    assert re.search(r"^b +FAILED \(exit status 3\) +\d+\.\d s$", summary, re.M)
    assert "2 of 3 steps passed" in summary


def test_status_is_zero_only_when_all_pass():
    assert ci.run_steps({"a": step(0, [], "a"), "b": step(0, [], "b")}) == 0
    # A step that a signal ended has a negative status, which must not hide in a maximum.
    assert ci.run_steps({"a": step(0, [], "a"), "b": step(-9, [], "b")}) == 1


def test_an_unknown_step_names_the_known_ones(capsys):
    assert ci.main(["lint", "tset"]) == 2
    assert capsys.readouterr().err.startswith("Unknown step 'tset': the steps are lint, format, types,")


def test_the_offline_lane_takes_lessons_that_load_data(tmp_path):
    (tmp_path / "notebooks").mkdir()
    sources = {
        "01_a": "z = 1",
        "02_d": "load_nab('nyc_taxi')",
        "10_b": "load_mnist(normal=0)",
        "11_c": "load_fashion_mnist()",
    }
    for name, source in sources.items():
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(source)
    assert [path.stem for path in ci.lessons_with_data(tmp_path)] == ["02_d", "10_b", "11_c"]


@pytest.mark.skipif(os.name == "nt", reason="a bash script for the Linux machine that runs it")
@pytest.mark.parametrize("shared", [True, False])
def test_ci_run_points_at_the_shared_data_only_where_they_are(tmp_path, shared):
    course = tmp_path / "a course"
    (course / ".ci").mkdir(parents=True)
    script = course / ".ci" / "run"
    script.write_bytes((ROOT / ".ci" / "run").read_bytes())
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    (course / "Makefile").write_text('test:\n\t@echo "data in [$$COURSE_DATA_DIR]"; exit 7\n')
    if shared:
        (tmp_path / "shared" / "data").mkdir(parents=True)
    variables = {name: value for name, value in os.environ.items() if name != "COURSE_DATA_DIR"}
    result = subprocess.run(
        ["bash", str(script)],
        cwd=tmp_path,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    expected = str((tmp_path / "shared" / "data").resolve()) if shared else ""
    assert f"data in [{expected}]" in result.stdout
    assert result.returncode != 0


def test_make_only_calls_bootstrap():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = [line[1:] for line in makefile.splitlines() if line.startswith("\t") and not line.startswith("\t@echo")]
    assert len(recipes) == 5
    for recipe in recipes:
        words = recipe.split()
        assert words[0] == "$(RUN)"
        assert words[1] in bootstrap.COMMANDS
        if "--" in words:
            assert set(words[words.index("--") + 1 :]) <= set(ci.STEPS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_what_exists(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as true
    assert triggers
    commands = [s["run"] for job in workflow["jobs"].values() for s in job["steps"] if "run" in s]
    assert commands
    text = re.sub(r"\$\{\{ matrix\.constraints \}\}", "none", "\n".join(commands))
    for command in re.findall(r"bootstrap\.py (.+)", text):
        _, extra = bootstrap.parse(command.split())
        assert set(extra) <= set(ci.STEPS)
    for script in re.findall(r"\.github/[\w.-]+", text):
        assert (ROOT / script).is_file()


def test_workflows_cover_systems_pythons_and_torch():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert set(matrix["os"]) == {"ubuntu-latest", "macos-latest", "windows-latest"}
    assert set(matrix["python"]) == {"3.11", "3.13"}
    assert {entry["constraints"] for entry in workflow["jobs"]["torch"]["strategy"]["matrix"]["include"]} == {
        ".github/oldest.txt",
        "none",
    }
    assert (ROOT / ".github" / "oldest.txt").is_file()


def test_every_step_says_what_it_is():
    tree = ast.parse((ROOT / "authoring" / "ci.py").read_text(encoding="utf-8"))
    documented = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)}
    assert {function.__name__ for function in ci.STEPS.values()} <= documented
