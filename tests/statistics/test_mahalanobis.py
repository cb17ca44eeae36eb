"""Mahalanobis distance: scikit-learn's on data of full rank, finite on all other."""

import numpy as np
import pytest
from scipy import stats
from sklearn.covariance import EmpiricalCovariance, MinCovDet

from course_lib.core.metrics import auroc
from course_lib.statistics import Mahalanobis

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(300, 5)) @ DRAW.normal(size=(5, 5)) + 10
NEW = DRAW.normal(size=(60, 5)) * 3 + 10
ROBUST = Mahalanobis(robust=True, random_state=3)


def test_parity_with_scikit_learn():
    fitted = Mahalanobis().fit(X)
    np.testing.assert_allclose(fitted.decision_function(NEW), EmpiricalCovariance().fit(X).mahalanobis(NEW), rtol=1e-9)
    robust = MinCovDet(random_state=3).fit(X)
    np.testing.assert_allclose(ROBUST.fit(X).decision_function(NEW), robust.mahalanobis(NEW), rtol=1e-8)


def test_the_scale_and_place_of_the_columns_do_not_matter():
    stretch, shift = np.array([1e-6, 1, 1e3, 1e6, 1]), np.array([0, 1e5, 0, 0, -7])
    moved = Mahalanobis().fit(X * stretch + shift)
    np.testing.assert_allclose(
        moved.decision_function(NEW * stretch + shift), Mahalanobis().fit(X).decision_function(NEW), rtol=1e-5
    )


def test_on_bell_shaped_data_the_score_follows_chi_square():
    rows = np.random.default_rng(1).normal(size=(4000, 6)) @ np.random.default_rng(2).normal(size=(6, 6))
    scores = Mahalanobis().fit(rows).decision_scores_
    assert stats.kstest(scores, stats.chi2(6).cdf).pvalue > 0.01
    assert scores.mean() == pytest.approx(6, rel=1e-9)  # d(n - 1)/n with the unbiased covariance, d with this one


@pytest.mark.parametrize("detector", [Mahalanobis(), ROBUST], ids=["all rows", "robust"])
def test_columns_that_say_nothing_new_change_nothing(detector):
    copies = np.column_stack([X, X[:, 0] * 2, X[:, 1] + X[:, 2], np.full(300, 7.0)])
    new = np.column_stack([NEW, NEW[:, 0] * 2, NEW[:, 1] + NEW[:, 2], np.full(60, 7.0)])
    scores = detector.fit(copies).decision_function(new)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores, detector.fit(X).decision_function(NEW), rtol=0.02)


@pytest.mark.parametrize("rows", [np.ones((30, 2)), DRAW.normal(size=(5, 40)), np.arange(30.0)[:, None]], ids=len)
def test_degenerate_rows_give_finite_scores(rows):
    for detector in (Mahalanobis(), ROBUST):
        assert np.isfinite(detector.fit(rows).decision_function(rows * 3 - 1)).all()


def test_rows_that_mostly_coincide(refuses):
    rows = np.vstack([np.zeros((40, 2)), DRAW.normal(size=(10, 2))])
    assert np.isfinite(Mahalanobis().fit(rows).decision_scores_).all()
    try:
        assert np.isfinite(ROBUST.fit(rows).decision_scores_).all()
    except ValueError:
        with refuses("use robust=False"):
            ROBUST.fit(rows)


def test_the_robust_one_is_not_stretched_by_a_crowd_of_anomalies():
    rows = np.random.default_rng(4).normal(size=(300, 3))
    rows[:45] = rows[:45] * 0.5 + [5, 5, 0]
    y = np.arange(300) < 45
    assert auroc(y, ROBUST.fit(rows).decision_scores_) > 0.999
    assert auroc(y, Mahalanobis().fit(rows).decision_scores_) < 0.97


def test_a_real_table(adbench):
    rows, y = adbench("38_thyroid")
    assert auroc(y, ROBUST.fit(rows).decision_scores_) > 0.97
    assert 0.9 < auroc(y, Mahalanobis().fit(rows).decision_scores_) < 0.97
