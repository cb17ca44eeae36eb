"""Every detector keeps scikit-learn's estimator rules and the course's own contract."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from course_lib.core import as_sklearn
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA

DETECTORS = [
    PCA(),
    PCA(n_components=0.5),
    KNN(),
    KNN(n_neighbors=3, method="mean"),
    Autoencoder(hidden_sizes=(8,), latent_size=2, epochs=2, device="cpu", random_state=0),
]


@parametrize_with_checks([*DETECTORS, *(as_sklearn(detector) for detector in DETECTORS)])
def test_scikit_learn_rules(estimator, check):
    check(estimator)
