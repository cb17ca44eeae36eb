"""bootstrap.py and the environment it makes, without installing anything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
from authoring import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def course(tmp_path):
    """A small course in a folder with a space in its name."""
    root = tmp_path / "my course"
    for folder, name in [("exercises", "10_first.ipynb"), ("notebooks", "10_first.ipynb")]:
        (root / folder).mkdir(parents=True)
        (root / folder / name).write_text("version 1")
    (root / "pyproject.toml").write_text("[project]")
    (root / "constraints.txt").write_text("numpy==2.0.0")
    return root


def wish(root, *groups, constraints="constraints.txt", cpu=False):
    return environment.Wish.read(root, constraints, set(groups), cpu=cpu)


def test_exercises_are_copied_once_and_never_overwritten(course):
    copy = course / "work" / "10_first.ipynb"
    assert bootstrap.copy_exercises(course) == ["work/10_first.ipynb: your copy of the exercises is ready."]
    assert copy.read_text() == "version 1"
    copy.write_text("my answers")
    assert bootstrap.copy_exercises(course) == []
    assert copy.read_text() == "my answers"


def test_a_newer_exercise_set_is_announced_and_reached_by_renaming(course):
    bootstrap.copy_exercises(course)
    copy = course / "work" / "10_first.ipynb"
    copy.write_text("my answers")
    (course / "exercises" / "10_first.ipynb").write_text("version 2")
    for _ in range(2):  # said every time, not only once
        (line,) = bootstrap.copy_exercises(course)
        assert "work/10_first.ipynb: the course has a newer version" in line
        assert "rename yours" in line
        assert copy.read_text() == "my answers"
    copy.rename(copy.with_name("mine.ipynb"))
    bootstrap.copy_exercises(course)
    assert copy.read_text() == "version 2"
    assert copy.with_name("mine.ipynb").read_text() == "my answers"
    assert bootstrap.copy_exercises(course) == []


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null"])
def test_a_damaged_record_costs_no_answers(course, damaged):
    bootstrap.copy_exercises(course)
    (course / "work" / "10_first.ipynb").write_text("my answers")
    (course / "work" / bootstrap.COPIED_FROM).write_text(damaged)
    assert bootstrap.copy_exercises(course) == []
    assert (course / "work" / "10_first.ipynb").read_text() == "my answers"


def test_lab_opens_the_first_lesson_with_the_whole_course_in_reach(course):
    for name in ["02_second.ipynb", "00_start.ipynb", "notes.ipynb"]:
        (course / "notebooks" / name).write_text("{}")
    command = bootstrap.lab_command("python", course, ["--no-browser", "--port", "9999"])
    assert command[:3] == ["python", "-m", "jupyterlab"]
    assert command[3:5] == [f"--ServerApp.root_dir={course}", "--LabApp.default_url=/lab/tree/notebooks/00_start.ipynb"]
    assert "--ContentsManager.hide_globs=*.egg-info" in command[5:-3]
    assert command[-3:] == ["--no-browser", "--port", "9999"]


@pytest.fixture
def steps(course, monkeypatch):
    """What main does in the small course, without doing it."""
    done = []
    monkeypatch.setattr(bootstrap, "ROOT", course)
    monkeypatch.setattr(environment, "prepare", lambda *args, **options: done.append("prepare") or "python")
    monkeypatch.setattr(bootstrap, "run", lambda command: done.append(command[2]) or 0)
    return done


def test_root_is_told_so_and_gets_in(steps, monkeypatch, capsys, course):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0, raising=False)
    assert bootstrap.main(["lab"]) == 0
    assert steps == ["prepare", "jupyterlab"]
    assert "with root's rights" in capsys.readouterr().out
    assert bootstrap.lab_command("python", course, ["--port", "9999"])[-3:] == ["--allow-root", "--port", "9999"]


@pytest.mark.parametrize("user", [1000, None])
def test_everybody_else_is_told_the_first_lesson(user, steps, monkeypatch, capsys):
    if user is None:  # Windows
        monkeypatch.delattr(bootstrap.os, "geteuid", raising=False)
    else:
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: user, raising=False)
    assert bootstrap.main(["lab"]) == 0
    assert steps == ["prepare", "jupyterlab"]
    assert capsys.readouterr().out.splitlines()[-1] == "First lesson: notebooks/10_first.ipynb"


def test_a_course_without_lessons_is_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"There is no lesson in notebooks/: write them with"):
        bootstrap.first_lesson(tmp_path)


def test_what_follows_the_two_dashes_is_passed_on():
    options, extra = bootstrap.parse(["--cpu", "lab", "--", "--no-browser", "--cpu"])
    assert (options.command, options.cpu, extra) == ("lab", True, ["--no-browser", "--cpu"])
    options, extra = bootstrap.parse(["test"])
    assert (options.command, options.cpu, extra) == ("test", False, [])


def test_an_unknown_command_lists_the_known_ones():
    result = subprocess.run([sys.executable, "bootstrap.py", "tset"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert "'lab', 'test'" in result.stderr.replace("choose from lab, test", "choose from 'lab', 'test'")


def test_an_old_python_gets_one_sentence():
    ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv[1:] = ['lab'];"
        "runpy.run_path('bootstrap.py', run_name='__main__')"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.strip() == (
        "The course needs Python 3.11 or newer and this is Python 3.9: install a newer one, "
        "then name it, for example: python3.12 bootstrap.py lab"
    )


def test_a_python_without_venv_gets_one_sentence(course, monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"cannot make environments .*`sudo apt install python3-venv`"):
        environment.prepare(course / ".venv", wish(course))


def test_the_stamp_follows_dependencies_versions_and_folder(course):
    first = wish(course).fingerprint
    assert wish(course, "dev", cpu=True).fingerprint == first
    assert wish(course, constraints="none").fingerprint != first
    (course / "constraints.txt").write_text("numpy==2.0.1")
    assert (second := wish(course).fingerprint) != first
    (course / "pyproject.toml").write_text("[project]\n")
    assert wish(course).fingerprint not in (first, second)


def test_a_missing_constraints_file_is_one_sentence(course):
    with pytest.raises(SystemExit, match=r"There is no constraints file .*nowhere\.txt: name another one, or none"):
        wish(course, constraints="nowhere.txt")


def test_pip_is_told_the_groups_and_the_versions(course):
    python = environment.venv_python(course / ".venv")
    (command,) = wish(course, "dev", "bench").commands(python)
    assert command[:4] == [str(python), "-m", "pip", "install"]
    assert command[-4:] == ["-c", "constraints.txt", "-e", ".[bench,dev]"]
    (command,) = wish(course, constraints="none").commands(python)
    assert "-c" not in command
    assert command[-2:] == ["-e", "."]
    pair, course_itself = wish(course, cpu=True).commands(python)
    assert pair[-4:] == ["--index-url", environment.CPU_INDEX, "torch", "torchvision"]
    assert "--index-url" not in course_itself


@pytest.fixture
def installer(course, monkeypatch):
    """Stand-ins for making the environment and for pip, which note what they were asked."""
    calls = []

    def create(venv):
        calls.append("create")
        venv.mkdir(exist_ok=True)
        (venv / environment.STAMP).unlink(missing_ok=True)

    def pip(command, root, *, verbose):
        assert environment.read_stamp(course / ".venv") == environment.INSTALLING
        calls.append(command[-1])
        if calls.count("die"):
            raise KeyboardInterrupt
        return calls.count("fail")

    monkeypatch.setattr(environment, "_create", create)
    monkeypatch.setattr(environment, "_succeeds", lambda python, code: (course / ".venv").exists())
    monkeypatch.setattr(environment, "_run_pip", pip)
    return calls


def test_the_environment_is_made_once_and_grows_by_groups(course, installer):
    venv = course / ".venv"
    for groups in [(), (), ("dev",), (), ("bench",), ("dev", "bench")]:
        assert environment.prepare(venv, wish(course, *groups)) == environment.venv_python(venv)
    assert installer == ["create", ".", ".[dev]", ".[bench,dev]"]
    (course / "constraints.txt").write_text("numpy==2.1.0")
    environment.prepare(venv, wish(course))
    assert installer[4:] == [".[bench,dev]"]


def test_an_installation_that_was_cut_off_starts_over(course, installer, capsys):
    installer.append("die")
    with pytest.raises(KeyboardInterrupt):
        environment.prepare(course / ".venv", wish(course))
    installer.clear()
    environment.prepare(course / ".venv", wish(course))
    assert installer == ["create", "."]
    assert "The last installation was cut off: the environment is made anew." in capsys.readouterr().out


def test_an_installation_that_fails_keeps_what_was_there(course, installer):
    environment.prepare(course / ".venv", wish(course))
    before = environment.read_stamp(course / ".venv")
    installer.append("fail")
    with pytest.raises(SystemExit, match=r"The installation failed, see above: check network and disk space"):
        environment.prepare(course / ".venv", wish(course, "dev"))
    assert environment.read_stamp(course / ".venv") == before
    installer.clear()
    environment.prepare(course / ".venv", wish(course))
    assert installer == []


def test_only_one_installation_at_a_time(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from authoring import environment\n"
        "with environment._alone(Path(sys.argv[1])):\n"
        "    print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".venv")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"mine"
        with open(tmp_path / ".venv.lock", "a+b") as handle:
            assert not environment._try_lock(handle.fileno())
            holder.kill()  # a lock must not outlive its holder
            holder.wait()
            assert environment._try_lock(handle.fileno())


def test_pip_output_is_shown_only_when_it_fails(tmp_path, capfd):
    script = "import sys; print('what pip says'); sys.exit('-q' not in sys.argv or len(sys.argv) > 2)"
    assert environment._run_pip([sys.executable, "-c", script], tmp_path, verbose=False) == 0
    assert capfd.readouterr().out == ""
    assert environment._run_pip([sys.executable, "-c", script, "fail"], tmp_path, verbose=False) == 1
    assert "what pip says" in capfd.readouterr().out
