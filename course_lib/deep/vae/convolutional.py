"""The variational autoencoder with convolutions, for images."""

from __future__ import annotations

from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.images import check_image_shape, conv_decoder, conv_encoder
from course_lib.deep.vae.detector import VariationalDetector


class ConvVAE(VariationalDetector):
    """Convolutional variational autoencoder for images; the rows stay flat, (n, channels * height * width).

    Parameters
    ----------
    image_shape : (int, int, int) or None
        Channels, height, width; None takes a square grey image if the number of features is a square, else one line.
    channels : tuple of int
        After each convolution of the encoder, which halves height and width; the decoder mirrors them.
    latent_size, activation, beta, decoder, scoring, n_samples, annealing, free_bits
        See :class:`course_lib.deep.vae.dense.VAE`.
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
        image_shape: tuple[int, int, int] | None = None,
        channels: tuple[int, ...] = (16, 32),
        latent_size: int = 32,
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
        scaling: str | None = None,
        checkpoint: str | None = None,
        resume: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: bool = True,
        threshold: ThresholdRule | None = None,
    ):
        self.image_shape = image_shape
        self.channels = channels
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
        """Strided convolutions down to mean and log variance, and their mirror image up from a code."""
        shape = check_image_shape(self.image_shape, n_features)
        encoder = conv_encoder(shape, self.channels, 2 * self.latent_size, self.activation)
        return encoder, conv_decoder(shape, self.channels, self.latent_size, self.activation)
