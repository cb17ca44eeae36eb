"""The LSTM-VAE's terms against torch.distributions, and what is random and what is not."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from course_lib.deep import LSTMVAE
from course_lib.deep.series.lstm_vae import LSTMVAENet, negative_log_likelihood
from course_lib.deep.vae import gaussian_kl

torch.manual_seed(0)
X, MEAN, LOG_VARIANCE = torch.randn(3, 4, 5, 2).unbind(0)
PLAIN = {"window": 6, "stride": 2, "epochs": 2, "device": "cpu", "random_state": 0, "verbose": False}


def test_terms():
    normal = Normal(MEAN, torch.exp(0.5 * LOG_VARIANCE))
    torch.testing.assert_close(negative_log_likelihood(X, MEAN, LOG_VARIANCE), -normal.log_prob(X))
    standard = Normal(torch.zeros_like(MEAN), torch.ones_like(MEAN))
    torch.testing.assert_close(gaussian_kl(MEAN, LOG_VARIANCE), kl_divergence(normal, standard))


@pytest.mark.parametrize("kl_weight", [0.0, 1.0, 3.0])
def test_the_loss_is_the_bound_of_a_timestamp_over_the_sensors(kl_weight):
    net = LSTMVAENet(2, 8, 3).eval()
    mean_x, log_variance_x, mean_z, log_variance_z = net(X)
    expected = 0.0
    for window in range(4):
        for step in range(5):
            readings = Normal(mean_x[window, step], torch.exp(0.5 * log_variance_x[window, step]))
            code = Normal(mean_z[window, step], torch.exp(0.5 * log_variance_z[window, step]))
            divergence = kl_divergence(code, Normal(torch.zeros(3), torch.ones(3))).sum()
            expected += (kl_weight * divergence - readings.log_prob(X[window, step]).sum()) / (2 * 4 * 5)
    torch.testing.assert_close(LSTMVAE(kl_weight=kl_weight).loss(net, X), expected)


def test_codes_are_drawn_in_training_only():
    net = LSTMVAENet(2, 8, 3)
    first, second = net.train()(X), net.train()(X)
    assert not torch.equal(first[0], second[0])
    torch.testing.assert_close(first[2], second[2])
    first, second = net.eval()(X), net.eval()(X)
    assert torch.equal(first[0], second[0])


def test_codes_are_drawn_with_their_deviation():
    net, drawn = LSTMVAENet(2, 8, 1).train(), []
    with torch.no_grad():
        net.to_code.weight.zero_()
        net.to_code.bias.copy_(torch.tensor([3.0, 2 * np.log(0.5)]))
    net.decoder.register_forward_pre_hook(lambda module, inputs: drawn.append(inputs[0].detach()))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net(torch.zeros(200, 20, 2))
    assert drawn[0].mean().item() == pytest.approx(3, abs=0.05)
    assert drawn[0].std().item() == pytest.approx(0.5, abs=0.02)


def test_a_code_of_its_own_for_each_timestamp_that_knows_no_later_one():
    net = LSTMVAENet(2, 8, 3).eval()
    later = X.clone()
    later[:, 3:] += 1
    before, after = net(X), net(later)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one[:, :3], other[:, :3])
        assert not torch.allclose(one[:, 3:], other[:, 3:])


def test_scores_are_minus_the_log_density(series):
    fitted = LSTMVAE(8, 2, clip=None, **{**PLAIN, "stride": 6}).fit(series)
    windows = torch.tensor((series - fitted.shift_) / fitted.scale_, dtype=torch.float32).view(10, 6, 3)
    with torch.no_grad():
        mean_x, log_variance_x, _, _ = fitted.net_.eval()(windows)
        expected = -Normal(mean_x, torch.exp(0.5 * log_variance_x)).log_prob(windows).reshape(60, 3)
    np.testing.assert_allclose(fitted.sensor_errors(series), expected.numpy(), rtol=1e-4, atol=1e-5)
    squared = LSTMVAE(8, 2, distance="squared", clip=None, **{**PLAIN, "stride": 6}).fit(series)
    np.testing.assert_allclose(
        squared.sensor_errors(series), ((windows - mean_x) ** 2).reshape(60, 3).numpy(), rtol=1e-3, atol=1e-5
    )


def test_a_heavier_divergence_is_a_smaller_one(series):
    def divergence(kl_weight):
        fitted = LSTMVAE(8, 2, kl_weight=kl_weight, learning_rate=0.02, **{**PLAIN, "epochs": 40}).fit(series)
        _, held_out = fitted.net_.eval(), fitted._to_tensor(series)[None]
        with torch.no_grad():
            _, _, mean_z, log_variance_z = fitted.net_(held_out)
        return gaussian_kl(mean_z, log_variance_z).mean().item()

    assert divergence(20.0) < 0.2 * divergence(0.1)


def test_a_sensor_that_never_moves_does_not_make_the_density_infinite():
    net = LSTMVAENet(2, 4, 1)
    with torch.no_grad():
        net.readout.bias.fill_(-100.0)
    _, log_variance_x, _, _ = net(X)
    assert np.exp(0.5 * log_variance_x.min().item()) == pytest.approx(0.05)
