"""The server machines: on the real files where they are at hand, on one small machine otherwise."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from course_lib.core.metrics import auroc, average_precision, events
from course_lib.data import DownloadError, load_smd
from course_lib.data.cache import cache_root, is_complete, state
from course_lib.data.entries import served_as_is
from course_lib.data.registry import REGISTRY, find
from course_lib.data.smd import Cause
from course_lib.ml import PCA
from course_lib.statistics import ZScore

NAME = "ServerMachineDataset"
MACHINES = {
    "machine-1-2": (23_694, 23_694, 10),
    "machine-2-1": (23_693, 23_694, 13),
    "machine-3-2": (23_702, 23_703, 10),
}


@pytest.fixture
def real():
    if not is_complete(REGISTRY[NAME]):
        pytest.skip(f"SMD is not in {cache_root()}: fetch it with `python -m course_lib data fetch {NAME}`")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A registry with one machine of eight rows, in an own cache folder."""
    rows = "".join(",".join(f"{(row + column) / 100:.6f}" for column in range(38)) + "\n" for row in range(8))
    contents = {
        "train/machine-9-9.txt": rows,
        "test/machine-9-9.txt": rows,
        "test_label/machine-9-9.txt": "0\n1\n1\n0\n0\n1\n0\n0\n",
        "interpretation_label/machine-9-9.txt": "5-6:38\n1-3:1,10\n",
    }
    files = []
    for name, content in contents.items():
        path = tmp_path / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
        digest = hashlib.sha256(content.encode()).hexdigest()
        files.append(served_as_is(f"{NAME}/{name}", name, len(content), digest))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(REGISTRY, NAME, replace(REGISTRY[NAME], files=tuple(files)))
    return tmp_path / NAME


@pytest.mark.parametrize("name", ["machine-9-9", "9-9", "Machine-9-9.txt"])
def test_a_machine_with_labels_and_causes(toy, name):
    data = load_smd(name)
    assert data.name == "machine-9-9"
    expected = (np.arange(8)[:, None] + np.arange(38)) / 100
    np.testing.assert_allclose(data.X_train, expected)
    np.testing.assert_allclose(data.X_test, expected)
    assert data.y_test.tolist() == [0, 1, 1, 0, 0, 1, 0, 0]
    # In order of time, sensors counted from 0.
    assert data.causes == [Cause(1, 3, (0, 9)), Cause(5, 6, (37,))]
    assert (data.feature_names[0], data.feature_names[37]) == ("sensor 0", "sensor 37")
    assert not data.is_substitute
    assert "2 incidents in the test part, with 3 rows (37.5%)" in repr(data)


def test_missing_and_damaged_files(toy, refuses):
    path = toy / "interpretation_label/machine-9-9.txt"
    path.write_bytes(path.read_bytes().replace(b":38", b"-38"))
    with refuses("The files of machine-9-9 in", DownloadError):
        load_smd("9-9")
    path = toy / "test/machine-9-9.txt"
    path.write_bytes(path.read_bytes().replace(b"0.010000,0.020000", b"0.010000x0.020000"))
    with refuses("damaged (ParserError): replace them with", DownloadError):
        load_smd("9-9")
    path.unlink()
    with refuses(f"{NAME}/test/machine-9-9.txt could not be had", DownloadError):
        load_smd("9-9", offline=True)


def test_an_unknown_machine_lists_what_there_is(refuses):
    with refuses("There is no machine called 'machine-1-1' here: choose from machine-1-2, machine-2-1, machine-3-2."):
        load_smd("machine-1-1")
    with refuses("There is no machine called 12 here"):
        load_smd(12)


def test_the_short_name_finds_the_entry():
    assert find("SMD") is find("server-machine-dataset") is REGISTRY[NAME]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_real_machines(machine, real):
    data = load_smd(machine)
    n_train, n_test, incidents = MACHINES[machine]
    assert data.X_train.shape == (n_train, 38)
    assert data.X_test.shape == (n_test, 38)
    assert len(events(data.y_test)) == incidents
    labelled = {tuple(event) for event in events(data.y_test).tolist()}
    assert {(cause.first, cause.end) for cause in data.causes} <= labelled
    # One incident of machine-3-2 has no entry.
    assert len(data.causes) == incidents - (machine == "machine-3-2")
    deviation = data.X_train.std(axis=0)
    z = np.abs(data.X_test - data.X_train.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    ratios = [z[c.first : c.end, list(c.sensors)].mean() / z[c.first : c.end].mean() for c in data.causes]
    assert np.mean(ratios) > 1.7  # counted from 1 instead of 0 it would be 1.1 to 1.6


def test_the_real_files_have_the_checksums_of_the_registry(real):
    files = [file for file in REGISTRY[NAME].files if "label" in file.path]
    assert {state(file, cache_root()) for file in files} == {"right"}


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("nothing")
def test_only_who_asks_for_a_substitute_gets_one(capsys):
    with pytest.raises(DownloadError):
        load_smd(offline=True)
    data = load_smd("2-1", offline=True, substitute=True)
    printed = capsys.readouterr().out
    assert printed.startswith("Using a simulated machine instead of SMD's machine-2-1.")
    assert printed.count("\n") == 3
    assert data.is_substitute
    assert "Not SMD" in data.source
    assert data.name == "simulated"


@pytest.mark.usefixtures("nothing")
def test_the_substitute_is_like_the_real_thing():
    data, again = (load_smd(offline=True, substitute=True) for _ in range(2))
    np.testing.assert_array_equal(data.X_test, again.X_test)
    assert data.X_train.shape == data.X_test.shape == (8000, 38)
    assert min(data.X_train.min(), data.X_test.min()) >= 0
    assert max(data.X_train.max(), data.X_test.max()) <= 1
    assert (np.ptp(data.X_train, axis=0) == 0).sum() == 4
    assert events(data.y_test).tolist() == [[cause.first, cause.end] for cause in data.causes]
    assert 0.02 < data.y_test.mean() < 0.1
    # As on the real machines PCA is better than a z-score for each sensor, and far from perfect in precision.
    scores = {name: d.fit(data.X_train).decision_function(data.X_test) for name, d in
              {"pca": PCA(n_components=0.9), "z": ZScore()}.items()}  # fmt: skip
    assert auroc(data.y_test, scores["pca"]) > auroc(data.y_test, scores["z"]) > 0.7
    assert average_precision(data.y_test, scores["pca"]) < 0.9
