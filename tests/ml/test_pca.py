"""PCA against scikit-learn's, and on the data that make other implementations infinite."""

import numpy as np
import pytest
from sklearn.decomposition import PCA as ReferencePCA

from course_lib.core.metrics import auroc
from course_lib.ml import PCA

RANDOM = np.random.default_rng(0).normal(size=(80, 6)) * [9, 5, 3, 2, 1, 0.1] + 50


def reference(X, new, count):
    theirs = ReferencePCA(count, svd_solver="full").fit(X)
    return theirs, ((new - theirs.inverse_transform(theirs.transform(new))) ** 2).sum(axis=1)


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_parity_with_scikit_learn(count):
    new = np.random.default_rng(1).normal(50, 10, size=(40, 6))
    mine = PCA(count).fit(RANDOM)
    theirs, scores = reference(RANDOM, new, count)
    np.testing.assert_allclose(mine.decision_function(new), scores, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(mine.reconstruct(new), theirs.inverse_transform(theirs.transform(new)), rtol=1e-6)
    np.testing.assert_allclose(mine.mean_, theirs.mean_)
    np.testing.assert_allclose(mine.explained_variance_ratio_, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(np.abs((mine.components_ * theirs.components_).sum(axis=1)), 1)


@pytest.mark.parametrize("name", ["6_cardio", "28_pendigits", "38_thyroid", "42_WBC"])
def test_parity_and_finite_scores_on_real_data(adbench, name):
    X, _ = adbench(name)
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(len(X))
        train, new = X[rows[: len(X) // 2]], X[rows[len(X) // 2 :]]
        for count in (1, min(5, X.shape[1] - 1)):
            mine = PCA(count).fit(train)
            np.testing.assert_allclose(
                mine.decision_function(new), reference(train, new, count)[1], rtol=1e-6, atol=1e-12
            )


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_mahalanobis_parity_with_scikit_learns_whitening(count):
    new = np.random.default_rng(1).normal(50, 10, size=(40, 6))
    theirs = ReferencePCA(count, whiten=True, svd_solver="full").fit(RANDOM)
    mine = PCA(count, "mahalanobis").fit(RANDOM)
    np.testing.assert_allclose(mine.decision_function(new), (theirs.transform(new) ** 2).sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(mine.deviations_**2, theirs.explained_variance_, rtol=1e-9)


def test_with_all_components_it_is_the_mahalanobis_distance():
    gap = RANDOM - RANDOM.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", gap, np.linalg.inv(np.cov(RANDOM.T)), gap)
    np.testing.assert_allclose(PCA(6, "mahalanobis").fit(RANDOM).decision_scores_, expected, rtol=1e-9)
    assert len(PCA(0.9999999999, "mahalanobis").fit(RANDOM).components_) == 6, "here a share may take all directions"


def test_cardio_in_both_forms(adbench):
    """What two components leave over, and the first five measured in their own deviations."""
    X, y = adbench("6_cardio")
    assert auroc(y, PCA(2).fit(X).decision_scores_) == pytest.approx(0.890, abs=0.002)
    assert auroc(y, PCA(5, "mahalanobis").fit(X).decision_scores_) == pytest.approx(0.933, abs=0.002)


@pytest.mark.parametrize("method", ["reconstruction", "mahalanobis"])
def test_a_constant_column_or_a_copy_of_one_adds_nothing(method):
    plain = PCA(3, method).fit(RANDOM).decision_scores_
    np.testing.assert_allclose(PCA(3, method).fit(np.c_[RANDOM, np.ones(80)]).decision_scores_, plain, rtol=1e-9)
    full = PCA(6, "mahalanobis").fit(RANDOM).decision_scores_
    doubled = PCA(12, "mahalanobis").fit(np.c_[RANDOM, RANDOM])
    assert doubled.components_.shape == (6, 12)
    np.testing.assert_allclose(doubled.decision_scores_, full, rtol=1e-6)


@pytest.mark.parametrize("method", ["reconstruction", "mahalanobis"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("wanted", [0.5, 0.9, 0.99, 0.999999, 20, 21])
def test_cardio_has_rank_20_and_finite_scores(adbench, wanted, seed, method):
    X, _ = adbench("6_cardio")
    assert X.shape[1] == 21
    assert np.linalg.matrix_rank(X - X.mean(axis=0)) == 20
    rows = np.random.default_rng(seed).permutation(len(X))
    fitted = PCA(wanted, method).fit(X[rows[:900]])
    scores = fitted.decision_function(X[rows[900:]])
    assert method == "reconstruction" or len(fitted.components_) <= 20
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    assert scores.max() < 1e4, "nothing is divided by a variance of zero"


def test_quality_floor_on_real_data(adbench):
    X, y = adbench("6_cardio")
    fitted = PCA(0.5).fit(X[y == 0][:800])
    assert auroc(y, fitted.decision_function(X)) > 0.9


def test_share_reaches_its_variance_with_the_fewest_components():
    full = ReferencePCA().fit(RANDOM).explained_variance_ratio_.cumsum()
    for share in (0.1, 0.7, 0.9, 0.95, 0.99):
        count = len(PCA(share).fit(RANDOM).components_)
        assert full[count - 1] >= share
        assert count == 1 or full[count - 2] < share


def test_a_share_always_leaves_a_direction_out():
    fitted = PCA(0.9999999999).fit(RANDOM)
    assert len(fitted.components_) == 5
    assert fitted.decision_scores_.max() > 1e-3


def test_rows_on_the_plane_score_zero_and_off_it_their_squared_distance():
    rng = np.random.default_rng(0)
    plane = np.c_[rng.normal(size=(50, 2)), np.zeros(50)]
    fitted = PCA(2).fit(plane)
    np.testing.assert_allclose(fitted.decision_scores_, 0, atol=1e-20)
    np.testing.assert_allclose(fitted.decision_function([[1.0, 2.0, 3.0], [0, 0, -0.5]]), [9, 0.25])


def test_small_errors_on_a_large_offset_keep_their_digits():
    line = np.c_[np.linspace(-1, 1, 50), np.zeros(50)] + 1e6
    beside = line + np.array([0, 1e-3])
    np.testing.assert_allclose(PCA(1).fit(line).decision_function(beside), 1e-6, rtol=1e-5)


DEGENERATE = {
    "constant": np.full((20, 3), 0.1),
    "constant column": np.c_[RANDOM, np.ones(80)],
    "duplicate rows": np.repeat(RANDOM[:4], 10, axis=0),
    "duplicate columns": np.c_[RANDOM, RANDOM],
    "single feature": RANDOM[:, :1],
    "two rows": RANDOM[:2],
    "more features than rows": np.random.default_rng(0).normal(size=(5, 30)),
    "tiny": RANDOM * 1e-150,
    "large": RANDOM * 1e100,
}


@pytest.mark.parametrize("X", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("wanted", [1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("method", ["reconstruction", "mahalanobis"])
def test_degenerate_data_give_finite_scores(X, wanted, method):
    fitted = PCA(wanted, method).fit(X)
    for rows in (X, X[:1], X + 1, X * 2):
        assert np.isfinite(fitted.decision_function(rows)).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


def test_a_single_feature_is_the_squared_distance_to_the_mean():
    X = np.arange(5.0).reshape(-1, 1)
    np.testing.assert_allclose(PCA(0.9).fit(X).decision_function(X), (X[:, 0] - 2) ** 2)


@pytest.mark.parametrize("method", ["reconstruction", "mahalanobis"])
def test_save_and_load(tmp_path, method):
    for X in (RANDOM, np.ones((5, 6))):
        fitted = PCA(2, method).fit(X)
        fitted.save(tmp_path / "pca.safetensors")
        again = PCA.load(tmp_path / "pca.safetensors")
        np.testing.assert_array_equal(again.decision_function(RANDOM), fitted.decision_function(RANDOM))


@pytest.mark.parametrize("method", ["Mahalanobis", None, 2])
def test_method(method, refuses):
    with refuses("method must be 'reconstruction' or 'mahalanobis'"):
        PCA(2, method).fit(RANDOM)


@pytest.mark.parametrize("wanted", [0, 7, -1, np.int64(9)])
def test_number_of_components_out_of_range(wanted, refuses):
    with refuses("n_components must lie between 1 and min(rows, features) = 6"):
        PCA(wanted).fit(RANDOM)


@pytest.mark.parametrize("wanted", [0.0, 1.0, 1.5, -0.1, "mle", None, True, np.nan])
def test_neither_number_nor_share(wanted, refuses):
    with refuses("n_components must be a whole number or a share between 0 and 1"):
        PCA(wanted).fit(RANDOM)
