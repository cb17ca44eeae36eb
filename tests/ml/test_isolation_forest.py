"""Both isolation forests: parity with scikit-learn's, seeds, degenerate data, refusals, files, quality floors."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.ensemble import IsolationForest as Reference

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.ml import ExtendedIsolationForest, IsolationForest, isolation_forest

RANDOM = np.random.default_rng(0).normal(size=(400, 5)) * [9, 5, 3, 2, 1] + 50
NEW = np.random.default_rng(1).normal(size=(60, 5)) * 20 + 50
BOTH = [IsolationForest, ExtendedIsolationForest]


def take_over(theirs, X):
    """Our forest with the trees of a fitted scikit-learn forest (unscaled)."""
    depth = max(1, *(tree.tree_.max_depth for tree in theirs.estimators_))
    ours = IsolationForest(len(theirs.estimators_), theirs.max_samples_, device="cpu", random_state=0).fit(X)
    ours.shift_, ours.scale_ = np.zeros(X.shape[1]), np.ones(X.shape[1])
    ours.column_ = np.zeros((len(theirs.estimators_), 2**depth), dtype=np.int64)
    ours.cut_ = np.full(ours.column_.shape, np.inf, dtype=np.float32)
    ours.path_length_ = np.zeros(ours.column_.shape, dtype=np.float32)
    for number, estimator in enumerate(theirs.estimators_):
        tree = estimator.tree_
        stack = [(0, 1, 0, 0)]
        while stack:
            node, slot, level, steps = stack.pop()
            leaf = tree.children_left[node] == -1
            if level == depth:
                n = tree.n_node_samples[node]
                ours.path_length_[number, slot - 2**depth] = steps + isolation_forest.average_path_length(n)
            elif leaf:
                stack.append((node, 2 * slot, level + 1, steps))
            else:
                ours.column_[number, slot] = tree.feature[node]
                # Theirs compares float32 values with float64 cuts: the float32 just below or at the cut does the same.
                cut = np.float32(tree.threshold[node])
                below = np.nextafter(cut, np.float32(-np.inf))
                ours.cut_[number, slot] = cut if cut <= tree.threshold[node] else below
                stack.append((tree.children_left[node], 2 * slot, level + 1, steps + 1))
                stack.append((tree.children_right[node], 2 * slot + 1, level + 1, steps + 1))
    return ours


@pytest.mark.parametrize("rows", [400, 100])
def test_the_scores_of_scikit_learns_own_trees_are_scikit_learns(rows):
    X = RANDOM[:rows].astype(np.float32)
    theirs = Reference(random_state=0).fit(X)
    for new in (X, NEW.astype(np.float32)):
        np.testing.assert_allclose(take_over(theirs, X).decision_function(new), -theirs.score_samples(new), atol=1e-6)


@pytest.mark.parametrize("name", ["42_WBC", "4_breastw", "18_Ionosphere"])
def test_on_average_over_seeds_as_good_as_scikit_learns(adbench, name):
    """A forest of 100 trees differs from the next by 0.01 or more: many trees stand for many seeds."""
    X, y = adbench(name)
    ours = auroc(y, IsolationForest(1500, device="cpu", random_state=0).fit(X).decision_scores_)
    theirs = auroc(y, -Reference(n_estimators=1500, random_state=0).fit(X).score_samples(X))
    assert ours == pytest.approx(theirs, abs=0.006)


@pytest.mark.parametrize(
    ("name", "plain", "extended"),
    [("4_breastw", 0.97, 0.97), ("6_cardio", 0.88, 0.88), ("28_pendigits", 0.91, 0.9), ("40_vowels", 0.68, 0.7)],
)
def test_quality_floors_on_real_data(adbench, name, plain, extended):
    X, y = adbench(name)
    for kind, floor in zip(BOTH, (plain, extended), strict=True):
        assert auroc(y, kind(device="cpu", random_state=0).fit(X).decision_scores_) > floor, kind.__name__


@pytest.mark.parametrize("kind", BOTH)
def test_outliers_score_above_half_and_the_middle_below(kind):
    fitted = kind(random_state=0).fit(RANDOM)
    far, middle = fitted.decision_function([RANDOM.mean(axis=0) + 1000, np.median(RANDOM, axis=0)])
    assert far > 0.6
    assert middle < 0.5
    assert ((fitted.decision_scores_ > 0) & (fitted.decision_scores_ < 1)).all()


@pytest.mark.parametrize("kind", BOTH)
def test_seeds(kind):
    first, again, other = (kind(random_state=seed).fit(RANDOM).decision_scores_ for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3
    fresh = [kind().fit(RANDOM).decision_scores_ for _ in range(2)]
    assert np.abs(fresh[0] - fresh[1]).max() > 1e-3


@pytest.mark.parametrize("kind", BOTH)
def test_global_random_states_are_left_alone(kind):
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    kind(random_state=1).fit(RANDOM)
    np.testing.assert_array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(before[1], torch.get_rng_state())


@pytest.mark.parametrize("kind", BOTH)
def test_shift_and_scale_of_a_column_change_nothing(kind):
    moved = RANDOM * [1e-3, 1, 1e6, 1, 1e-100] + [0, 1e9, 0, -50, 0]
    scores = kind(random_state=0, device="cpu").fit(RANDOM).decision_scores_
    np.testing.assert_allclose(kind(random_state=0, device="cpu").fit(moved).decision_scores_, scores, atol=2e-3)
    assert np.abs(scores - scores.mean()).max() > 0.1


@pytest.mark.parametrize("kind", BOTH)
def test_a_row_beyond_all_floats_goes_the_way_of_one_that_is_merely_far_out(kind):
    rows = np.random.default_rng(0).random((200, 3))
    rows[:2] = [[0.0], [1.0]]  # all columns have the range 0 to 1
    forest = kind(random_state=0, device="cpu").fit(rows)
    direction = np.array([[1.0, 1.0, -1.0]])
    np.testing.assert_array_equal(forest.path_lengths(1e300 * direction), forest.path_lengths(1e25 * direction))


@pytest.mark.parametrize("kind", BOTH)
def test_blocks_do_not_change_the_scores(monkeypatch, kind):
    fitted = kind(random_state=0, device="cpu").fit(RANDOM)
    whole, paths = fitted.decision_function(NEW), fitted.path_lengths(NEW)
    assert paths.shape == (60, 100)
    monkeypatch.setitem(isolation_forest.BLOCK_BYTES, "cpu", 8 * 100 * 7)
    sizes = []
    inner = kind._values
    monkeypatch.setattr(kind, "_values", lambda self, rows: sizes.append(len(rows)) or inner(self, rows))
    np.testing.assert_allclose(fitted.decision_function(NEW), whole, rtol=1e-6)
    np.testing.assert_array_equal(fitted.path_lengths(NEW), paths)
    assert sizes == [7] * 8 + [4] + [7] * 8 + [4]


@pytest.mark.parametrize("kind", BOTH)
def test_trees_grown_in_groups(monkeypatch, kind):
    monkeypatch.setattr(isolation_forest, "GROW_BYTES", 4 * 256 * 5 * 30)
    fitted = kind(random_state=0, device="cpu").fit(RANDOM)
    assert fitted.cut_.shape == (100, 256)
    assert np.isfinite(fitted.cut_).any(axis=1).all()
    if kind is ExtendedIsolationForest:
        assert fitted.column_.max() == len(fitted.normals_) - 1 == np.isfinite(fitted.cut_).sum() - 1
    y = np.r_[np.zeros(400), np.ones(60)]
    assert auroc(y, fitted.decision_function(np.r_[RANDOM, NEW])) > 0.9


DEGENERATE = {
    "all rows equal": np.full((20, 3), 0.1),
    "constant column": np.c_[RANDOM, np.ones(400)],
    "duplicate rows": np.repeat(RANDOM[:4], 10, axis=0),
    "single feature": RANDOM[:, :1],
    "two rows": RANDOM[:2],
    "three rows": RANDOM[:3],
    "more features than rows": np.random.default_rng(0).normal(size=(5, 30)),
    "tiny": RANDOM * 1e-150,
    "large": RANDOM * 1e100,
    "two values": (RANDOM > 50).astype(float),
}


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("X", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_data_give_finite_scores(X, kind):
    fitted = kind(random_state=0).fit(X)
    for rows in (X, X[:1], X + 1, X * 2, X * -1e30):
        scores = fitted.decision_function(rows)
        assert np.isfinite(scores).all()
        assert ((scores > 0) & (scores < 1)).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


@pytest.mark.parametrize("kind", BOTH)
def test_rows_that_are_all_equal_score_a_half(kind):
    fitted = kind(random_state=0).fit(np.full((30, 2), 7.0))
    np.testing.assert_allclose(fitted.decision_function([[7.0, 7.0], [8.0, 0.0]]), 0.5)
    assert fitted.labels_.sum() == 0


@pytest.mark.parametrize("kind", BOTH)
def test_one_odd_row_among_copies_is_found(kind):
    X = np.zeros((300, 3))
    X[17, 1] = 1
    assert kind(random_state=0).fit(X).decision_scores_.argmax() == 17


@pytest.mark.parametrize("kind", BOTH)
def test_groups_of_trees_in_which_nothing_is_cut(monkeypatch, kind):
    monkeypatch.setattr(isolation_forest, "GROW_BYTES", 1)  # each tree a group of its own
    X = np.zeros((100, 2))
    X[3] = 1, 2
    fitted = kind(40, 16, random_state=0, device="cpu").fit(X)
    cuts = np.isfinite(fitted.cut_).any(axis=1)
    assert cuts.any()
    assert not cuts.all()
    assert fitted.decision_scores_.argmax() == 3


@pytest.mark.parametrize("kind", BOTH)
def test_fewer_rows_than_max_samples(kind):
    fitted = kind(random_state=0).fit(RANDOM[:40])
    assert fitted.max_samples_ == 40
    assert fitted.cut_.shape == (100, 64)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("options", "fragment"),
    [({"n_estimators": bad}, "n_estimators must be a whole number of at least 1") for bad in (0, 1.5, "9", True)]
    + [({"max_samples": bad}, "max_samples must be a whole number of at least 2") for bad in (1, 0.5, "auto", None)]
    + [({"random_state": -1}, "random_state must be"), ({"device": "gpu"}, "device must be")],
)
def test_parameters(kind, options, fragment, refuses):
    with refuses(fragment):
        kind(**options).fit(RANDOM)


@pytest.mark.parametrize("level", [-1, 5, 1.0, True, "2"])
def test_extension_level(level, refuses):
    with refuses("extension_level must be None or a whole number from 0 to the number of features - 1 = 4"):
        ExtendedIsolationForest(extension_level=level).fit(RANDOM)


@pytest.mark.parametrize("level", [0, 1, 2, 4, None])
def test_hyperplanes_lean_on_as_many_columns_as_asked(level):
    X = np.c_[RANDOM, np.ones(400)]  # a constant sixth column, which none may lean on
    fitted = ExtendedIsolationForest(20, extension_level=level, random_state=0, device="cpu").fit(X)
    most = 5 if level is None else level + 1
    leans = (fitted.normals_ != 0).sum(axis=1)
    assert leans.max() == most
    assert leans[np.unique(fitted.column_[:, 1])].min() == most
    assert (fitted.normals_[:, 5] == 0).all()


def test_normals_are_gaussian():
    normals = ExtendedIsolationForest(random_state=0, device="cpu").fit(RANDOM).normals_
    drawn = normals[normals != 0]  # a column that does not vary in a node stays out
    assert len(drawn) > 30_000
    assert stats.kstest(drawn, "norm").pvalue > 0.01


def test_level_zero_is_the_plain_forest():
    """Axis-parallel hyperplanes: same method, other random numbers."""
    y = np.r_[np.zeros(400), np.ones(60)]
    X = np.r_[RANDOM, NEW]
    plain = IsolationForest(1000, device="cpu", random_state=0).fit(X).decision_scores_
    flat = ExtendedIsolationForest(1000, extension_level=0, device="cpu", random_state=0).fit(X).decision_scores_
    assert np.abs(flat - plain).mean() < 0.006
    assert np.abs(flat - plain).max() < 0.04
    assert auroc(y, flat) == pytest.approx(auroc(y, plain), abs=0.005)


def test_the_extended_forest_has_no_ghosts():
    """Two clumps on a diagonal: in the empty corners the plain forest is less sure than the extended one."""
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal([0, 10], 1, (500, 2)), rng.normal([10, 0], 1, (500, 2))]
    corners = np.array([[0.0, 0.0], [10.0, 10.0]])
    around = np.array([[5.0, 17.0], [17.0, 5.0], [-6.0, -6.0], [16.0, 16.0]])
    gap = {}
    for kind in BOTH:
        fitted = kind(500, device="cpu", random_state=0).fit(X)
        gap[kind] = fitted.decision_function(around).mean() - fitted.decision_function(corners).mean()
    assert gap[IsolationForest] > gap[ExtendedIsolationForest] + 0.03


@pytest.mark.parametrize("kind", BOTH)
def test_save_and_load(tmp_path, kind):
    fitted = kind(random_state=0).fit(RANDOM)
    fitted.save(tmp_path / "forest.safetensors")
    again = load(tmp_path / "forest.safetensors")
    assert type(again) is kind
    np.testing.assert_array_equal(again.decision_function(NEW), fitted.decision_function(NEW))
    np.testing.assert_array_equal(again.predict(RANDOM), fitted.labels_)
    kind(random_state=0).fit(np.ones((5, 2))).save(tmp_path / "equal.safetensors")
    np.testing.assert_allclose(load(tmp_path / "equal.safetensors").decision_function([[1, 1], [2, 3]]), 0.5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("kind", BOTH)
def test_a_gpu_gives_the_same_forest(kind):
    here, there = (kind(random_state=0, device=device).fit(RANDOM) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(here.decision_function(NEW), there.decision_function(NEW), atol=1e-3)
