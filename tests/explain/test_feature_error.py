"""Feature errors are the score, divided: they sum to it for every detector that rebuilds."""

import numpy as np
import pytest

from course_lib.core.detector import Detector
from course_lib.deep import (
    LSTMVAE,
    USAD,
    VAE,
    Autoencoder,
    ConvAutoencoder,
    ConvVAE,
    Forecaster,
    LSTMAutoencoder,
    TransformerAutoencoder,
)
from course_lib.explain import FeatureError, additivity_gap, error_map
from course_lib.ml import KNN, PCA

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)) * [1, 1, 5, 1, 1, 1] + 100 + 0.1 * rng.normal(size=(200, 6))
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}
QUICK = {"epochs": 2, **PLAIN}
WINDOWS = {"window": 8, "stride": 4, **QUICK}

ROWS = {
    "PCA": PCA(2),
    "one feature left out": PCA(5),
    "autoencoder": Autoencoder((8,), 2, **QUICK),
    "autoencoder without scaling": Autoencoder((8,), 2, scaling=None, **QUICK),
    "VAE": VAE(hidden_sizes=(8,), latent_size=2, scoring="reconstruction", **QUICK),
}
SERIES = {
    "LSTM autoencoder": LSTMAutoencoder(hidden_size=6, latent_size=3, **WINDOWS),
    "Mahalanobis": LSTMAutoencoder(hidden_size=6, latent_size=3, distance="mahalanobis", **WINDOWS),
    "likelihood": LSTMVAE(hidden_size=6, latent_size=2, **WINDOWS),
    "Transformer": TransformerAutoencoder(model_size=8, n_heads=2, n_layers=1, **WINDOWS),
    "USAD": USAD(hidden_sizes=(8,), latent_size=4, **WINDOWS),
    "forecaster": Forecaster(hidden_size=6, warm_up=3, **WINDOWS),
    "differences": LSTMAutoencoder(hidden_size=6, latent_size=3, difference=1, **WINDOWS),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_errors_of_a_row_sum_to_its_score(name):
    detector = ROWS[name].fit(X)
    explanation = FeatureError(detector).explain(X[:20])
    assert explanation.values.shape == (20, 6)
    assert np.allclose(explanation.values.sum(axis=1), detector.decision_function(X[:20]), rtol=1e-3)
    assert (explanation.values >= 0).all()
    assert explanation.base_value == 0
    assert additivity_gap(explanation) < 1e-3


@pytest.mark.parametrize("name", SERIES)
def test_the_errors_of_a_series_sum_to_its_scores_per_timestamp_and_per_sequence(name):
    detector = SERIES[name].fit(X)
    explanation = FeatureError(detector).explain(X)
    assert explanation.values.shape == X.shape
    assert np.allclose(explanation.values.sum(axis=1), detector.decision_function(X), rtol=1e-5, atol=1e-7)
    whole = X.reshape(10, 20, 6)
    explanation = FeatureError(detector).explain(whole)
    assert explanation.values.shape == whole.shape
    assert np.allclose(explanation.values.sum(axis=(1, 2)), detector.decision_function(whole), rtol=1e-5, atol=1e-7)


def test_breaks_reach_the_series_detector():
    detector = SERIES["LSTM autoencoder"].fit(X)
    broken = FeatureError(detector).explain(X, breaks=[50])
    assert np.allclose(broken.scores, detector.decision_function(X, breaks=[50]))
    assert not np.allclose(broken.values, FeatureError(detector).explain(X).values)


def test_pca_is_divided_as_the_closed_form_says():
    detector = PCA(2).fit(X)
    centred = X[:5] - X.mean(axis=0)
    basis = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:2]
    assert np.allclose(FeatureError(detector).explain(X[:5]).values, (centred - centred @ basis.T @ basis) ** 2)


def test_a_broken_sensor_is_named_whatever_its_unit():
    detector = Autoencoder((16,), 2, epochs=60, **PLAIN).fit(X)
    broken = X[:6].copy()
    truth = np.arange(6)
    broken[truth, truth] += 8 * X.std(axis=0)
    assert FeatureError(detector, list("abcdef")).explain(broken).top(1) == [[name] for name in "abcdef"]


def test_a_variational_autoencoder_is_explained_by_its_reconstruction():
    detector = VAE(hidden_sizes=(8,), latent_size=2, **QUICK).fit(X)
    explanation = FeatureError(detector).explain(X[:5])
    assert np.allclose(explanation.scores, detector.score_rows(X[:5], "reconstruction"))
    assert not np.allclose(explanation.scores, detector.decision_function(X[:5]))


@pytest.mark.parametrize("model", [ConvAutoencoder, ConvVAE])
def test_an_error_map_is_the_score_as_a_picture(model):
    images = rng.random((40, 2 * 6 * 5)).astype(np.float32)
    options = {"scoring": "reconstruction"} if model is ConvVAE else {}
    detector = model(image_shape=(2, 6, 5), channels=(4,), latent_size=4, **options, **QUICK).fit(images)
    maps = error_map(detector, images[:3])
    assert maps.shape == (3, 6, 5)
    assert np.allclose(maps.sum(axis=(1, 2)), detector.decision_function(images[:3]), rtol=1e-3)
    spoilt = images[:1].reshape(2, 6, 5).copy()
    spoilt[:, 1, 3] = 6
    place = error_map(detector, spoilt.reshape(1, -1))[0].argmax()
    assert np.unravel_index(place, (6, 5)) == (1, 3)


def test_what_cannot_be_divided_is_refused_in_a_sentence():
    with pytest.raises(TypeError, match="KNN rebuilds nothing"):
        FeatureError(KNN().fit(X)).explain(X)
    with pytest.raises(ValueError, match="neither the sum nor the mean"):
        FeatureError(PCA(2, method="mahalanobis").fit(X)).explain(X)
    with pytest.raises(ValueError, match="leave breaks out"):
        FeatureError(PCA(2).fit(X)).explain(X, breaks=[3])
    with pytest.raises(ValueError, match="2 feature_names"):
        FeatureError(PCA(2).fit(X), ["a", "b"]).explain(X)
    with pytest.raises(ValueError, match="not fitted"):
        FeatureError(PCA(2)).explain(X)


def test_a_detector_of_ones_own_needs_only_reconstruct():
    class Mean(Detector):
        threshold = None

        def _fit(self, X):
            self.mean_ = X.mean(axis=0)

        def reconstruct(self, X):
            return np.broadcast_to(self.mean_, np.shape(X))

        def _score(self, X):
            return ((X - self.mean_) ** 2).mean(axis=1)

    explanation = FeatureError(Mean().fit(X)).explain(X[:4])
    assert np.allclose(explanation.values, (X[:4] - X.mean(axis=0)) ** 2 / 6)
