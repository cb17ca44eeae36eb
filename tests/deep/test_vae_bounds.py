"""The terms of the bound: against torch.distributions, against sampling, and against a model that has a closed form."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import distributions as D
from torch import nn

from course_lib.deep.vae import (
    bernoulli_log_likelihood,
    elbo,
    gaussian_kl,
    gaussian_log_likelihood,
    importance_weighted_bound,
    log_weights,
    reparameterise,
)
from course_lib.deep.vae.collapse import annealed_beta, free_bits_kl
from course_lib.deep.vae.network import VariationalNet


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


MEAN, LOG_VARIANCE = normal(6, 4, seed=0), normal(6, 4, seed=1)
PRIOR = D.Normal(torch.zeros(6, 4, dtype=torch.float64), 1.0)
POSTERIOR = D.Normal(MEAN, torch.exp(0.5 * LOG_VARIANCE))


def test_closed_form_kl_is_that_of_torch_distributions():
    torch.testing.assert_close(gaussian_kl(MEAN, LOG_VARIANCE), D.kl_divergence(POSTERIOR, PRIOR))
    assert (gaussian_kl(torch.zeros(2, 3), torch.zeros(2, 3)) == 0).all()
    assert (gaussian_kl(MEAN, LOG_VARIANCE) > 0).all()


def test_closed_form_kl_equals_the_sampled_one_within_its_standard_error():
    draws = 20_000
    z = reparameterise(MEAN, LOG_VARIANCE, normal(draws, 6, 4, seed=2))
    sampled = POSTERIOR.log_prob(z) - PRIOR.log_prob(z)
    error = sampled.std(dim=0) / math.sqrt(draws)
    off = (sampled.mean(dim=0) - gaussian_kl(MEAN, LOG_VARIANCE)) / error
    assert off.abs().max() < 4
    assert 0.5 < off.square().mean() < 2, "the error should be of the size that chance gives it"


def test_likelihoods_are_those_of_torch_distributions():
    x, logits = torch.sigmoid(normal(5, 6, 3, seed=3)), normal(5, 6, 3, seed=4)
    binary = (x > 0.5).double()
    expected = D.Bernoulli(logits=logits).log_prob(binary).sum(dim=-1)
    torch.testing.assert_close(bernoulli_log_likelihood(binary, logits), expected)
    grey = x * torch.log(torch.sigmoid(logits)) + (1 - x) * torch.log(torch.sigmoid(-logits))
    torch.testing.assert_close(bernoulli_log_likelihood(x, logits), grey.sum(dim=-1))
    for log_variance in (torch.tensor(-1.0).double(), normal(3, seed=5), normal(5, 6, 3, seed=6)):
        gauss = D.Normal(logits, torch.exp(0.5 * log_variance)).log_prob(x).sum(dim=-1)
        torch.testing.assert_close(gaussian_log_likelihood(x, logits, log_variance), gauss)


def test_extreme_logits_stay_finite():
    x = torch.tensor([[0.0, 1.0, 0.5]])
    assert torch.isfinite(bernoulli_log_likelihood(x, torch.tensor([[1e4, -1e4, 1e4]]))).all()
    assert bernoulli_log_likelihood(x[:, :2], torch.tensor([[-1e4, 1e4]])).item() == 0


def test_draws_follow_mean_and_variance_and_let_gradients_through():
    noise = normal(50_000, 6, 4, seed=7)
    z = reparameterise(MEAN, LOG_VARIANCE, noise)
    torch.testing.assert_close(z.mean(dim=0), MEAN, atol=0.06, rtol=0)
    torch.testing.assert_close(z.var(dim=0), LOG_VARIANCE.exp(), rtol=0.05, atol=0)
    mean, log_variance = MEAN.clone().requires_grad_(), LOG_VARIANCE.clone().requires_grad_()
    reparameterise(mean, log_variance, noise[0]).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(MEAN))
    torch.testing.assert_close(log_variance.grad, 0.5 * torch.exp(0.5 * LOG_VARIANCE) * noise[0])


class LinearGaussian:
    """x = W z + b + noise (probabilistic PCA), for which log p(x) is known; and an encoder that is wrong on purpose."""

    def __init__(self, wrong=0.3):
        d, k, self.variance = 5, 2, 0.4
        self.W = torch.linalg.qr(normal(d, k, seed=8))[0] * torch.tensor([1.5, 0.7]).double()
        self.b = normal(d, seed=9)
        self.net = VariationalNet(nn.Linear(d, 2 * k), nn.Linear(k, d), "gaussian").double().eval()
        self.net.variance.fill_(self.variance)
        precision = self.W.T @ self.W / self.variance + torch.eye(k).double()  # of p(z|x), diagonal: columns are square
        A = torch.linalg.inv(precision) @ self.W.T / self.variance
        encoder, decoder = self.net.encoder, self.net.decoder
        with torch.no_grad():
            decoder.weight.copy_(self.W)
            decoder.bias.copy_(self.b)
            encoder.weight.zero_()
            encoder.weight[:k] = A
            encoder.bias[:k] = -A @ self.b + wrong
            encoder.bias[k:] = -precision.diagonal().log() + wrong
        self.x = normal(30, k, seed=10) @ self.W.T + self.b + math.sqrt(self.variance) * normal(30, d, seed=11)
        covariance = self.W @ self.W.T + self.variance * torch.eye(d)
        self.exact = torch.from_numpy(multivariate_normal(self.b.numpy(), covariance.numpy()).logpdf(self.x.numpy()))

    @torch.no_grad()
    def weights(self, draws, seed=12):
        mean, log_variance = self.net.encode(self.x)
        z = reparameterise(mean, log_variance, normal(draws, len(self.x), 2, seed=seed))
        self.likelihood = self.net.log_likelihood(self.x, z)
        self.kl = gaussian_kl(mean, log_variance).sum(dim=1)
        return log_weights(self.likelihood, z, mean, log_variance)


def test_with_the_exact_posterior_every_weight_is_the_evidence():
    model = LinearGaussian(wrong=0.0)
    torch.testing.assert_close(model.weights(7), model.exact.expand(7, -1))


def test_elbo_is_the_exact_evidence_minus_the_divergence_from_the_exact_posterior():
    model = LinearGaussian()
    weights = model.weights(10_000)
    bound = elbo(model.likelihood, model.kl)
    wrong = torch.tensor(0.3).double()  # posterior off by 0.3 in mean and in log variance
    precision = torch.tensor([1.5, 0.7]).double() ** 2 / model.variance + 1
    gap = 0.5 * (precision * wrong**2 + wrong.exp() - 1 - wrong).sum()
    torch.testing.assert_close(bound, model.exact - gap, atol=0.06, rtol=0)
    torch.testing.assert_close(weights.mean(dim=0), bound, atol=0.06, rtol=0)


def test_the_weighted_bound_rises_to_the_exact_evidence():
    model = LinearGaussian()
    means = {}
    weights = model.weights(8192)
    for k in (1, 4, 16, 256):
        repeats = [importance_weighted_bound(draws).mean() for draws in weights.split(k)]
        means[k] = torch.stack(repeats).mean().item()
    exact = model.exact.mean().item()
    assert means[1] < means[4] - 0.02 < means[16] - 0.03
    assert means[256] == pytest.approx(exact, abs=0.01)
    assert means[1] == pytest.approx((model.likelihood.mean(dim=0) - model.kl).mean().item(), abs=0.1)


def test_bounds_are_ordered_draw_for_draw_and_equal_at_one_draw():
    model = LinearGaussian()
    weights = model.weights(50)
    assert (importance_weighted_bound(weights) >= weights.mean(dim=0)).all(), "Jensen"
    one = model.weights(1)
    torch.testing.assert_close(importance_weighted_bound(one), one[0])
    # elbo() with the closed form differs from the one-draw weight by the sampled divergence only
    torch.testing.assert_close(elbo(model.likelihood, model.kl, beta=0.0), model.likelihood[0])
    torch.testing.assert_close(elbo(model.likelihood, model.kl, beta=3.0), model.likelihood[0] - 3 * model.kl)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_gradients_of_the_elbo_agree_with_finite_differences(likelihood):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 6))
        decoder = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5))
    net = VariationalNet(encoder, decoder, likelihood).double().eval()
    x, noise = torch.sigmoid(normal(7, 5, seed=13)), normal(2, 7, 3, seed=14)

    def bound():
        mean, log_variance = net.encode(x)
        z = reparameterise(mean, log_variance, noise)
        return elbo(net.log_likelihood(x, z), gaussian_kl(mean, log_variance).sum(dim=1)).mean()

    bound().backward()
    step = 1e-5
    for weights in net.parameters():
        numeric = torch.zeros_like(weights)
        with torch.no_grad():
            for place in np.ndindex(*weights.shape):
                kept = weights[place].item()
                weights[place] = kept + step
                above = bound()
                weights[place] = kept - step
                numeric[place] = (above - bound()) / (2 * step)
                weights[place] = kept
        torch.testing.assert_close(weights.grad, numeric, rtol=1e-6, atol=1e-8)
        assert weights.grad.abs().max() > 1e-4


def test_variances_stay_where_their_logarithms_are_finite():
    net = VariationalNet(nn.Identity(), nn.Identity(), "gaussian").double()
    mean, log_variance = net.encode(torch.tensor([[3.0, 1e6, -1e6, 1e6]]).double())
    assert mean.tolist() == [[3.0, 1e6]]
    assert log_variance.tolist() == [[-12.0, 12.0]]
    x = torch.ones(4, 2).double()
    for _ in range(400):  # rows that are rebuilt without any error
        value = net.log_likelihood(x, x)
    assert net.variance.item() == pytest.approx(1e-6)
    assert torch.isfinite(value).all()


def test_free_bits_charge_the_mean_of_each_unit_or_the_floor():
    kl = torch.tensor([[0.0, 2.0], [0.2, 4.0]])
    assert free_bits_kl(kl, 0.0).item() == pytest.approx(kl.sum(dim=1).mean().item())
    assert free_bits_kl(kl, 0.5).item() == pytest.approx(0.5 + 3.0)
    kl.requires_grad_()
    free_bits_kl(kl, 0.5).backward()
    assert kl.grad[:, 0].abs().max() == 0, "below the floor nothing presses"
    assert (kl.grad[:, 1] == 0.5).all()


def test_annealing_rises_in_equal_steps_from_nothing():
    assert [annealed_beta(2.0, epoch, 4) for epoch in range(1, 7)] == [0, 0.5, 1, 1.5, 2, 2]
    assert annealed_beta(2.0, 1, 0) == 2.0
