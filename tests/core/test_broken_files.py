"""A broken, edited, foreign or unwritable file is one sentence, runs nothing, and costs no good file."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

import course_lib
from course_lib.core import Detector, load, persistence
from course_lib.core.persistence import read_arrays, write_arrays
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

X = np.random.default_rng(0).normal(size=(60, 4))
DEEP = {"epochs": 2, "device": "cpu", "verbose": False}


@pytest.fixture
def saved(tmp_path):
    KNN(n_neighbors=3).fit(X).save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("share", [0, 0.001, 0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere(saved, share, refuses):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    with refuses("is cut off or no safetensors file"):
        load(saved)


def test_any_edited_byte_is_refused_or_harmless(saved):
    whole, good = saved.read_bytes(), read_arrays(saved)
    end = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(0, end, 3), *range(end, len(whole), 97), len(whole) - 1]
    harmless, refused = 0, []
    for place in places:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            arrays, info = read_arrays(saved)
        except ValueError as error:
            refused.append(str(error))
            continue
        assert info == good[1]
        assert all(np.array_equal(arrays[name], good[0][name]) for name in good[0])
        harmless += 1
    assert harmless < len(places) / 20, "only white space may change without being seen"
    for message in refused:
        assert message.endswith(": save it again.") or "was not written by this course: " in message


def test_a_table_of_another_shape_is_refused(saved, refuses):
    with safe_open(saved, framework="numpy") as file:
        meta, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert arrays["X_train_"].shape == (60, 4)
    save_file({**arrays, "X_train_": arrays["X_train_"].reshape(30, 8)}, saved, metadata=meta)  # the same bytes
    with refuses("was changed after it was saved"):
        load(saved)


def test_more_bytes_at_the_end_are_refused(saved, refuses):
    saved.write_bytes(saved.read_bytes() + b"more")
    with refuses("cut off or no safetensors file"):
        load(saved)


def test_files_of_others(tmp_path, refuses):
    path = tmp_path / "model"
    with refuses("There is no file", FileNotFoundError):
        load(path)
    with refuses("There is no file", FileNotFoundError):
        load(tmp_path)
    path.write_bytes(pickle.dumps({"a": 1}) * 50)
    with refuses("cut off or no safetensors file"):
        load(path)
    save_file({"a": np.ones(3)}, path)
    with refuses("not written by this course"):
        load(path)
    save_torch({"a": torch.ones(3, dtype=torch.bfloat16)}, path)
    with refuses("not written by this course"):
        load(path)


def test_a_checkpoint_is_no_detector_and_a_detector_no_checkpoint(tmp_path, refuses):
    Autoencoder((4,), 2, checkpoint=tmp_path / "c", **DEEP).fit(X).save(tmp_path / "m")
    with refuses("holds no detector of format 1"):
        load(tmp_path / "c")
    with refuses("m is no training checkpoint"):
        Autoencoder((4,), 2, checkpoint=tmp_path / "m", resume=True, **DEEP).fit(X)


def forged(path, name, params=None):
    info = {"format": 1, "class": name, "params": params or {}, "state": {}, "versions": {}}
    write_arrays(path, {"x_": np.ones(2)}, info)
    return path


FOREIGN = [
    "os:system",
    "builtins:exec",
    "subprocess:Popen",
    "course_library.core:X",
    "evil:Detector",
    "__main__:X",
    ":",
    "x",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_classes_from_outside_are_never_looked_up(name, tmp_path, refuses, monkeypatch):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    for reader in (load, Detector.load, PCA.load):
        with refuses("not part of the course"):
            reader(forged(tmp_path / "m", name, {"command": "exit 1"}))
    assert not (tmp_path / "ran").exists()
    assert "evil" not in sys.modules


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("course_lib.core.persistence:os", "not a detector"),
        ("course_lib.core.persistence:load", "not a detector"),
        ("course_lib.core.thresholds:Sigma", "not a detector"),
        ("course_lib.ml:Nothing", "does not have"),
        ("course_lib.nothing:PCA", "does not have"),
        ("course_lib.core.persistence:os.system", "does not have"),
    ],
)
def test_names_inside_that_are_no_detector(name, fragment, tmp_path, refuses):
    with refuses(fragment):
        load(forged(tmp_path / "m", name))


def test_unknown_rule(tmp_path, refuses):
    with refuses("unknown threshold rule 'Later'"):
        load(forged(tmp_path / "m", "course_lib.ml.pca:PCA", {"threshold": {"rule": "Later", "params": {}}}))


def test_wrong_class(saved, refuses):
    with refuses("The file holds a KNN, not a PCA"):
        PCA.load(saved)


def test_a_write_that_fails_leaves_the_old_file_whole(saved, monkeypatch):
    before = saved.read_bytes()

    def half(arrays, path, metadata):
        Path(path).write_bytes(before[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(persistence, "save_file", half)
    with pytest.raises(OSError, match="No space left"):
        PCA().fit(X).save(saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_a_really_full_disk_leaves_the_old_file_whole(saved):
    pytest.importorskip("resource", reason="file size limits are a matter of POSIX")
    before = saved.read_bytes()
    program = (
        "import resource, signal, sys, numpy as np; from course_lib.core.persistence import write_arrays\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try: write_arrays(sys.argv[1], {'a': np.ones(10_000)}, {})\n"
        "except OSError as error: sys.exit(str(error))\n"
    )
    home = Path(course_lib.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program, saved], cwd=home, capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("free some space or choose another folder."), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        PCA().fit(X).save(tmp_path / "file" / "model")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        PCA().fit(X).save(tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
