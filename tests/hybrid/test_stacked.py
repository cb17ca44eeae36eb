"""Stacking on few labels: scikit-learn's logistic regression, labels that count and labels that do not."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from course_lib.core.metrics import auroc
from course_lib.core.thresholds import BestF1
from course_lib.hybrid import Combination, ScoreNormaliser, StackedCombination
from course_lib.ml import KNN, PCA, IsolationForest
from course_lib.statistics import ModifiedZScore, ZScore

DRAW = np.random.default_rng(0)
X = np.vstack([DRAW.normal(size=(280, 4)), DRAW.normal(scale=3, size=(20, 4))])
Y = np.repeat([0, 1], [280, 20])
FEW = np.where(np.isin(np.arange(300), [0, 1, 2, 3, 4, 5, 281, 283, 285, 299]), Y, -1)
MEMBERS = [("z", ZScore()), ("knn", KNN()), ("pca", PCA(0.5)), ("forest", IsolationForest(30, random_state=0))]


def normalised(rows):
    fitted = [detector.fit(X) for detector in (ZScore(), KNN(), PCA(0.5), IsolationForest(30, random_state=0))]
    return np.column_stack(
        [ScoreNormaliser("z").fit(d.decision_scores_).transform(d.decision_function(rows)) for d in fitted]
    )


@pytest.mark.parametrize("strength", [0.1, 1.0, 20.0])
def test_weights_are_scikit_learns(strength):
    stacked = StackedCombination(MEMBERS, strength=strength, non_negative=False).fit(X, FEW)
    reference = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=10_000)
    reference.fit(normalised(X[FEW >= 0]), FEW[FEW >= 0])
    np.testing.assert_allclose(stacked.weights_, reference.coef_[0], atol=2e-4)
    assert stacked.intercept_ == pytest.approx(reference.intercept_[0], abs=2e-4)
    new = DRAW.normal(size=(50, 4)) * 2
    np.testing.assert_allclose(stacked.decision_function(new), reference.decision_function(normalised(new)), atol=5e-3)


def test_weights_below_zero_are_refused_unless_wanted():
    upside_down = [*MEMBERS, ("inside out", Inverted())]
    free = StackedCombination(upside_down, non_negative=False).fit(X, FEW)
    bound = StackedCombination(upside_down).fit(X, FEW)
    assert free.weights_[-1] < -0.05
    assert bound.weights_.min() == 0 == bound.weights_[-1]
    # With the bound weight at 0 the others solve the smaller problem.
    np.testing.assert_allclose(bound.weights_[:-1], StackedCombination(MEMBERS).fit(X, FEW).weights_, atol=1e-3)


def test_the_intercept_may_be_negative_where_weights_may_not():
    free = StackedCombination([("z", ZScore())], non_negative=False).fit(X, FEW)
    bound = StackedCombination([("z", ZScore())]).fit(X, FEW)
    assert free.weights_[0] > 0 > free.intercept_
    np.testing.assert_allclose([*bound.weights_, bound.intercept_], [*free.weights_, free.intercept_], atol=1e-6)


class Inverted(ModifiedZScore):
    """High for ordinary rows."""

    def _score(self, X):
        return -super()._score(X)


def test_few_labels_beat_the_average_that_two_inverted_parts_spoil():
    members = [("forest", IsolationForest(50, random_state=0)), ("a", Inverted()), ("b", Inverted())]
    stacked, average = StackedCombination(members).fit(X, FEW), Combination(members, "z").fit(X)
    unseen = FEW < 0
    assert auroc(Y[unseen], stacked.decision_scores_[unseen]) > 0.95
    assert auroc(Y[unseen], average.decision_scores_[unseen]) < 0.2


def test_only_labelled_rows_teach_and_all_rows_train_the_detectors():
    known = FEW >= 0
    flipped = StackedCombination(MEMBERS).fit(X, np.where(known, 1 - FEW, -1))
    stacked = StackedCombination(MEMBERS).fit(X, FEW)
    assert stacked.weights_.max() > 0.3
    assert flipped.weights_.max() == 0  # labels that contradict every detector leave nothing to weigh
    assert all(len(d.decision_scores_) == 300 for d in stacked.detectors_.values())
    assert len(stacked.decision_scores_) == 300
    strong = StackedCombination(MEMBERS, strength=1e4).fit(X, FEW)
    assert strong.weights_.max() < 0.01


def test_a_threshold_that_learns_from_labels_sees_the_labelled_rows():
    stacked = StackedCombination(MEMBERS, threshold=BestF1()).fit(X, FEW)
    known = FEW >= 0
    assert (stacked.labels_[known] == FEW[known]).all()
    assert 4 <= stacked.labels_.sum() < 100


def test_what_is_refused(refuses):
    with refuses("StackedCombination requires y to be passed, but the target y is None"):
        StackedCombination(MEMBERS).fit(X)
    with refuses("labels 1 (anomaly), 0 (normal) or -1 (none)"):
        StackedCombination(MEMBERS).fit(X, Y + 1)
    with refuses("y needs shape (300,)"):
        StackedCombination(MEMBERS).fit(X, Y[:-1])
    with refuses("y holds 0 anomalies and 280 normal rows"):
        StackedCombination(MEMBERS).fit(X, np.where(Y == 1, -1, 0))
    with refuses("strength must be a number above 0"):
        StackedCombination(MEMBERS, strength=0).fit(X, Y)
