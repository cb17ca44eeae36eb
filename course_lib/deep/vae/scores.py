"""Four ways to turn a variational autoencoder into an anomaly score; all of them are higher for stranger rows.

The draws of z use the same noise for every row, so that the score of a row does not depend on its neighbours.
"""

from __future__ import annotations

import torch

from course_lib.deep.vae.bounds import elbo, gaussian_kl, importance_weighted_bound, log_weights, reparameterise
from course_lib.deep.vae.network import VariationalNet

SCORES = ("reconstruction", "reconstruction_probability", "elbo", "log_likelihood")


def row_scores(net: VariationalNet, x: torch.Tensor, noise: torch.Tensor, scoring: str, beta: float) -> torch.Tensor:
    """Anomaly scores of rows.

    Parameters
    ----------
    net : VariationalNet
    x : tensor, shape (n, n_features)
    noise : tensor, shape (n_samples, latent_size)
        Standard normal.
    scoring : {"reconstruction", "reconstruction_probability", "elbo", "log_likelihood"}
        Mean squared error of the reconstruction from the mean code (no draws); minus the mean of log p(x|z) over draws
        (An and Cho, 2015, Variational Autoencoder Based Anomaly Detection Using Reconstruction Probability); that plus
        beta times the divergence; or minus the importance-weighted bound of log p(x).
    beta : float
        Weight of the divergence in "elbo".

    Returns
    -------
    tensor, shape (n,)
    """
    if scoring == "reconstruction":
        return _squared_error(net, x, net.encode(x)[0])
    mean, log_variance = net.encode(x)
    z, log_likelihood = _draws(net, x, mean, log_variance, noise)
    if scoring == "log_likelihood":
        return -importance_weighted_bound(log_weights(log_likelihood, z, mean, log_variance))
    kl = gaussian_kl(mean, log_variance).sum(dim=1)
    return -elbo(log_likelihood, kl, beta if scoring == "elbo" else 0.0)


def draw_scores(net: VariationalNet, x: torch.Tensor, noise: torch.Tensor, scoring: str, beta: float) -> torch.Tensor:
    """The same scores from each draw alone, shape (n_samples, n): their spread says how sure a score is."""
    mean, log_variance = net.encode(x)
    z, log_likelihood = _draws(net, x, mean, log_variance, noise)
    if scoring == "reconstruction":
        return torch.stack([_squared_error(net, x, draw) for draw in z])
    if scoring == "log_likelihood":
        return -log_weights(log_likelihood, z, mean, log_variance)
    kl = gaussian_kl(mean, log_variance).sum(dim=1)
    return (beta * kl if scoring == "elbo" else 0.0) - log_likelihood


def _draws(
    net: VariationalNet, x: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    z = reparameterise(mean, log_variance, noise[:, None, :])
    # Draw by draw: all at once would hold n_samples images of every row.
    return z, torch.stack([net.log_likelihood(x, draw) for draw in z])


def _squared_error(net: VariationalNet, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return ((net.expected(z) - x) ** 2).mean(dim=-1)
