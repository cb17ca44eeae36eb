"""Integrated gradients against closed forms, and their completeness on trained networks."""

import numpy as np
import pytest
import torch

from course_lib.deep import VAE, Autoencoder, Forecaster, LSTMAutoencoder, TransformerAutoencoder
from course_lib.explain import IntegratedGradients, additivity_gap
from course_lib.explain.integrated_gradients import integration_points
from course_lib.ml import PCA

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 6)) * 3 + 50 + 0.3 * rng.normal(size=(300, 6))
ODD = X[:8] + rng.normal(scale=9, size=(8, 6))
PLAIN = {"device": "cpu", "random_state": 0, "verbose": False}
RULES = ("gauss-legendre", "midpoint")


@pytest.fixture(scope="module")
def autoencoder():
    return Autoencoder((16,), 2, epochs=40, **PLAIN).fit(X)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("steps", [1, 7])
def test_a_linear_score_is_divided_exactly(rule, steps):
    weights, baseline = rng.normal(size=6), rng.normal(size=6)
    explanation = IntegratedGradients(lambda x: x @ torch.as_tensor(weights) + 3, baseline, steps, rule).explain(ODD)
    assert np.allclose(explanation.values, weights * (ODD - baseline))
    assert np.isclose(explanation.base_value, weights @ baseline + 3)
    assert np.allclose(explanation.scores, ODD @ weights + 3)


@pytest.mark.parametrize("rule", RULES)
def test_a_quadratic_score_is_divided_exactly(rule):
    matrix, baseline = rng.normal(size=(6, 6)), rng.normal(size=6)
    symmetric = torch.as_tensor(matrix + matrix.T)
    explanation = IntegratedGradients(lambda x: ((x @ symmetric) * x).sum(dim=1), baseline, 2, rule).explain(ODD)
    # The gradient is linear along the line, so its mean is the gradient in the middle.
    middle = (ODD + baseline) / 2
    assert np.allclose(explanation.values, (ODD - baseline) * (2 * middle @ symmetric.numpy()))
    assert np.abs(explanation.gap()).max() < 1e-9 * np.abs(explanation.scores).max()


def test_gauss_legendre_needs_fewer_points_for_a_smooth_score():
    def score(x):
        return torch.exp(x.sum(dim=1) / 10)

    gaps = {rule: additivity_gap(IntegratedGradients(score, np.zeros(6), 6, rule).explain(ODD / 10)) for rule in RULES}
    assert gaps["gauss-legendre"] < 1e-9
    assert gaps["midpoint"] > 1e-4


@pytest.mark.parametrize("rule", RULES)
def test_the_gap_falls_with_the_steps_and_is_below_one_percent_on_a_trained_autoencoder(autoencoder, rule):
    gaps = [additivity_gap(IntegratedGradients(autoencoder, X, steps, rule).explain(ODD)) for steps in (1, 16, 256)]
    assert gaps[0] > 4 * gaps[1] > 4 * gaps[2]
    assert gaps[2] < 0.01


def test_the_scores_are_the_detectors_and_the_baseline_may_be_many_rows(autoencoder):
    explanation = IntegratedGradients(autoencoder, X).explain(ODD)
    assert np.allclose(explanation.scores, autoencoder.decision_function(ODD), rtol=1e-5)
    mean = IntegratedGradients(autoencoder, X.mean(axis=0)).explain(ODD)
    assert np.allclose(explanation.values, mean.values)
    assert np.isclose(mean.base_value, autoencoder.decision_function(X.mean(axis=0, keepdims=True))[0], rtol=1e-4)


def test_rows_are_explained_alike_alone_and_together(autoencoder):
    many = np.repeat(ODD, 20, axis=0)  # 160 rows of 64 points: several pieces
    together = IntegratedGradients(autoencoder, X).explain(many).values
    alone = IntegratedGradients(autoencoder, X).explain(many[40:41]).values
    assert np.allclose(together[40:60], alone, rtol=1e-4, atol=1e-6)


def test_a_feature_that_the_score_ignores_gets_nothing():
    explanation = IntegratedGradients(lambda x: x[:, 0] * x[:, 2], np.zeros(6)).explain(ODD)
    assert np.abs(explanation.values[:, [1, 3, 4, 5]]).max() == 0
    assert np.allclose(explanation.values[:, 0], explanation.values[:, 2]), "a product is shared in halves"


@pytest.mark.parametrize(
    "detector",
    [
        LSTMAutoencoder(hidden_size=6, latent_size=3, window=10, epochs=20, stride=3, **PLAIN),
        TransformerAutoencoder(model_size=8, n_heads=2, n_layers=1, window=10, epochs=20, stride=3, **PLAIN),
    ],
)
def test_windows_of_a_series_are_explained_per_timestamp_and_sensor(detector):
    detector.fit(X)
    windows = X.reshape(-1, 10, 6)[:4].copy()
    windows[:, 4, 2] += 40
    explanation = IntegratedGradients(detector, X.reshape(-1, 10, 6), 128).explain(windows)
    assert explanation.values.shape == (4, 10, 6)
    assert np.allclose(explanation.scores, detector.decision_function(windows), rtol=1e-4)
    assert additivity_gap(explanation) < 0.02
    places = np.abs(explanation.values).reshape(4, -1).argmax(axis=1)
    assert (places == 4 * 6 + 2).all()


def test_a_variational_autoencoder_keeps_its_draws():
    detector = VAE(hidden_sizes=(8,), latent_size=2, epochs=5, **PLAIN).fit(X)
    first, second = (IntegratedGradients(detector, X, 32).explain(ODD) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert np.allclose(first.scores, detector.decision_function(ODD), rtol=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_the_weights_of_a_rule_sum_to_one_and_its_points_lie_inside(rule):
    places, weights = integration_points(9, rule)
    assert np.isclose(weights.sum(), 1)
    assert np.isclose((weights * places).sum(), 0.5)
    assert 0 < places.min() < places.max() < 1


def test_what_does_not_fit_is_refused_in_a_sentence(autoencoder):
    with pytest.raises(TypeError, match="PCA has no gradients"):
        IntegratedGradients(PCA().fit(X), X).explain(ODD)
    with pytest.raises(TypeError, match="KernelSHAP, which needs none"):
        IntegratedGradients(lambda x: torch.zeros(len(x)), np.zeros(6)).explain(ODD)
    with pytest.raises(ValueError, match="baseline needs shape"):
        IntegratedGradients(autoencoder, np.zeros(5)).explain(ODD)
    with pytest.raises(ValueError, match="baseline must be finite"):
        IntegratedGradients(autoencoder, np.full(6, np.nan)).explain(ODD)
    with pytest.raises(ValueError, match="steps must be a whole number"):
        IntegratedGradients(autoencoder, X, 0).explain(ODD)
    with pytest.raises(ValueError, match="rule must be one of"):
        IntegratedGradients(autoencoder, X, 8, "trapezoid").explain(ODD)
    series = LSTMAutoencoder(hidden_size=4, latent_size=2, window=10, epochs=1, **PLAIN).fit(X)
    with pytest.raises(ValueError, match="window by window"):
        IntegratedGradients(series, X.mean(axis=0)).explain(ODD)
    forecaster = Forecaster(hidden_size=4, window=10, warm_up=4, epochs=1, **PLAIN).fit(X)
    with pytest.raises(ValueError, match="window by window"):
        IntegratedGradients(forecaster, X.reshape(-1, 10, 6)).explain(X.reshape(-1, 10, 6))


def test_a_score_that_draws_at_random_is_explained_the_same_each_time():
    class Drawing(Autoencoder):
        def anomaly_scores(self, net, batch):
            return super().anomaly_scores(net, batch) * (1 + torch.rand(()))

    detector = Drawing((8,), 2, epochs=2, **PLAIN).fit(X)
    first, second = (IntegratedGradients(detector, X, 8).explain(ODD) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert np.allclose(first.scores, detector.decision_function(ODD), rtol=1e-5)
