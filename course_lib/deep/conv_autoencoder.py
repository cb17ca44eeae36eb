"""The convolutional autoencoder: the hourglass of lesson 10 for images, whose neighbouring pixels belong together."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from course_lib.core.thresholds import ThresholdRule
from course_lib.deep.autoencoder import Autoencoder
from course_lib.deep.images import check_image_shape, conv_decoder, conv_encoder


class ConvAutoencoder(Autoencoder):
    """Convolutional autoencoder; the score is the mean squared reconstruction error of an image.

    Rows stay flat, shape (n, channels * height * width); `encode` and `reconstruct` work as in
    :class:`course_lib.deep.autoencoder.Autoencoder`.

    Parameters
    ----------
    image_shape : (int, int, int) or None
        Channels, height, width; None takes a square grey image if the number of features is a square, else one line.
    channels : tuple of int
        After each convolution of the encoder, which halves height and width; the decoder mirrors them.
    latent_size : int
        Width of the bottleneck.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "identity"}
        Between layers; latent code and output are linear.
    epochs, batch_size, learning_rate, weight_decay, validation_share, patience, scaling, checkpoint, resume, device,
    random_state, verbose, threshold
        See :class:`course_lib.deep.training.DeepDetector`.

    References
    ----------
    Masci, Meier, Ciresan and Schmidhuber, 2011, Stacked Convolutional Auto-Encoders for Hierarchical Feature
    Extraction.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int] | None = None,
        channels: tuple[int, ...] = (16, 32),
        latent_size: int = 32,
        activation: str = "relu",
        epochs: int = 15,
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

    def build(self, n_features: int) -> nn.Module:
        """The convolutional encoder and its mirror image."""
        shape = check_image_shape(self.image_shape, n_features)
        encoder = conv_encoder(shape, self.channels, self.latent_size, self.activation)
        decoder = conv_decoder(shape, self.channels, self.latent_size, self.activation)
        return nn.Sequential(OrderedDict(encoder=encoder, decoder=decoder))
