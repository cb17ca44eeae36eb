"""z-score, modified z-score and fences: closed forms, what hides and what does not, columns without spread."""

import numpy as np
import pytest
from scipy import stats

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.core.thresholds import Percentile
from course_lib.statistics import IQRFence, ModifiedZScore, ZScore
from course_lib.statistics.z_score import largest_z

SIX = np.array([[10], [12], [12.5], [13], [14], [100]])
DETECTORS = [ZScore(), ZScore(ddof=1), ModifiedZScore(), IQRFence()]
IDS = [repr(detector) for detector in DETECTORS]
RANDOM = np.random.default_rng(0).normal(5, 3, size=(200, 4))


def test_the_six_values_of_the_lesson():
    population, sample = ZScore().fit(SIX).decision_scores_, ZScore(ddof=1).fit(SIX).decision_scores_
    np.testing.assert_allclose(population, np.abs(stats.zscore(SIX, axis=0))[:, 0])
    np.testing.assert_allclose(sample, np.abs(stats.zscore(SIX, axis=0, ddof=1))[:, 0])
    assert (population > 2).tolist() == (sample > 2).tolist() == [False] * 5 + [True]
    assert population.max() < largest_z(6) < 3
    assert sample.max() < largest_z(6, ddof=1) < 3
    # By hand: median 12.75, distances 2.75 0.75 0.25 0.25 1.25 87.25, so MAD = 1.
    modified = ModifiedZScore().fit(SIX).decision_scores_
    np.testing.assert_allclose(modified, 0.6745 * np.array([2.75, 0.75, 0.25, 0.25, 1.25, 87.25]), rtol=1e-4)
    assert (IQRFence().fit(SIX).decision_scores_ > 1.5).tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("n", [2, 3, 6, 11, 100])
def test_no_value_exceeds_the_bound_and_one_outlier_reaches_it(n, ddof):
    bound = largest_z(n, ddof)
    assert bound == pytest.approx({0: np.sqrt(n - 1), 1: (n - 1) / np.sqrt(n)}[ddof])
    one_off = np.zeros((n, 1))
    one_off[0] = 7
    assert ZScore(ddof).fit(one_off).decision_scores_[0] == pytest.approx(bound)
    wild = np.random.default_rng(n).standard_cauchy((n, 20))
    for column in wild.T:
        assert ZScore(ddof).fit(column[:, None]).decision_scores_.max() <= bound * (1 + 1e-12)


def test_parity_with_scipy_in_every_column_and_the_largest_counts():
    np.testing.assert_allclose(ZScore().fit(RANDOM).decision_scores_, np.abs(stats.zscore(RANDOM)).max(axis=1))
    mad = stats.median_abs_deviation(RANDOM, scale="normal")
    expected = (np.abs(RANDOM - np.median(RANDOM, axis=0)) / mad).max(axis=1)
    np.testing.assert_allclose(ModifiedZScore().fit(RANDOM).decision_scores_, expected, rtol=1e-6)
    low, high = np.percentile(RANDOM, [25, 75], axis=0)
    beyond = np.maximum(low - RANDOM, RANDOM - high) / stats.iqr(RANDOM, axis=0)
    np.testing.assert_allclose(IQRFence().fit(RANDOM).decision_scores_, beyond.max(axis=1))


def test_new_rows_are_measured_with_the_training_rows_numbers():
    new = [[5.0, 5.0, 5.0, 50.0]]
    assert ZScore().fit(RANDOM).decision_function(new)[0] == pytest.approx(
        (50 - RANDOM[:, 3].mean()) / RANDOM[:, 3].std()
    )


def test_a_cluster_of_outliers_hides_from_the_z_score_and_not_from_the_others():
    normal = np.random.default_rng(1).normal(0, 1, 80)
    X = np.r_[normal, np.full(20, 30.0)][:, None]
    assert ZScore().fit(X).decision_scores_[80:].max() < 3
    assert ModifiedZScore().fit(X).decision_scores_[80:].min() > 10
    assert IQRFence().fit(X).decision_scores_[80:].min() > 3


def test_scores_of_bell_shaped_data_agree():
    X = np.random.default_rng(2).normal(size=(20_000, 1))
    z, modified = (detector.fit(X).decision_scores_ for detector in (ZScore(), ModifiedZScore()))
    assert np.median(modified / z) == pytest.approx(1, abs=0.03)
    # The inner fences lie 2.7 deviations from the middle: 0.7% of bell-shaped data are outside.
    assert (IQRFence().fit(X).decision_scores_ > 1.5).mean() == pytest.approx(0.007, abs=0.002)


def test_scores_do_not_depend_on_unit_or_origin():
    for detector in DETECTORS:
        scores = detector.fit(RANDOM).decision_scores_
        np.testing.assert_allclose(detector.fit(RANDOM * -1000 + 1e6).decision_scores_, scores, rtol=1e-6, atol=1e-9)


def test_mad_of_zero_falls_back_to_the_mean_absolute_deviation():
    column = np.r_[np.zeros(15), [1, -1, 2, -2, 10]]  # median 0, MAD 0, mean distance 0.8
    scores = ModifiedZScore().fit(column[:, None]).decision_scores_
    np.testing.assert_allclose(scores, np.abs(column) / (1.253314 * 0.8), rtol=1e-6)


def test_equal_quartiles_fall_back_to_the_robust_deviation():
    column = np.r_[np.zeros(15), [1, -1, 2, -2, 10]]
    scores = IQRFence().fit(column[:, None]).decision_scores_
    np.testing.assert_allclose(scores, np.abs(column) / (1.34898 * 1.253314 * 0.8), rtol=1e-6)


@pytest.mark.parametrize(
    ("detector", "unit"), [(ZScore(), 1), (ZScore(1), 1), (ModifiedZScore(), 1), (IQRFence(), 1.35)]
)
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1])
def test_a_constant_column_counts_in_its_own_unit(detector, unit, constant):
    fitted = detector.fit(np.full((30, 1), constant))
    np.testing.assert_allclose(fitted.decision_scores_, 0, atol=1e-6)
    assert fitted.decision_function([[constant + 2]])[0] == pytest.approx(2 / unit, rel=1e-3)


DEGENERATE = {
    "constant column": np.c_[RANDOM, np.ones(200)],
    "mostly zero": np.c_[RANDOM, np.r_[np.zeros(199), 5]],
    "duplicate rows": np.repeat(RANDOM[:4], 10, axis=0),
    "two rows": RANDOM[:2],
    "tiny": RANDOM * 1e-150,
    "large": RANDOM * 1e100,
    "float32 on an offset": (RANDOM + 1e6).astype(np.float32),
    "all but constant": 1e9 + RANDOM * 1e-9,
}


@pytest.mark.parametrize("X", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_degenerate_data_give_finite_scores(detector, X):
    fitted = detector.fit(X)
    for rows in (X, X[:1], X + 1, X * 2):
        assert np.isfinite(fitted.decision_function(rows)).all()
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_save_and_load(detector, tmp_path):
    fitted = detector.set_params(threshold=Percentile(80)).fit(RANDOM)
    fitted.save(tmp_path / "detector.safetensors")
    loaded = load(tmp_path / "detector.safetensors")
    assert type(loaded) is type(detector)
    assert loaded.get_params(deep=False).keys() == detector.get_params(deep=False).keys()
    np.testing.assert_array_equal(loaded.decision_function(RANDOM + 1), fitted.decision_function(RANDOM + 1))
    assert loaded.threshold_ == fitted.threshold_


@pytest.mark.parametrize("ddof", [-1, 200, 0.5, True, None])
def test_bad_degrees_of_freedom(ddof, refuses):
    with refuses("ddof must be a whole number from 0 to 199 for 200 values"):
        ZScore(ddof).fit(RANDOM)


def test_the_bound_needs_two_values(refuses):
    with refuses("n must be at least 2"):
        largest_z(1)


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_quality_floor_on_real_data(detector, adbench):
    X, y = adbench("4_breastw")
    assert auroc(y, detector.fit(X[y == 0]).decision_function(X)) > 0.95
