"""ADBench's tables and protocol: on the real files where they are at hand, on small files of our own otherwise."""

import hashlib
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from course_lib.data import AdbenchSplit, AdbenchTable, DownloadError, load_adbench
from course_lib.data.cache import cache_root, is_complete
from course_lib.data.entries import served_as_is
from course_lib.data.registry import REGISTRY

# Rows, features, anomalies as ADBench's own table of data sets gives them, and rows under its protocol.
SIZES = {
    "4_breastw": (683, 9, 239, 1000),
    "6_cardio": (1831, 21, 176, 1831),
    "14_glass": (214, 7, 9, 1000),
    "16_http": (567498, 3, 2211, 10000),
    "18_Ionosphere": (351, 32, 126, 1000),
    "23_mammography": (11183, 6, 260, 10000),
    "28_pendigits": (6870, 16, 156, 6870),
    "30_satellite": (6435, 36, 2036, 6435),
    "32_shuttle": (49097, 9, 3511, 10000),
    "38_thyroid": (3772, 6, 93, 3772),
    "40_vowels": (1456, 12, 50, 1456),
    "42_WBC": (223, 9, 10, 1000),
}


@pytest.fixture
def real():
    if not is_complete(REGISTRY["ADBench"]):
        pytest.skip(f"ADBench is not in {cache_root()}: fetch it with `python -m course_lib data fetch ADBench`")


@pytest.fixture
def small_files(tmp_path, monkeypatch):
    """``small_files(cardio=(X, y))`` replaces the registry's tables by these, in an own cache folder."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))

    def put(**tables):
        files = []
        for number, (name, (X, y)) in enumerate(tables.items(), start=1):
            packed = io.BytesIO()
            np.savez(packed, X=X, y=y)
            content = packed.getvalue()
            path = tmp_path / "ADBench" / f"{number}_{name}.npz"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            files.append(served_as_is(f"ADBench/{path.name}", path.name, len(content), digest))
        monkeypatch.setitem(REGISTRY, "ADBench", replace(REGISTRY["ADBench"], files=tuple(files)))
        return tmp_path / "ADBench"

    return put


def as_adbench_does(X, y, seed):
    """The steps of ADBench's generator one by one, on NumPy's global generator, which is put back afterwards."""
    from sklearn.model_selection import train_test_split

    before = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(seed)  # noqa: NPY002
        if len(y) < 1000:
            np.random.seed(seed)  # noqa: NPY002
            rows = np.random.choice(np.arange(len(y)), 1000, replace=True)  # noqa: NPY002
            X, y = X[rows], y[rows]
        if len(y) > 10000:
            np.random.seed(seed)  # noqa: NPY002
            rows = np.random.choice(np.arange(len(y)), 10000, replace=False)  # noqa: NPY002
            X, y = X[rows], y[rows]
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, shuffle=True, stratify=y)
    finally:
        np.random.set_state(before)  # noqa: NPY002
    low, high = X_train.min(axis=0).astype(float), X_train.max(axis=0).astype(float)
    span = np.where(high > low, high - low, 1)
    return (X_train - low) / span, y_train, (X_test - low) / span, y_test


def same(split, expected):
    X_train, y_train, X_test, y_test = expected
    np.testing.assert_allclose(split.X_train, X_train, atol=1e-12)
    np.testing.assert_allclose(split.X_test, X_test, atol=1e-12)
    np.testing.assert_array_equal(split.y_train, y_train)
    np.testing.assert_array_equal(split.y_test, y_test)


def numbered(n, anomalies=0.1):
    """Rows that can be told apart, with a constant feature."""
    X = np.column_stack([np.arange(n), np.arange(n) % 7, np.full(n, 3)])
    return X, (np.arange(n) < anomalies * n).astype(np.int64)


@pytest.mark.parametrize("n", [200, 999, 1000, 10000, 10001])
def test_the_split_is_adbenchs_row_for_row(n):
    X, y = numbered(n)
    table = AdbenchTable(X.astype(float), y, "1_toy", "Toy.")
    for seed in (1, 2):
        same(table.split(seed), as_adbench_does(X, y, seed))


@pytest.mark.parametrize("name", ["6_cardio", "42_WBC", "23_mammography", "30_satellite"])
def test_real_tables_are_split_as_adbench_does(name, real):
    with np.load(cache_root() / "ADBench" / f"{name}.npz") as stored:
        X, y = stored["X"], stored["y"]
    same(load_adbench(name, random_state=3), as_adbench_does(X, y, 3))


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_the_known_ones(name, real):
    rows, features, anomalies, used = SIZES[name]
    table = load_adbench(name, protocol=False)
    assert table.X.shape == (rows, features)
    assert (table.n_features, int(table.y.sum()), table.name) == (features, anomalies, name)
    split = table.split(1)
    assert len(split.X_test) == math.ceil(0.3 * used)
    assert len(split.X_train) == used - len(split.X_test)
    assert split.X_train.dtype == split.X_test.dtype == np.float64
    # Stratified: the shares differ by less than one row; and the training rows hold anomalies.
    assert abs(split.y_train.mean() - split.y_test.mean()) < 1 / len(split.y_test)
    assert split.y_train.sum() > 0
    assert (split.X_train.min(), split.X_train.max()) == (0.0, pytest.approx(1.0))


def test_isolation_forest_reaches_the_published_figures(real):
    """Mean of ADBench's three seeds; published: cardio 93.3, satellite 69.5 (forests differ a little by version)."""
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    for name, published in {"cardio": 93.3, "satellite": 69.5}.items():
        found = []
        for seed in (1, 2, 3):
            split = load_adbench(name, seed)
            scores = -IsolationForest(random_state=seed).fit(split.X_train).score_samples(split.X_test)
            found.append(100 * roc_auc_score(split.y_test, scores))
        assert np.mean(found) == pytest.approx(published, abs=1.0)


def test_names_with_and_without_number(small_files):
    small_files(cardio=numbered(1200), WBC=numbered(1300))
    for name in ("cardio", "1_cardio", "CARDIO", "1_cardio.npz"):
        assert load_adbench(name, protocol=False).name == "1_cardio"
    assert len(load_adbench("wbc", protocol=False).X) == 1300


def test_what_is_returned_says_what_it_is(small_files):
    small_files(toy=numbered(400))
    table, split = load_adbench("toy", protocol=False), load_adbench("toy", 1)
    assert isinstance(table, AdbenchTable)
    assert isinstance(split, AdbenchSplit)
    np.testing.assert_array_equal(table.X, numbered(400)[0])
    assert repr(table) == "ADBench 1_toy: 400 rows, 40 of them anomalies.\n  400 rows of 3 features, " + (
        "40 of them anomalies (10.0%)"
    )
    assert split.source == (
        "ADBench 1_toy: 400 rows, 40 of them anomalies; 1,000 rows drawn with replacement, split 70/30, scaled to 0..1 "
        "by the training rows."
    )
    assert "training     700 rows of 3 features" in repr(split)
    assert split.n_features == 3
    large = AdbenchTable(*numbered(20_000), "1_toy", "Toy.").split(1)
    assert large.source.startswith("Toy; 10,000 rows drawn, split 70/30")


def test_same_seed_same_split_and_nothing_global_moves(small_files):
    small_files(toy=numbered(1500))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, again, two = load_adbench("toy", 1), load_adbench("toy", 1), load_adbench("toy", 2)
    np.testing.assert_array_equal(one.X_train, again.X_train)
    assert not np.array_equal(one.X_train, two.X_train)
    assert not np.array_equal(load_adbench("toy").X_train, load_adbench("toy").X_train)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_bad_arguments_are_one_sentence(small_files, refuses):
    small_files(cardio=numbered(1200), WBC=numbered(1200))
    with refuses("There is no ADBench table called 'heart' here: choose from cardio, WBC."):
        load_adbench("heart")
    for seed in (-1, 2**32, True, 1.5, "1"):
        with refuses(f"random_state must be None or a whole number from 0 to 2**32 - 1, but is {seed!r}."):
            load_adbench("cardio", seed)


def test_missing_and_damaged_files(small_files, refuses):
    folder = small_files(cardio=numbered(1200))
    path = folder / "1_cardio.npz"
    path.write_bytes(bytes(path.stat().st_size))
    with refuses("is damaged (", DownloadError):
        load_adbench("cardio")
    path.unlink()
    with refuses("ADBench/1_cardio.npz could not be had: it is not in the cache", DownloadError):
        load_adbench("cardio", offline=True)


def test_only_the_wanted_table_is_downloaded(small_files, server, make_answer, monkeypatch):
    folder = small_files(cardio=numbered(1200), WBC=numbered(1300))
    for path in folder.iterdir():
        server.serve(path.name, make_answer(path.read_bytes()))
        path.unlink()
    monkeypatch.setitem(REGISTRY, "ADBench", replace(REGISTRY["ADBench"], mirrors=(server.address,)))
    assert len(load_adbench("WBC", protocol=False).y) == 1300
    assert server.requests == ["/2_WBC.npz"]
