"""Every detector keeps scikit-learn's estimator rules and the course's own contract."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from course_lib.core import as_sklearn
from course_lib.deep import Autoencoder
from course_lib.ml import KNN, PCA, ExtendedIsolationForest, IsolationForest
from course_lib.statistics import EWMA, IQRFence, ModifiedZScore, MovingAverage, RollingMedian, ZScore

DETECTORS = [
    PCA(),
    PCA(n_components=0.5),
    PCA(n_components=0.9, method="mahalanobis"),
    IsolationForest(n_estimators=20, random_state=0),
    ExtendedIsolationForest(n_estimators=20, random_state=0),
    KNN(),
    KNN(n_neighbors=3, method="mean"),
    ZScore(),
    ZScore(ddof=1),
    ModifiedZScore(),
    IQRFence(),
    MovingAverage(),
    MovingAverage(window=3, min_past=2),
    RollingMedian(window=4, min_past=2),
    EWMA(),
    Autoencoder(hidden_sizes=(8,), latent_size=2, epochs=2, device="cpu", random_state=0),
]
SERIES = (MovingAverage, RollingMedian, EWMA)


def expected_failures(estimator):
    """Detectors of a series compare each row with those before it: other rows around it, another score."""
    if not isinstance(getattr(estimator, "detector", estimator), SERIES):
        return {}
    reason = "rows are timestamps in order, a score depends on the rows before"
    return dict.fromkeys(("check_methods_subset_invariance", "check_methods_sample_order_invariance"), reason)


@parametrize_with_checks(
    [*DETECTORS, *(as_sklearn(detector) for detector in DETECTORS)], expected_failed_checks=expected_failures
)
def test_scikit_learn_rules(estimator, check):
    check(estimator)
