"""The Mahalanobis distance of residuals, against scikit-learn's and against what it is for."""

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf

from course_lib.core.metrics import auroc
from course_lib.deep import Forecaster
from course_lib.deep.series.residuals import whitening

rng = np.random.default_rng(0)
MIX = np.array([[1.0, 0, 0], [0.9, 0.2, 0], [0, 0, 3.0]])


def test_squares_add_up_to_the_squared_mahalanobis_distance():
    rest = rng.normal(size=(500, 3)) @ MIX.T + 2
    mean, weights = whitening(rest)
    reference = LedoitWolf().fit(rest)
    contributions = ((rest - mean) @ weights) ** 2
    np.testing.assert_allclose(contributions.sum(axis=1), reference.mahalanobis(rest), rtol=1e-3)
    np.testing.assert_allclose(weights, weights.T, atol=1e-6)
    np.testing.assert_allclose(weights @ reference.covariance_ @ weights, np.eye(3), atol=1e-3)


@pytest.mark.parametrize("rest", [np.zeros((10, 3)), np.ones((10, 1)), np.repeat([[1.0, 2, 3]], 10, axis=0)])
def test_residuals_without_spread_are_only_centred(rest):
    mean, weights = whitening(rest)
    np.testing.assert_allclose(mean, rest[0])
    np.testing.assert_allclose(weights, np.eye(rest.shape[1]), atol=1e-6)


def test_it_finds_what_breaks_a_correlation():
    """Two sensors share their noise: a reading where they part is rare, though each stays in its range."""
    n = 1500
    shared = rng.normal(size=n)
    X = np.c_[shared, shared + 0.1 * rng.normal(size=n), rng.normal(size=n)]
    test, y = X[1000:].copy(), np.zeros(500, dtype=int)
    y[20::40] = 1
    test[y == 1, 1] *= -1
    options = {
        "hidden_size": 8, "warm_up": 2, "window": 12, "stride": 5, "epochs": 3, "device": "cpu", "random_state": 0,
        "verbose": False,
    }  # fmt: skip
    squared = Forecaster(**options).fit(X[:1000])
    whitened = Forecaster(distance="mahalanobis", **options).fit(X[:1000])
    assert auroc(y, squared.decision_function(test)) < 0.7
    assert auroc(y, whitened.decision_function(test)) > 0.9
    blamed = whitened.sensor_errors(test)[y == 1].mean(axis=0)
    assert blamed[:2].min() > 5 * blamed[2]
    np.testing.assert_allclose(whitened.sensor_errors(test).mean(axis=1), whitened.decision_function(test), rtol=1e-5)


def test_scores_by_hand():
    X = rng.normal(size=(120, 3)) @ MIX.T
    fitted = Forecaster(
        hidden_size=4, warm_up=2, distance="mahalanobis", window=12, epochs=1, device="cpu", random_state=0,
        verbose=False,
    ).fit(X)  # fmt: skip
    fitted.residual_mean_ = np.array([3.0, -2.0, 1.0], dtype=np.float32)
    batch = torch.randn(4, 12, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        rest = fitted.residuals(fitted.net_, batch).numpy()
        found = fitted.step_errors(fitted.net_, batch).numpy()
    expected = ((rest - fitted.residual_mean_) @ fitted.residual_weights_) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_covariance_is_that_of_the_held_out_windows():
    X = rng.normal(size=(300, 2))
    X[240:] *= 5  # the last fifth is wilder, and never learnt from
    fitted = Forecaster(
        hidden_size=4, warm_up=2, distance="mahalanobis", window=12, stride=1, epochs=1, scaling=None, clip=None,
        device="cpu", random_state=0, verbose=False,
    ).fit(X)  # fmt: skip
    spread = np.linalg.inv(fitted.residual_weights_)
    np.testing.assert_allclose(spread @ spread, np.cov(X[242:].T), atol=0.3 * 25)
    assert np.diag(spread).min() > 3


def test_weights_are_kept(tmp_path):
    X = rng.normal(size=(80, 3)) @ MIX.T
    fitted = Forecaster(
        hidden_size=4, warm_up=2, distance="mahalanobis", window=8, epochs=1, device="cpu", random_state=0,
        verbose=False,
    ).fit(X)  # fmt: skip
    fitted.save(tmp_path / "m")
    loaded = Forecaster.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.decision_function(X), fitted.decision_function(X))
    assert torch.is_tensor(loaded.net_.readout.weight)
