"""The Numenta series: on the real files where they are at hand, on one small series otherwise."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from course_lib.data import DownloadError, load_nab
from course_lib.data.cache import cache_root, is_complete
from course_lib.data.entries import served_as_is
from course_lib.data.registry import REGISTRY

SERIES = [file.path for file in REGISTRY["NAB"].files if file.path.endswith(".csv")]


@pytest.fixture
def real():
    if not is_complete(REGISTRY["NAB"]):
        pytest.skip(f"NAB is not in {cache_root()}: fetch it with `python -m course_lib data fetch NAB`")


def moment(text):
    return np.datetime64(text, "s")


TIMES = ["00:00:00", "00:05:00", "00:10:00", "00:10:00", "00:20:00", "00:25:00", "00:24:00", "00:29:00", "00:30:00"]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A registry with two series, one of them with a window, in an own cache folder."""
    rows = "".join(f"2024-01-01 {time},{number}.5\n" for number, time in enumerate(TIMES))
    windows = {
        "real/toy.csv": [["2024-01-01 00:05:00.000000", "2024-01-01 00:10:00.000000"]],
        "calm/quiet.csv": [],
    }
    contents = {
        "data/real/toy.csv": "timestamp,value\n" + rows,
        "data/calm/quiet.csv": "timestamp,value\n" + rows,
        "labels/combined_windows.json": json.dumps(windows),
        "labels/combined_labels.json": json.dumps({"real/toy.csv": ["2024-01-01 00:10:00"], "calm/quiet.csv": []}),
    }
    files = []
    for name, content in contents.items():
        path = tmp_path / "NAB" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
        digest = hashlib.sha256(content.encode()).hexdigest()
        files.append(served_as_is(f"NAB/{name}", name, len(content), digest))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(REGISTRY, "NAB", replace(REGISTRY["NAB"], files=tuple(files)))
    return tmp_path / "NAB"


def test_a_series_with_its_labels_and_windows(toy):
    series = load_nab("toy")
    assert series.name == "real/toy"
    np.testing.assert_array_equal(series.values, np.arange(9) + 0.5)
    np.testing.assert_array_equal(series.timestamps, [moment(f"2024-01-01T{time}") for time in TIMES])
    assert series.labels == [moment("2024-01-01T00:10:00")]
    assert series.windows == [(moment("2024-01-01T00:05:00"), moment("2024-01-01T00:10:00"))]
    # Both ends count, and so does every row with a repeated time.
    assert series.y.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0]
    quiet = load_nab("calm/quiet.csv")
    assert (quiet.windows, quiet.labels, quiet.y.sum()) == ([], [], 0)


def test_irregular_sampling_is_said(toy):
    series = load_nab("toy")
    assert series.interval == np.timedelta64(5, "m")
    assert series.irregular_steps == 4
    assert series.sampling == (
        "one reading every 5 minutes, except for 4 of 8 steps "
        "(1 longer, up to 10 minutes; 1 shorter; 1 without advance; 1 back in time)"
    )
    assert "anomaly windows: 1, with 3 readings (33.3%); the first 1 readings are not scored" in repr(series)
    regular = replace(series, timestamps=moment("2024-01-01") + np.arange(9) * np.timedelta64(90, "m"))
    assert regular.sampling == "one reading every 1.5 hours, without a gap"


@pytest.mark.parametrize(("rows", "probation"), [(9, 1), (1000, 150), (4999, 749), (5000, 750), (20000, 750)])
def test_probation_is_15_percent_and_at_most_750(rows, probation, toy):
    assert replace(load_nab("toy"), values=np.zeros(rows)).probation == probation


@pytest.mark.parametrize("path", SERIES)
def test_every_series_reads(path, real):
    name = path.removeprefix("NAB/data/").removesuffix(".csv")
    series = load_nab(name)
    assert series.name == name
    assert load_nab(name.partition("/")[2]).name == name
    assert len(series.timestamps) == len(series.values) == len(series.y)
    assert np.isfinite(series.values).all()
    outside = [label for label in series.labels if not any(start <= label <= end for start, end in series.windows)]
    # Upstream moved one window an hour away from its label.
    assert outside == ([moment("2013-10-10T09:35:00")] if "iio_us-east-1" in name else [])
    assert all(
        series.y[(series.timestamps >= start) & (series.timestamps <= end)].all() for start, end in series.windows
    )
    assert (series.y.sum() == 0) == (not series.windows)
    if "NoAnomaly" in name:
        assert series.windows == []
    # NAB shares out a tenth of a series among its windows.
    assert series.y.mean() == 0 or 0.07 < series.y.mean() < 0.105


def test_the_temperature_series_is_the_known_one(real):
    series = load_nab("ambient_temperature_system_failure")
    assert len(series.values) == 7267
    assert series.values[0] == 69.88083514
    assert series.labels == [moment("2013-12-22T20:00:00"), moment("2014-04-13T09:00:00")]
    assert series.windows[0] == (moment("2013-12-15T07:00:00"), moment("2013-12-30T09:00:00"))
    assert series.probation == 750
    assert series.sampling == "one reading every 1 hour, except for 10 of 7,266 steps (10 longer, up to 7.2 days)"


def test_an_unknown_name_lists_what_there_is(toy, refuses):
    with refuses("There is no NAB series called 'taxi' here: choose from real/ toy; calm/ quiet."):
        load_nab("taxi")


def test_missing_and_damaged_files(toy, refuses):
    path = toy / "data/real/toy.csv"
    path.write_bytes(path.read_bytes().replace(b"00:05:00", b"00:xx:00"))
    with refuses("The files of real/toy.csv in", DownloadError):
        load_nab("toy")
    labels = toy / "labels/combined_labels.json"
    labels.write_bytes(labels.read_bytes().replace(b"quiet", b"quite"))
    with refuses("damaged (KeyError): replace them with `python -m course_lib data fetch NAB`", DownloadError):
        load_nab("quiet")
    path.unlink()
    with refuses("NAB/data/real/toy.csv could not be had", DownloadError):
        load_nab("toy", offline=True)
    # The other series does not need that file.
    labels.write_bytes(labels.read_bytes().replace(b"quite", b"quiet"))
    assert load_nab("quiet", offline=True).y.sum() == 0
