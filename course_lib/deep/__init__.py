"""Detectors that are neural networks, on one training loop."""

from course_lib.deep.autoencoder import Autoencoder
from course_lib.deep.conv_autoencoder import ConvAutoencoder
from course_lib.deep.gan import (
    GAN,
    AnoGAN,
    BiGAN,
    FAnoGAN,
    GANomaly,
    SearchResult,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    recall_of_modes,
    ring_of_gaussians,
    search_latent,
    search_loss,
    warm_starts,
)
from course_lib.deep.pretrained import load_pretrained
from course_lib.deep.series import LSTMVAE, USAD, Forecaster, LSTMAutoencoder, SeriesDetector, TransformerAutoencoder
from course_lib.deep.training import DeepDetector
from course_lib.deep.transformation_score import TransformationScore
from course_lib.deep.vae import VAE, ConvVAE

__all__ = [
    "GAN",
    "LSTMVAE",
    "USAD",
    "VAE",
    "AnoGAN",
    "Autoencoder",
    "BiGAN",
    "ConvAutoencoder",
    "ConvVAE",
    "DeepDetector",
    "FAnoGAN",
    "Forecaster",
    "GANomaly",
    "LSTMAutoencoder",
    "SearchResult",
    "SeriesDetector",
    "TransformationScore",
    "TransformerAutoencoder",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "load_pretrained",
    "recall_of_modes",
    "ring_of_gaussians",
    "search_latent",
    "search_loss",
    "warm_starts",
]
