"""Variational autoencoders: bounds, network, scores, detectors, and what to do when the code collapses."""

from course_lib.deep.vae.bounds import (
    bernoulli_log_likelihood,
    elbo,
    gaussian_kl,
    gaussian_log_likelihood,
    importance_weighted_bound,
    log_weights,
    reparameterise,
)
from course_lib.deep.vae.collapse import active_units
from course_lib.deep.vae.convolutional import ConvVAE
from course_lib.deep.vae.dense import VAE

__all__ = [
    "VAE",
    "ConvVAE",
    "active_units",
    "bernoulli_log_likelihood",
    "elbo",
    "gaussian_kl",
    "gaussian_log_likelihood",
    "importance_weighted_bound",
    "log_weights",
    "reparameterise",
]
