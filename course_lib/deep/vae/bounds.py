"""The terms of the evidence lower bound, and the tighter bound of several weighted draws.

Likelihoods sum over the last axis, the features, and keep the axes before it, so that draws of shape (n_samples, n, d)
pass through as they are. All values are in nats.
"""

from __future__ import annotations

import math

import torch
from torch import nn


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of N(mean, exp(log_variance)) from N(0, 1), by latent unit.

    Parameters
    ----------
    mean, log_variance : tensor, shape (..., latent_size)

    Returns
    -------
    tensor, shape (..., latent_size)
        Sum over the last axis for the divergence of the whole code.

    References
    ----------
    Kingma and Welling, 2014, Auto-Encoding Variational Bayes, appendix B.
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)


def bernoulli_log_likelihood(x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """log p(x) of values in [0, 1] under Bernoulli(sigmoid(logits)), summed over the features, shape (...,).

    For grey values this is the expected log-likelihood of a pixel that is white with probability x; its largest value
    is then minus the entropy of x and not 0. Computed from logits, so that no logarithm of 0 can occur.
    """
    return -nn.functional.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)


def gaussian_log_likelihood(x: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """log density of x under N(mean, exp(log_variance)), summed over the features, shape (...,).

    `log_variance` broadcasts: one number for all features, one for each, or one for each row and feature.
    """
    squares = (x - mean) ** 2 * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(dim=-1)


def reparameterise(mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """A draw from N(mean, exp(log_variance)) as a function of standard normal `noise`, through which gradients flow."""
    return mean + torch.exp(0.5 * log_variance) * noise


def elbo(log_likelihood: torch.Tensor, kl: torch.Tensor, beta: float = 1.0) -> torch.Tensor:
    """Evidence lower bound from draws: the mean over draws of log p(x|z), minus beta times the divergence.

    Parameters
    ----------
    log_likelihood : tensor, shape (n_samples, n)
        log p(x | z_k) of each draw z_k from the encoder's q(z | x).
    kl : tensor, shape (n,)
    beta : float
        1 for the bound itself (Higgins et al., 2017, beta-VAE, weigh the divergence otherwise).

    Returns
    -------
    tensor, shape (n,)
    """
    return log_likelihood.mean(dim=0) - beta * kl


def log_weights(
    log_likelihood: torch.Tensor, z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor
) -> torch.Tensor:
    """log p(x|z) + log p(z) - log q(z|x) of draws z, shape (n_samples, n).

    Parameters
    ----------
    log_likelihood : tensor, shape (n_samples, n)
    z : tensor, shape (n_samples, n, latent_size)
    mean, log_variance : tensor, shape (n, latent_size)
    """
    zero = torch.zeros((), dtype=z.dtype, device=z.device)
    prior = gaussian_log_likelihood(z, zero, zero)
    return log_likelihood + prior - gaussian_log_likelihood(z, mean, log_variance)


def importance_weighted_bound(weights: torch.Tensor) -> torch.Tensor:
    """log of the mean weight: a lower bound of log p(x) that rises to it with the number of draws.

    Parameters
    ----------
    weights : tensor, shape (n_samples, n)
        From :func:`log_weights`.

    Returns
    -------
    tensor, shape (n,)

    References
    ----------
    Burda, Grosse and Salakhutdinov, 2016, Importance Weighted Autoencoders.
    """
    return torch.logsumexp(weights, dim=0) - math.log(len(weights))
