"""Codes of a network under a shallow detector: what it sees, that training helps, who is refused."""

import numpy as np

from course_lib.core.metrics import auroc
from course_lib.data import load_mnist
from course_lib.deep import VAE, Autoencoder, LSTMAutoencoder
from course_lib.hybrid import DeepFeatures
from course_lib.ml import KNN, IsolationForest
from course_lib.statistics import Mahalanobis, ZScore

QUICK = {"device": "cpu", "verbose": False, "random_state": 0}
DRAW = np.random.default_rng(0)
X, NEW = DRAW.normal(size=(300, 5)), DRAW.normal(size=(40, 5))


def small(**options):
    return Autoencoder((8,), 2, **{"epochs": 2, **QUICK, **options})


def test_the_shallow_detector_sees_standardised_codes():
    hybrid = DeepFeatures(small(), KNN(3)).fit(X)
    own = small().fit(X)
    codes, new = own.encode(X).astype(float), own.encode(NEW)
    np.testing.assert_allclose(hybrid.features(NEW), (new - codes.mean(axis=0)) / codes.std(axis=0), atol=6e-4)
    np.testing.assert_allclose(hybrid.features(X).std(axis=0), 1, rtol=1e-4)
    reference = KNN(3).fit(hybrid.features(X))
    np.testing.assert_allclose(hybrid.decision_function(NEW), reference.decision_function(hybrid.features(NEW)))
    np.testing.assert_array_equal(hybrid.decision_function(X), hybrid.decision_scores_)


def test_the_error_becomes_one_more_feature():
    plain, more = DeepFeatures(small(), ZScore()).fit(X), DeepFeatures(small(), ZScore(), with_error=True).fit(X)
    assert more.features(NEW).shape == (40, 3)
    np.testing.assert_allclose(more.features(NEW)[:, :2], plain.features(NEW), atol=1e-3)
    error = small().fit(X)
    expected = (error.decision_function(NEW) - error.decision_scores_.mean()) / error.decision_scores_.std()
    np.testing.assert_allclose(more.features(NEW)[:, 2], expected, atol=6e-4)
    assert (more.decision_function(NEW) >= plain.decision_function(NEW) - 1e-3).all()


def test_a_vae_gives_its_mean_code():
    hybrid = DeepFeatures(VAE((8,), 3, epochs=1, **QUICK), Mahalanobis()).fit(X)
    mean, _ = hybrid.encoder_.encode(NEW)
    np.testing.assert_allclose(hybrid.features(NEW), (mean - hybrid.shift_) / hybrid.scale_, atol=6e-4)


def test_a_row_is_judged_alike_in_every_batch():
    hybrid = DeepFeatures(small(), KNN(1), with_error=True).fit(X)
    alone = np.concatenate([hybrid.decision_function(row[None]) for row in X[:20]])
    np.testing.assert_allclose(alone, hybrid.decision_scores_[:20], rtol=1e-6)
    assert (hybrid.predict(X) == hybrid.labels_).all()


def test_what_is_refused(refuses):
    with refuses("an encoder with a method encode, which ZScore does not have", TypeError):
        DeepFeatures(ZScore(), KNN()).fit(X)
    with refuses("as detector, but got a NoneType", TypeError):
        DeepFeatures(small(), None).fit(X)
    with refuses("take an encoder of rows, not of windows"):
        DeepFeatures(LSTMAutoencoder(4, 2, window=5, epochs=1, **QUICK), KNN()).fit(X)


def test_learnt_codes_beat_those_of_an_untrained_network_on_real_digits():
    data = load_mnist(normal=0, offline=True)
    rows = np.random.default_rng(0).permutation(len(data.X_test))[:2000]
    X_test, y_test = data.X_test[rows], data.y_test[rows]
    options = {"hidden_sizes": (64,), "latent_size": 16, "scaling": None, **QUICK}
    quality = {}
    for epochs in (1, 10):
        encoder = Autoencoder(epochs=epochs, learning_rate=1e-3 if epochs > 1 else 1e-9, **options)
        hybrid = DeepFeatures(encoder, IsolationForest(random_state=0), with_error=epochs > 1).fit(data.X_train[:1500])
        quality[epochs] = auroc(y_test, hybrid.decision_function(X_test))
    assert quality[10] > max(0.8, quality[1] + 0.02), quality
