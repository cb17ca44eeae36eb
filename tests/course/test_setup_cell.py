"""The set-up cell, run in a process that pretends to be Colab: the course arrives, everything else stays as it was."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata, util
from pathlib import Path

import pytest

from authoring.links import Repository

ROOT = Path(__file__).resolve().parents[2]

# Runs the cell twice, and says what is importable and installed before and after.
PRETEND = """
import json, subprocess, sys
from importlib import metadata, util
import google.colab

def look():
    names = ("torch", "torchvision", "numpy", "course_lib")
    found = {name: getattr(util.find_spec(name), "origin", None) for name in names}
    return {"origin": found, "versions": {d.metadata["Name"]: d.version for d in metadata.distributions()}}

before = look()
exec(CELL, {})
after = look()
def refuse(*args, **kwargs):
    raise AssertionError("the second run started a process")
subprocess.run = refuse
exec(CELL, {})
import course_lib
print(json.dumps([before, after, course_lib.__version__]))
"""


def reason_to_skip():
    """Why a package cannot be built here without an index, if so."""
    if shutil.which("git") is None:
        return "git is not installed"
    try:  # not find_spec: looking for pip switches off setuptools' stand-in for distutils in this process
        _, setuptools = metadata.version("pip"), metadata.version("setuptools")
    except metadata.PackageNotFoundError:
        return "pip or setuptools is not installed in this environment, and without them nothing can be built offline"
    if int(setuptools.split(".")[0]) < 77:
        return "this environment's setuptools is older than 77, which pyproject.toml asks for"
    missing = [name for name in ("README.md", "LICENSE") if not (ROOT / name).exists()]
    return f"the package cannot be built, {', '.join(missing)} is missing" if missing else None


def publish(folder):
    """A git repository of the package as it is in this working tree."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "course_lib", folder / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "course"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    # Older versions of pip refuse a requirement's address without a host.
    return folder.as_uri().replace("file:///", "file://localhost/")


def make_colab(folder):
    """An environment that has this one's packages, but not the course, and a module google.colab.

    The packages are seen through a .pth file. What this environment's own .pth files add, an editable course for one,
    is not seen that way. Returns its interpreter.
    """
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    variables = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
    parents = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "colab.pth").write_text("\n".join(sorted(parents)) + "\n")
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    return Path(sysconfig.get_path("scripts", "venv", vars=variables)) / Path(sys.executable).name


@pytest.mark.skipif(bool(reason_to_skip()), reason=str(reason_to_skip()))
@pytest.mark.timeout(120)
def test_on_colab_the_course_is_added_and_nothing_else_changes(tmp_path):
    cell = Repository(publish(tmp_path / "published"), "main").setup()
    python = make_colab(tmp_path / "colab")
    # No index: whatever pip would fetch beside the course makes the cell fail. Colab builds with isolation, which
    # needs an index and gives the same package. (pip reads the first variable as the value of build_isolation.)
    offline = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [python, "-c", f"CELL = {cell!r}\n{PRETEND}"],
        env={**environment, **offline},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    before, after, version = json.loads(done.stdout.splitlines()[-1])
    assert before["origin"].pop("course_lib") is None
    assert Path(after["origin"].pop("course_lib")).is_relative_to(tmp_path / "colab")
    assert version
    assert None not in before["origin"].values()
    assert after["origin"] == before["origin"]
    course = {name: version for name, version in after["versions"].items() if name.startswith("anomaly")}
    assert list(course.values()) == [version]
    assert after["versions"] == {**before["versions"], **course}


def test_where_the_course_is_installed_the_cell_does_nothing(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)
    exec(Repository.of(ROOT).setup(), {})


def test_a_failing_installation_is_not_passed_over(monkeypatch):
    """The cell must stop, so that the learner does not meet a ModuleNotFoundError further down."""
    started = []

    def fail(command, check):
        started.append((command, check))
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", fail)
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(subprocess.CalledProcessError):
        exec(Repository("https://example.org/a/b", "next").setup(), {})
    assert started == [
        (
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "anomaly-detection-course[explain] @ git+https://example.org/a/b@next",
            ],
            True,
        )
    ]
