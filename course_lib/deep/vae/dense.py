"""The dense variational autoencoder: normal rows get a probability, and strange ones little of it."""

from __future__ import annotations

import numpy as np
from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.networks import mlp
from course_lib.deep.vae.detector import VariationalDetector


class VAE(VariationalDetector):
    """Dense variational autoencoder.

    Training maximises the evidence lower bound of log p(x) (with ``beta=1``; Higgins et al., 2017, weigh its divergence
    otherwise), with the noise of each code drawn so that gradients pass (the reparameterisation).

    Parameters
    ----------
    hidden_sizes : tuple of int
        Widths of the encoder's layers; the decoder mirrors them.
    latent_size : int
    activation : {"relu", "leaky_relu", "gelu", "tanh", "identity"}
    beta : float
        Weight of the divergence between code and prior.
    decoder : {"gaussian", "bernoulli"}
        What a code says about a row: normal features with one learnt variance, or chances for values in [0, 1].
    scoring : {"elbo", "log_likelihood", "reconstruction_probability", "reconstruction"}
        See :func:`course_lib.deep.vae.scores.row_scores`.
    n_samples : int
        Draws of z for each row when scoring.
    annealing : int
        Over so many epochs the weight of the divergence rises from 0 to `beta`.
    free_bits : float
        Nats of divergence that each latent unit has for nothing in training.
    epochs, batch_size, learning_rate, weight_decay, validation_share, patience, scaling, checkpoint, resume, device,
    random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    References
    ----------
    Kingma and Welling, 2014, Auto-Encoding Variational Bayes.
    Rezende, Mohamed and Wierstra, 2014, Stochastic Backpropagation and Approximate Inference in Deep Generative Models.
    Rybkin, Daniilidis and Levine, 2021, Simple and Effective VAE Training with Calibrated Decoders.
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (64, 32),
        latent_size: int = 8,
        activation: str = "gelu",
        beta: float = 1.0,
        decoder: str = "gaussian",
        scoring: str = "elbo",
        n_samples: int = 8,
        annealing: int = 0,
        free_bits: float = 0.0,
        epochs: int = 30,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        validation_share: float = 0.1,
        patience: int | None = None,
        scaling: str | None = "standard",
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.activation = activation
        self.beta = beta
        self.decoder = decoder
        self.scoring = scoring
        self.n_samples = n_samples
        self.annealing = annealing
        self.free_bits = free_bits
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_share = validation_share
        self.patience = patience
        self.scaling = scaling
        self.checkpoint = checkpoint
        self.resume = resume
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.threshold = threshold

    def coders(self, n_features: int) -> tuple[nn.Module, nn.Module]:
        """Dense layers down to mean and log variance, and up again from a code."""
        if np.ndim(self.hidden_sizes) != 1:
            raise ValueError(f"hidden_sizes must be a tuple of widths such as (64, 32), but is {self.hidden_sizes!r}.")
        down = [n_features, *self.hidden_sizes]
        encoder = mlp([*down, 2 * self.latent_size], self.activation)
        return encoder, mlp([self.latent_size, *down[::-1]], self.activation)
