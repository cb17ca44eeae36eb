"""k nearest neighbours against scikit-learn's, and on ties, duplicates, offsets and blocks."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from course_lib.core.metrics import auroc
from course_lib.ml import KNN, knn

METHODS = {"largest": lambda d: d[:, -1], "mean": lambda d: d.mean(axis=1), "median": lambda d: np.median(d, axis=1)}
RANDOM = np.random.default_rng(0).normal(size=(300, 7))
NEW = np.random.default_rng(1).normal(size=(150, 7)) * 2


def reference(train, k, new=None):
    """Distances by a tree, which computes each one from the differences; without `new`, no row is its own neighbour."""
    return NearestNeighbors(n_neighbors=k, algorithm="kd_tree").fit(train).kneighbors(new)[0]


@pytest.mark.parametrize("k", [1, 2, 5, 50])
@pytest.mark.parametrize("method", METHODS)
def test_parity_with_scikit_learn(method, k):
    fitted = KNN(k, method).fit(RANDOM)
    np.testing.assert_allclose(fitted.decision_scores_, METHODS[method](reference(RANDOM, k)), rtol=1e-6)
    np.testing.assert_allclose(fitted.decision_function(NEW), METHODS[method](reference(RANDOM, k, NEW)), rtol=1e-6)
    np.testing.assert_allclose(fitted.neighbor_distances(NEW), reference(RANDOM, k, NEW), rtol=1e-6)


@pytest.mark.parametrize("name", ["6_cardio", "40_vowels", "4_breastw"])
def test_parity_on_real_data(adbench, name):
    X, _ = adbench(name)
    train, new = X[::2], X[1::2]
    fitted = KNN().fit(train)
    np.testing.assert_allclose(fitted.decision_scores_, reference(train, 5)[:, -1], rtol=1e-6, atol=1e-9)
    # A new row that repeats a training row counts as that row: compare the others.
    fresh = reference(train, 1, new)[:, 0] > 0
    assert fresh.any()
    np.testing.assert_allclose(fitted.decision_function(new)[fresh], reference(train, 5, new[fresh])[:, -1], rtol=1e-6)


def test_quality_floor_on_real_data(adbench):
    X, y = adbench("40_vowels")
    assert auroc(y, KNN().fit(X).decision_scores_) > 0.95


@pytest.mark.parametrize("offset", [0, 1e3, 1e6, 1e9, -1e9])
def test_a_common_offset_changes_nothing(offset):
    train, new = RANDOM + offset, NEW + offset
    fitted = KNN().fit(train)
    np.testing.assert_allclose(fitted.decision_scores_, reference(train, 5)[:, -1], rtol=1e-6)
    np.testing.assert_allclose(fitted.decision_function(new), reference(train, 5, new)[:, -1], rtol=1e-6)


def test_groups_far_apart_are_each_measured_to_their_own():
    train = np.r_[RANDOM, RANDOM[::-1] + 1e6]
    np.testing.assert_allclose(KNN().fit(train).decision_scores_, reference(train, 5)[:, -1], rtol=1e-6)


@pytest.mark.parametrize("broken", [1e9, 1e10, 1e12, -1e15])
def test_one_broken_reading_leaves_all_other_distances_alone(broken):
    train = RANDOM.copy()
    train[0] = broken
    fitted = KNN().fit(train)
    np.testing.assert_allclose(fitted.decision_scores_, reference(train, 5)[:, -1], rtol=1e-6)
    np.testing.assert_allclose(fitted.decision_function(NEW), reference(train, 5, NEW)[:, -1], rtol=1e-6)


@pytest.mark.parametrize("gap", [3e7, 1e8, 1e9])
def test_where_the_product_cannot_order_whole_groups_the_differences_do(gap):
    train = np.r_[RANDOM, RANDOM[::-1] + gap]
    np.testing.assert_allclose(KNN().fit(train).decision_scores_, reference(train, 5)[:, -1], rtol=1e-6)


def test_a_few_rows_that_the_rounded_product_cannot_order_are_ordered_by_their_differences():
    group = np.array([[0.0], [0.1], [0.3], [0.6], [1.0]])
    train = np.r_[group - 5e7, group + 5e7]
    np.testing.assert_allclose(KNN(1).fit(train).decision_scores_, np.tile([0.1, 0.1, 0.2, 0.3, 0.4], 2), rtol=1e-6)


def test_duplicates_are_neighbours_but_a_row_is_not_its_own():
    X = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [5.0]])
    fitted = KNN(2).fit(X)
    np.testing.assert_array_equal(fitted.neighbor_distances(X), [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [4, 4]])
    np.testing.assert_array_equal(fitted.decision_scores_, [0, 0, 0, 1, 1, 4])
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


@pytest.mark.parametrize("copies", [2, 6, 12, 40])
def test_many_duplicates_against_brute_force(copies):
    X = np.repeat(RANDOM[:15] + 1e3, copies, axis=0)
    distances = np.linalg.norm(X[:, None] - X[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(KNN(5).fit(X).decision_scores_, np.sort(distances, axis=1)[:, 4], rtol=1e-9, atol=0)


def test_many_ties():
    X = np.random.default_rng(0).integers(0, 3, size=(200, 3)).astype(float)
    np.testing.assert_allclose(KNN().fit(X).decision_scores_, reference(X, 5)[:, -1], atol=1e-12)


@pytest.mark.parametrize("block", [1, 8 * 300, 8 * 300 * 7, 2**26])
def test_blocks_do_not_change_the_result(monkeypatch, block):
    whole = KNN().fit(RANDOM).decision_function(NEW)
    monkeypatch.setattr(knn, "BLOCK_BYTES", block)
    sizes = []
    inner = KNN._block
    monkeypatch.setattr(KNN, "_block", lambda self, rows, train: sizes.append(len(rows)) or inner(self, rows, train))
    np.testing.assert_allclose(KNN().fit(RANDOM).decision_function(NEW), whole, rtol=1e-12)
    assert max(sizes) <= max(1, block // (8 * 300))


def test_few_wide_rows_are_split_by_their_width(monkeypatch):
    monkeypatch.setattr(knn, "BLOCK_BYTES", 8 * 1000 * 10)
    sizes = []
    inner = KNN._block
    monkeypatch.setattr(KNN, "_block", lambda self, rows, train: sizes.append(len(rows)) or inner(self, rows, train))
    rows = np.random.default_rng(0).normal(size=(20, 1000))
    KNN().fit(rows).decision_function(np.repeat(rows, 3, axis=0))
    assert max(sizes) == 10


@pytest.mark.parametrize("X", [np.ones((10, 2)), RANDOM[:6], RANDOM[:50, :1], RANDOM[:8] * 1e100, RANDOM * 1e-100])
def test_degenerate_data_give_finite_scores(X):
    fitted = KNN().fit(X)
    assert np.isfinite(fitted.decision_function(X + 1)).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_fitting_twice_on_changed_memory():
    rows = RANDOM.copy()
    fitted = KNN().fit(rows)
    before = fitted.decision_function(NEW)
    rows[:] = 0
    np.testing.assert_array_equal(fitted.decision_function(NEW), before)


@pytest.mark.parametrize(("k", "rows"), [(5, 5), (5, 4), (300, 300), (2, 2)])
def test_more_neighbours_than_rows(k, rows, refuses):
    with refuses(f"n_neighbors={k} needs more than {k} rows, but X has {rows}"):
        KNN(k).fit(RANDOM[:rows])
    KNN(k).fit(np.random.default_rng(0).normal(size=(k + 1, 2)))


@pytest.mark.parametrize(
    ("options", "fragment"),
    [({"n_neighbors": bad}, "n_neighbors must be a whole number of at least 1") for bad in (0, -1, 2.0, "5", None)]
    + [({"method": bad}, "method must be 'largest', 'mean' or 'median'") for bad in ("max", None, 1)]
    + [({"device": "gpu"}, "device must be")],
)
def test_parameters(options, fragment, refuses):
    with refuses(fragment):
        KNN(**options).fit(RANDOM)
