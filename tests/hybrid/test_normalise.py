"""Four scales for scores: closed forms, ties, the far ends, and nothing of the batch gets in."""

import numpy as np
import pytest
from scipy import stats

from course_lib.hybrid import ScoreNormaliser
from course_lib.ml import IsolationForest

TRAIN = np.random.default_rng(0).gamma(2, size=200)
NEW = np.random.default_rng(1).gamma(3, size=300)
METHODS = ["rank", "z", "robust_z", "probability"]


def test_ranks_of_training_scores_are_mid_ranks():
    tied = np.round(TRAIN, 1)
    expected = [stats.percentileofscore(tied, s, kind="mean") / 100 for s in tied]
    np.testing.assert_allclose(ScoreNormaliser().fit_transform(tied), expected, rtol=1e-12)


def test_ranks_between_training_scores_are_interpolated_and_beyond_them_never_tie():
    normaliser = ScoreNormaliser().fit([1.0, 2.0, 2.0, 4.0])
    np.testing.assert_allclose(normaliser.transform([1, 1.5, 2, 3, 4]), [1 / 8, 5 / 16, 1 / 2, 11 / 16, 7 / 8])
    deviation = np.std([1, 2, 2, 4])
    far = normaliser.transform([4 + deviation, 4 + 3 * deviation, 1 - deviation])
    np.testing.assert_allclose(far, [1 - 1 / 16, 1 - 1 / 32, 1 / 16])
    out = normaliser.transform(4 + np.geomspace(1e-6, 1e6, 50))
    assert (np.diff(out) > 0).all()
    assert 7 / 8 < out[0] < out[-1] < 1


def test_z_scores_are_those_of_the_training_scores():
    np.testing.assert_allclose(ScoreNormaliser("z").fit(TRAIN).transform(NEW), (NEW - TRAIN.mean()) / TRAIN.std())
    mad = stats.median_abs_deviation(TRAIN, scale="normal")
    robust = ScoreNormaliser("robust_z").fit(TRAIN).transform(NEW)
    np.testing.assert_allclose(robust, (NEW - np.median(TRAIN)) / mad, rtol=1e-5)


def test_probability_is_the_gaussian_scaling():
    ours = ScoreNormaliser("probability").fit(TRAIN).transform(NEW)
    # erf(z / sqrt 2) is the share of a bell that lies within z deviations.
    np.testing.assert_allclose(ours, np.maximum(0, 2 * stats.norm.cdf(NEW, TRAIN.mean(), TRAIN.std()) - 1), atol=1e-12)


def test_probability_is_pyods():
    iforest = pytest.importorskip("pyod.models.iforest", reason="PyOD is in the extra 'bench'")
    X = np.random.default_rng(2).normal(size=(120, 3))
    theirs = iforest.IForest(n_estimators=10, random_state=0).fit(X)
    ours = ScoreNormaliser("probability").fit(theirs.decision_scores_)
    expected = theirs.predict_proba(X[:40] * 1.5, method="unify")[:, 1]
    np.testing.assert_allclose(ours.transform(theirs.decision_function(X[:40] * 1.5)), expected, atol=1e-12)
    assert 0 < expected.mean() < 1


@pytest.mark.parametrize("method", METHODS)
def test_the_order_stays_and_a_score_does_not_depend_on_the_others(method):
    normaliser = ScoreNormaliser(method).fit(TRAIN)
    together = normaliser.transform(np.sort(NEW))
    assert (np.diff(together) >= 0).all()
    np.testing.assert_array_equal(together, [normaliser.transform([s])[0] for s in np.sort(NEW)])
    assert np.isfinite(normaliser.transform([-1e300, 1e300])).all()


@pytest.mark.parametrize(("method", "middle"), list(zip(METHODS, [0.5, 0, 0, 0], strict=True)))
def test_scores_that_are_all_the_same(method, middle):
    normaliser = ScoreNormaliser(method).fit(np.full(20, 0.1))
    assert normaliser.transform([0.1])[0] == pytest.approx(middle, abs=1e-12)
    low, high = normaliser.transform([-5, 5])
    assert low <= middle < high


def test_rounding_does_not_make_two_ranks_of_one_score():
    noisy = np.repeat([1.0, 3.0], 10) + 1e-15 * np.arange(20)
    np.testing.assert_allclose(ScoreNormaliser().fit_transform(noisy), np.repeat([0.25, 0.75], 10))
    single = np.repeat([1.0, 3.0], 10).astype(np.float32)
    single[3] = np.nextafter(single[3], 2)
    np.testing.assert_allclose(ScoreNormaliser().fit_transform(single), np.repeat([0.25, 0.75], 10), atol=1e-6)


def test_ranks_of_a_real_detector_do_not_depend_on_its_batch():
    X = np.random.default_rng(3).normal(size=(100, 3))
    forest = IsolationForest(20, random_state=0).fit(X)
    normaliser = ScoreNormaliser().fit(forest.decision_scores_)
    alone = [normaliser.transform(forest.decision_function(row[None]))[0] for row in X]
    np.testing.assert_allclose(normaliser.transform(forest.decision_function(X)), alone, atol=1e-12)


def test_what_is_refused(refuses):
    with refuses("method must be one of rank, z, robust_z, probability, but is 'ranks'"):
        ScoreNormaliser("ranks").fit(TRAIN)
    with refuses("1 of 2 are NaN"):
        ScoreNormaliser().fit([1, np.nan])
