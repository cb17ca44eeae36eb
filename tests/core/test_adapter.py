"""The same detector under scikit-learn's sign, inside scikit-learn's tools."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_lib.core import as_sklearn
from course_lib.core.thresholds import Contamination, Percentile
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

rng = np.random.default_rng(0)
X = np.r_[rng.normal(size=(180, 4)), rng.normal(4, 1, size=(20, 4))]
Y = np.repeat([0, 1], [180, 20])


@pytest.fixture(
    params=[PCA(), KNN(), Autoencoder((8,), 2, epochs=2, device="cpu", random_state=0)], ids=lambda d: type(d).__name__
)
def adapter(request):
    return as_sklearn(request.param).fit(X)


def test_signs_labels_and_offset(adapter):
    inner = adapter.detector_
    np.testing.assert_array_equal(adapter.score_samples(X), -inner.decision_function(X).astype(float))
    np.testing.assert_array_equal(adapter.score_samples(X) - adapter.offset_, adapter.decision_function(X))
    np.testing.assert_array_equal(adapter.predict(X), 1 - 2 * inner.predict(X))
    np.testing.assert_array_equal(adapter.predict(X), np.where(adapter.decision_function(X) < 0, -1, 1))
    assert (adapter.predict(X) == -1).sum() == 20
    assert adapter.score_samples(X).dtype == np.float64


def test_a_threshold_placed_anew_is_followed(adapter):
    before = adapter.offset_
    adapter.detector_.set_threshold(X, rule=Percentile(50))
    assert adapter.offset_ == -adapter.detector_.threshold_ != before
    assert (adapter.predict(X) == -1).sum() == 100


def test_the_detector_passed_in_stays_unfitted():
    detector = PCA()
    adapter = as_sklearn(detector).fit(X)
    assert adapter.detector is detector
    assert not hasattr(detector, "threshold_")


def test_clone_keeps_every_parameter():
    adapter = as_sklearn(KNN(n_neighbors=7, threshold=Contamination(0.2)))
    copy = clone(adapter)
    assert copy.detector is not adapter.detector
    assert copy.get_params()["detector__threshold__share"] == 0.2
    copy.set_params(detector__n_neighbors=3, detector__threshold__share=0.3)
    assert (adapter.detector.n_neighbors, adapter.detector.threshold.share) == (7, 0.2)
    assert copy.fit(X).detector_.n_neighbors == 3


def test_pipeline_and_grid_search_find_the_better_setting():
    pipeline = make_pipeline(StandardScaler(), KNN(threshold=Contamination(0.1)))
    assert (
        pipeline.fit(X).predict(X)
        == (pipeline[-1].decision_function(pipeline[0].transform(X)) > pipeline[-1].threshold_)
    ).all()

    def auc(estimator, X, y):
        return roc_auc_score(y, -estimator.score_samples(X))

    grid = {"detector__n_neighbors": np.array([1, 40]), "detector__threshold__share": [0.1, 0.2]}
    search = GridSearchCV(as_sklearn(KNN(threshold=Contamination())), grid, scoring=auc, cv=3, error_score="raise")
    order = rng.permutation(200)
    search.fit(X[order], Y[order])
    assert search.best_score_ > 0.95
    assert search.best_estimator_.detector_.threshold_ == -search.best_estimator_.offset_


def test_grid_search_over_numbers_that_numpy_made():
    network = Autoencoder((4,), 2, device="cpu", random_state=0, verbose=False)
    grid = {"epochs": np.array([1, 2]), "batch_size": np.array([16]), "hidden_sizes": [(np.int64(4),)]}
    search = GridSearchCV(
        network, grid, scoring=lambda d, X, y: -d.decision_function(X).mean(), error_score="raise", cv=2
    )
    search.fit(X, ["some", "other"] * 100)  # labels of another kind do not disturb a rule that needs none
    assert search.best_params_["epochs"] == 2


def test_only_detectors(refuses):
    for other in (3, StandardScaler(), PCA):
        with refuses("as_sklearn takes a course_lib detector", TypeError):
            as_sklearn(other)
