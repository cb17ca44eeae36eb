"""NSL-KDD: on the real files where they are at hand, on three connections otherwise."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.data import DownloadError, load_nsl_kdd
from course_lib.data.cache import cache_root, is_complete, state
from course_lib.data.entries import served_as_is
from course_lib.data.nsl_kdd import ATTACKS, COLUMNS, PARTS, TEXT
from course_lib.data.registry import REGISTRY, find

ROW = "{duration},tcp,http,SF,{sent},0,0,0,0,0,0,1" + ",0.50" * 29 + ",{attack},{difficulty}\n"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A registry with two tiny parts, in an own cache folder."""
    rows = [(0, 181, "normal", 20), (5, 0, "neptune", 21), (2, 9, "mscan", 3)]
    content = "".join(ROW.format(duration=d, sent=s, attack=a, difficulty=n) for d, s, a, n in rows).encode()
    files = []
    for name in PARTS.values():
        path = tmp_path / "NSL-KDD" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files.append(served_as_is(f"NSL-KDD/{name}", name, len(content), hashlib.sha256(content).hexdigest()))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(REGISTRY, "NSL-KDD", replace(REGISTRY["NSL-KDD"], files=tuple(files)))
    return tmp_path / "NSL-KDD"


def test_connections_with_their_attacks(toy):
    flows = load_nsl_kdd("test")
    assert flows.y.tolist() == [0, 1, 1]
    assert flows.attack.tolist() == ["normal", "neptune", "mscan"]
    assert flows.kind.tolist() == ["normal", "denial of service", "probe"]
    assert flows.difficulty.tolist() == [20, 21, 3]
    assert flows.X.shape == (3, 38)
    assert flows.X.dtype == np.float64
    assert flows.X[:, flows.feature_names.index("src_bytes")].tolist() == [181, 0, 9]
    assert flows.data["service"].tolist() == ["http"] * 3
    assert "3 connections, 2 of them attacks (66.7%): 1 denial of service, 1 probe" in repr(flows)
    assert find("nsl_kdd") is find("NSL-KDD") is find("nslkdd")


@pytest.mark.parametrize(
    ("part", "rows", "attacks", "names"), [("train", 25_192, 11_743, 21), ("test", 22_544, 12_833, 37)]
)
def test_the_real_parts(part, rows, attacks, names):
    if not is_complete(REGISTRY["NSL-KDD"]):
        pytest.skip(f"NSL-KDD is not in {cache_root()}: fetch it with `python -m course_lib data fetch NSL-KDD`")
    assert all(state(file, cache_root()) == "right" for file in REGISTRY["NSL-KDD"].files)
    flows = load_nsl_kdd(part)
    assert (len(flows.y), int(flows.y.sum()), len(set(flows.attack) - {"normal"})) == (rows, attacks, names)
    assert np.isfinite(flows.X).all()
    assert tuple(flows.data.columns) == COLUMNS
    assert set(flows.data["protocol_type"]) == {"tcp", "udp", "icmp"}
    assert set(flows.kind) == {"normal", *ATTACKS}
    if part == "test":
        new = set(flows.attack) - set(load_nsl_kdd("train").attack)
        assert {"mscan", "apache2", "snmpguess"} <= new


def test_the_substitute_says_what_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    parts = {part: load_nsl_kdd(part, offline=True, substitute=True) for part in PARTS}
    lines = capsys.readouterr().out.splitlines()
    assert lines[::3] == [f"Using simulated connections instead of NSL-KDD's {part} part." for part in PARTS]
    for part, flows in parts.items():
        assert flows.is_substitute
        assert flows.source.startswith("Not NSL-KDD")
        assert flows.part == part
        assert tuple(flows.data.columns) == COLUMNS
        assert all(flows.data[name].dtype == float for name in COLUMNS if name not in TEXT)
        assert 0.3 < flows.y.mean() < 0.45
        again = load_nsl_kdd(part, offline=True, substitute=True)
        np.testing.assert_array_equal(again.X, flows.X)
    assert set(parts["test"].attack) - set(parts["train"].attack) == {"mscan", "guess_passwd"}
    errors = parts["test"].X[:, parts["test"].feature_names.index("serror_rate")]
    flood = parts["test"].attack == "neptune"
    assert auroc(flood.astype(int), errors) > 0.99


def test_what_is_refused(toy, refuses):
    with refuses("There is no part 'all' of NSL-KDD here: choose from train, test."):
        load_nsl_kdd("all")
    path = toy / PARTS["test"]
    path.write_bytes(path.read_bytes().replace(b"neptune", b"septune"))
    with refuses("is damaged (KeyError): replace it with `python -m course_lib data fetch NSL-KDD`", DownloadError):
        load_nsl_kdd("test")
    path.unlink()
    with refuses("NSL-KDD/KDDTest+.txt could not be had", DownloadError):
        load_nsl_kdd("test", offline=True)
