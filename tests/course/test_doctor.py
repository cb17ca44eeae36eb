"""``python -m course_lib doctor`` tells a sound machine from a broken one; the command line stays light."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib
from course_lib import __main__ as command_line
from course_lib import doctor

ROOT = Path(__file__).resolve().parents[2]


def doctor_in_a_process(*folders, **variables):
    path = os.pathsep.join(map(str, [*folders, ROOT]))
    return subprocess.run(
        [sys.executable, "-m", "course_lib", "doctor"],
        env={**os.environ, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def stub(folder, package, content):
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(content)
    return folder


def test_a_sound_machine(tmp_path):
    result = doctor_in_a_process(COURSE_DATA_DIR=str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    table = result.stdout.partition("\n\n")[0].splitlines()
    assert {len(re.match(r"(training step|\S+) +", line)[0]) for line in table} == {15}, "one column of values"
    lines = dict(re.findall(r"^(\S+(?: \S+)?) +(.+)$", result.stdout, re.M))
    assert lines["course_lib"] == course_lib.__version__
    assert re.match(r"\d+\.\d+", lines["torch"])
    assert re.match(r"(cpu|cuda|mps): ", lines["device"])
    assert re.match(r"\d+\.\d ms \(784-64-784 network", lines["training step"])
    assert "MNIST missing" in lines["data"]
    assert "python -m course_lib data fetch --all" in lines["data"]
    assert result.stdout.endswith("Everything that the course needs is there and works.\n")


def test_a_torchvision_of_another_torch_is_named_with_its_cure(tmp_path):
    broken = "raise RuntimeError('operator torchvision::nms does not exist\\nand more')"
    result = doctor_in_a_process(stub(tmp_path, "torchvision", broken))
    assert result.returncode == 1
    assert re.search(r"^torchvision +\S+, broken$", result.stdout, re.M)
    sentence = result.stdout.strip().splitlines()[-1]
    assert sentence == (
        "torchvision cannot be imported (RuntimeError: operator torchvision::nms does not exist): it was built for "
        "another torch. Install both anew, in one command and from one index: "
        "python -m pip install --force-reinstall torch torchvision"
    )
    assert "Traceback" not in result.stderr


def test_everything_broken_is_listed(tmp_path):
    stub(tmp_path, "scipy", "raise ImportError('no libopenblas')")
    stub(tmp_path, "psutil", "raise OSError")
    result = doctor_in_a_process(tmp_path)
    assert result.returncode == 1
    assert "scipy cannot be imported (ImportError: no libopenblas): set the environment up again" in result.stdout
    assert "psutil cannot be imported (OSError: no message): set the environment up again" in result.stdout
    assert "Traceback" not in result.stderr


def test_a_step_that_fails_on_the_device_is_one_sentence(monkeypatch, capsys):
    def fail(device):
        raise RuntimeError("no kernel image is available\nlong explanation")

    monkeypatch.setattr(doctor, "_training_step", fail)
    assert command_line.main(["doctor"]) == 1
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert re.match(r"A training step fails on \w+ \(RuntimeError: no kernel image is available\): give .*", last)


def test_training_step_trains(monkeypatch):
    import torch

    steps = []
    original = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self, *a: (steps.append(1), original(self, *a))[1])
    assert doctor._training_step(torch.device("cpu"), repeats=3) > 0
    assert len(steps) == 3


def test_paths_are_written_short(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path.parent)
    assert doctor._short(tmp_path / "data" / "cache") == str(Path("data", "cache"))
    assert doctor._short(tmp_path.parent / "cache") == f"~{os.sep}cache"


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["--help"], 0, "{doctor,progress,data,stream,send}"),
        (["doctor", "--help"], 0, "Look at versions"),
        ([], 2, "required"),
        (["doctr"], 2, "invalid choice: 'doctr'"),
    ],
)
def test_the_command_line_explains_itself(arguments, status, expected, capsys):
    with pytest.raises(SystemExit) as end:
        command_line.main(arguments)
    assert end.value.code == status
    captured = capsys.readouterr()
    assert expected in (captured.out if status == 0 else captured.err)


@pytest.mark.parametrize("command", command_line.COMMANDS)
def test_help_of_each_command_loads_nothing_heavy(command):
    code = (
        "import sys; from course_lib.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('loaded', sorted({'torch', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "loaded []", result.stderr
