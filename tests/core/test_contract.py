"""Every detector keeps scikit-learn's estimator rules and the course's own contract."""

import numpy as np
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from course_lib.core import as_sklearn
from course_lib.core.adapter import SklearnOutlierDetector
from course_lib.deep import (
    GAN,
    LSTMVAE,
    USAD,
    VAE,
    AnoGAN,
    Autoencoder,
    BiGAN,
    ConvAutoencoder,
    ConvVAE,
    DeepDetector,
    FAnoGAN,
    Forecaster,
    GANomaly,
    LSTMAutoencoder,
    SeriesDetector,
    TransformationScore,
    TransformerAutoencoder,
)
from course_lib.hybrid import (
    Cascade,
    Combination,
    DeepFeatures,
    Residual,
    RollingMedianBaseline,
    SeasonalBaseline,
    StackedCombination,
    Standardise,
    STLBaseline,
)
from course_lib.ml import KNN, PCA, ExtendedIsolationForest, IsolationForest, WindowKNN
from course_lib.statistics import (
    EWMA,
    IQRFence,
    Mahalanobis,
    ModifiedZScore,
    MovingAverage,
    RollingMedian,
    STLResidual,
    ZScore,
)

DETECTORS = [
    PCA(),
    PCA(n_components=0.5),
    PCA(n_components=0.9, method="mahalanobis"),
    IsolationForest(n_estimators=20, random_state=0),
    ExtendedIsolationForest(n_estimators=20, random_state=0),
    KNN(),
    KNN(n_neighbors=3, method="mean"),
    WindowKNN(window=2, n_windows=60, n_neighbors=2, random_state=0),
    ZScore(),
    ZScore(ddof=1),
    ModifiedZScore(),
    IQRFence(),
    MovingAverage(),
    MovingAverage(window=3, min_past=2),
    RollingMedian(window=4, min_past=2),
    EWMA(),
    Mahalanobis(),
    Mahalanobis(robust=True, random_state=0),
    STLResidual(period=2, seasonal=3),
    Autoencoder(hidden_sizes=(8,), latent_size=2, epochs=2, device="cpu", random_state=0),
    ConvAutoencoder(channels=(4,), latent_size=2, epochs=2, device="cpu", random_state=0),
    VAE(hidden_sizes=(8,), latent_size=2, n_samples=2, epochs=2, device="cpu", random_state=0),
    VAE(
        hidden_sizes=(8,),
        latent_size=2,
        decoder="bernoulli",
        scaling="minmax",
        scoring="reconstruction",
        epochs=2,
        device="cpu",
        random_state=0,
    ),
    TransformationScore(shift=0, channels=(4,), feature_size=4, views=2, epochs=2, device="cpu", random_state=0),
    ConvVAE(channels=(4,), latent_size=2, scoring="reconstruction", epochs=2, device="cpu", random_state=0),
    LSTMAutoencoder(4, 2, window=3, epochs=1, device="cpu", random_state=0),
    LSTMAutoencoder(4, 2, decoder="teacher", generate=True, window=3, epochs=1, device="cpu", random_state=0),
    LSTMVAE(4, 2, window=3, epochs=1, device="cpu", random_state=0),
    Forecaster(hidden_size=4, warm_up=1, distance="mahalanobis", window=3, epochs=1, device="cpu", random_state=0),
    TransformerAutoencoder(4, 2, 1, mask_length=1, window=3, epochs=1, device="cpu", random_state=0),
    USAD((8,), 2, window=3, epochs=2, device="cpu", random_state=0),
]
TINY_GAN = {"hidden_sizes": (8,), "channels": (4,), "latent_size": 2, "epochs": 2, "device": "cpu", "random_state": 1}
DETECTORS += [
    GAN(**TINY_GAN),
    GAN("conv", steadying="wasserstein-gp", **TINY_GAN),
    AnoGAN(search_steps=5, restarts=2, bank_size=20, **TINY_GAN),
    AnoGAN("conv", against="verdict", search_steps=3, bank_size=0, **TINY_GAN),
    FAnoGAN(gan_epochs=1, **TINY_GAN),
    BiGAN(**TINY_GAN),
    GANomaly(**TINY_GAN),
]


class WithLabels(StackedCombination):
    """Stacking on labels that it makes up: scikit-learn's checks bring labels of their own, if any."""

    def fit(self, X, y=None):
        try:
            labels = np.arange(len(np.asarray(X))) % 2
        except TypeError:  # what is no table has to meet the detector's own words
            labels = None
        return super().fit(X, labels)


MEMBERS = [("components", PCA()), ("neighbours", KNN(2)), ("forest", IsolationForest(5, random_state=0))]
TINY_CODES = Autoencoder(hidden_sizes=(8,), latent_size=2, epochs=1, device="cpu", random_state=0)
DETECTORS += [
    Combination(MEMBERS),
    Combination(MEMBERS, "z", "weighted"),
    Combination(MEMBERS, "probability", "average_of_maximum", random_state=0),
    WithLabels(MEMBERS),
    Cascade(PCA(), KNN(2), share=0.3),
    DeepFeatures(TINY_CODES, KNN(2), with_error=True),
    Residual(Standardise(), PCA()),
    Residual(RollingMedianBaseline(window=4, min_past=2), ZScore()),
    Residual(SeasonalBaseline(period=2), ZScore()),
    Residual(STLBaseline(period=2, seasonal=3), ZScore()),
]
SERIES = (MovingAverage, RollingMedian, EWMA, WindowKNN, SeriesDetector, STLResidual)
SERIES_BASELINES = (RollingMedianBaseline, SeasonalBaseline, STLBaseline)
FLOAT32 = (DeepDetector, DeepFeatures)


def unwrapped(estimator):
    """The detector itself, also out of the adapter."""
    return estimator.detector if isinstance(estimator, SklearnOutlierDetector) else estimator


def expected_failures(estimator):
    """Detectors of a series compare each row with those before it: other rows around it, another score."""
    detector = unwrapped(estimator)
    if not isinstance(detector, SERIES) and not isinstance(getattr(detector, "baseline", None), SERIES_BASELINES):
        return {}
    reason = "rows are timestamps in order, a score depends on the rows before"
    return dict.fromkeys(("check_methods_subset_invariance", "check_methods_sample_order_invariance"), reason)


@parametrize_with_checks(
    [*DETECTORS, *(as_sklearn(detector) for detector in DETECTORS)], expected_failed_checks=expected_failures
)
def test_scikit_learn_rules(estimator, check, monkeypatch):
    if isinstance(unwrapped(estimator), FLOAT32):
        # Scores of networks are float32: a row at another place of a batch may differ from itself in the last digit.
        for name in ("assert_allclose", "assert_allclose_dense_sparse"):
            monkeypatch.setattr(estimator_checks, name, six_digits(getattr(estimator_checks, name)))
    check(estimator)


def six_digits(compare):
    """The comparison with a tolerance of float32."""
    return lambda *pair, **options: compare(*pair, **{**options, "rtol": max(1e-6, options.get("rtol", 0))})
