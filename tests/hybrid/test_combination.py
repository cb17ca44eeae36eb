"""Parallel ensembles: rules against loops and PyOD, parameters by name, and a real table."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.utils import shuffle

from course_lib.core.metrics import auroc
from course_lib.core.thresholds import Percentile
from course_lib.data import DownloadError, load_adbench
from course_lib.hybrid import Combination, Residual, ScoreNormaliser, Standardise, agreement, recommended_detectors
from course_lib.ml import KNN, PCA, IsolationForest
from course_lib.statistics import ModifiedZScore, ZScore

DRAW = np.random.default_rng(0)
X, NEW = DRAW.normal(size=(150, 4)) @ DRAW.normal(size=(4, 4)), DRAW.normal(size=(60, 4)) * 2
FOUR = [("z", ZScore()), ("robust", ModifiedZScore()), ("knn", KNN(3)), ("pca", PCA(0.5))]


def by_hand(normalisation):
    """Normalised scores of NEW and of the training rows, one detector after the other."""
    fitted = [clone(detector).fit(X) for _, detector in FOUR]
    scales = [ScoreNormaliser(normalisation).fit(detector.decision_scores_) for detector in fitted]
    new = [s.transform(d.decision_function(NEW)) for s, d in zip(scales, fitted, strict=True)]
    return np.array(new).T, np.array([s.transform(d.decision_scores_) for s, d in zip(scales, fitted, strict=True)]).T


@pytest.mark.parametrize("normalisation", ["rank", "z", "robust_z", "probability"])
def test_rules_are_the_plain_loops(normalisation):
    new, train = by_hand(normalisation)
    fitted = {r: Combination(FOUR, normalisation, r, random_state=3).fit(X) for r in ("average", "maximum", "weighted")}
    np.testing.assert_allclose(fitted["average"].decision_function(NEW), [sum(row) / 4 for row in new], rtol=1e-12)
    np.testing.assert_allclose(fitted["maximum"].decision_function(NEW), [max(row) for row in new], rtol=1e-12)
    np.testing.assert_allclose(fitted["average"].decision_scores_, train.mean(axis=1), rtol=1e-12)
    agreeing = []
    for j in range(4):
        others = np.mean([train[:, k] for k in range(4) if k != j], axis=0)
        agreeing.append(max(0, spearmanr(train[:, j], others).statistic))
    weights = np.array(agreeing) / sum(agreeing)
    np.testing.assert_allclose(fitted["weighted"].weights_, weights)
    np.testing.assert_allclose(fitted["weighted"].decision_function(NEW), new @ weights, rtol=1e-9)
    table = fitted["maximum"].member_scores(NEW)
    assert list(table.columns) == ["z", "robust", "knn", "pca"]
    np.testing.assert_allclose(table.to_numpy(), new)


def test_average_of_maximum_by_hand():
    new, _ = by_hand("rank")
    fitted = Combination(FOUR, "rank", "average_of_maximum", n_buckets=3, random_state=1).fit(X)
    assert sorted(number for bucket in fitted.buckets_ for number in bucket) == [0, 1, 2, 3]
    assert sorted(map(len, fitted.buckets_)) == [1, 1, 2]
    expected = [np.mean([max(row[i] for i in bucket) for bucket in fitted.buckets_]) for row in new]
    np.testing.assert_allclose(fitted.decision_function(NEW), expected)
    one = Combination(FOUR, "rank", "average_of_maximum", n_buckets=1).fit(X)
    np.testing.assert_allclose(one.decision_function(NEW), new.max(axis=1))
    dealt = {str(Combination(FOUR, rule="average_of_maximum", random_state=s).fit(X).buckets_) for s in range(12)}
    assert len(dealt) > 1


def test_rules_are_pyods():
    pytest.importorskip("combo", reason="PyOD's own combinations need the package combo")
    theirs = pytest.importorskip("pyod.models.combination", reason="PyOD is in the extra 'bench'")
    fitted = Combination(FOUR, "z", "average_of_maximum", n_buckets=2).fit(X)
    new, _ = by_hand("z")
    dealt = shuffle(list(range(4)), random_state=5)
    fitted.buckets_ = [dealt[:2], dealt[2:]]
    np.testing.assert_allclose(fitted.decision_function(NEW), theirs.aom(new, n_buckets=2, random_state=5))
    for rule, function in (("average", theirs.average), ("maximum", theirs.maximization)):
        np.testing.assert_allclose(Combination(FOUR, "z", rule).fit(X).decision_function(NEW), function(new))


def test_agreement_ignores_a_detector_that_nobody_agrees_with():
    signal = DRAW.normal(size=500)
    scores = np.column_stack([signal + 0.3 * DRAW.normal(size=500) for _ in range(3)] + [-signal])
    weights = agreement(scores)
    assert weights[3] == 0
    assert weights.sum() == pytest.approx(1)
    assert np.ptp(weights[:3]) < 0.1
    np.testing.assert_allclose(agreement(scores[:, :1]), [1])
    np.testing.assert_allclose(agreement(np.ones((9, 3))), np.full(3, 1 / 3))
    np.testing.assert_allclose(agreement(np.column_stack([signal, -signal])), [0.5, 0.5])


def test_the_given_detectors_are_never_fitted_and_reachable_by_name():
    ensemble = Combination(FOUR, threshold=Percentile(80)).fit(X)
    assert not any(hasattr(detector, "threshold_") for _, detector in FOUR)
    assert ensemble.get_params()["knn__n_neighbors"] == 3
    other = clone(ensemble).set_params(knn__n_neighbors=7, pca=IsolationForest(5, random_state=0), threshold__q=50)
    assert other.get_params()["knn__n_neighbors"] == 7
    assert FOUR[2][1].n_neighbors == 3
    other.fit(X)
    assert isinstance(other.detectors_["pca"], IsolationForest)
    assert other.detectors_["knn"].n_neighbors == 7
    assert other.labels_.mean() == pytest.approx(0.5, abs=0.01)
    assert ensemble.labels_.mean() == pytest.approx(0.2, abs=0.01)
    assert not np.allclose(other.decision_function(NEW), ensemble.decision_function(NEW))


def test_ensembles_nest():
    inner = Combination([("raw", KNN()), ("scaled", Residual(Standardise(), KNN()))], "rank")
    outer = Combination([("distances", inner), ("pca", PCA())], "rank", "maximum").fit(X)
    assert outer.get_params()["distances__scaled__detector__n_neighbors"] == 5
    parts = outer.member_scores(NEW)
    np.testing.assert_array_equal(outer.decision_function(NEW), parts.max(axis=1))


def test_the_recommended_detectors_follow_the_seed():
    first, again, other = (Combination(random_state=s).fit(X).decision_function(NEW) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    names = [name for name, _ in recommended_detectors(0)]
    assert list(Combination(random_state=1).fit(X).detectors_) == names
    assert len(set(names)) == 6


def test_what_is_refused(refuses):
    with refuses("rule must be one of average, maximum"):
        Combination(FOUR, rule="mean").fit(X)
    with refuses("method must be one of rank"):
        Combination(FOUR, "ranks").fit(X)
    with refuses("n_buckets must be a whole number from 1 to the 4 detectors, but is 5"):
        Combination(FOUR, rule="average_of_maximum", n_buckets=5).fit(X)
    with refuses("needs a list of pairs such as ('knn', KNN())"):
        Combination([KNN()]).fit(X)
    with refuses("needs a list of pairs"):
        Combination([]).fit(X)
    with refuses("a name of its own for each detector"):
        Combination([("a", KNN()), ("a", PCA())]).fit(X)
    with refuses("without '__'"):
        Combination([("a__b", KNN())]).fit(X)
    with refuses("'knn', but got the class KNN", TypeError):
        Combination([("knn", KNN)]).fit(X)
    with refuses("'forest', but got a str", TypeError):
        Combination([("forest", "IsolationForest")]).fit(X)


@pytest.fixture(scope="module")
def cardio():
    try:
        return load_adbench("cardio", 1)
    except DownloadError:
        pytest.skip("real data: ADBench is not here; COURSE_DATA_DIR says where the data are")


def test_it_finds_anomalies_on_a_real_table(cardio):
    ensemble = Combination(random_state=1).fit(cardio.X_train)
    quality = auroc(cardio.y_test, ensemble.decision_function(cardio.X_test))
    assert quality > 0.92  # measured 0.938
    members = [auroc(cardio.y_test, column) for column in ensemble.member_scores(cardio.X_test).to_numpy().T]
    assert quality > np.mean(members) + 0.03


def test_the_average_of_one_good_and_two_blind_parts_is_worse_than_the_good_one(cardio):
    class Blind(ZScore):
        def _score(self, X):
            return np.sin(1e4 * X.sum(axis=1)) + 1

    good = [("forest", IsolationForest(random_state=1))]
    spoilt = Combination([*good, ("blind", Blind()), ("blind too", Blind())], "rank").fit(cardio.X_train)
    alone = Combination(good, "rank").fit(cardio.X_train)
    best, both = (auroc(cardio.y_test, e.decision_function(cardio.X_test)) for e in (alone, spoilt))
    assert best > 0.9 > 0.85 > both > 0.5
