"""Generative adversarial networks as detectors: one file for each player's part and each way to score."""

from course_lib.deep.gan.anogan import AnoGAN
from course_lib.deep.gan.bigan import BiGAN
from course_lib.deep.gan.f_anogan import FAnoGAN
from course_lib.deep.gan.gan import GAN
from course_lib.deep.gan.ganomaly import GANomaly
from course_lib.deep.gan.latent_search import SearchResult, search_latent, search_loss, warm_starts
from course_lib.deep.gan.losses import discriminator_loss, generator_loss, gradient_penalty
from course_lib.deep.gan.modes import recall_of_modes, ring_of_gaussians

__all__ = [
    "GAN",
    "AnoGAN",
    "BiGAN",
    "FAnoGAN",
    "GANomaly",
    "SearchResult",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "recall_of_modes",
    "ring_of_gaussians",
    "search_latent",
    "search_loss",
    "warm_starts",
]
