"""The two players of a GAN, dense or convolutional: rows stay flat, shape (n, n_features), on both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from course_lib.deep.gan.spectral import normalise
from course_lib.deep.images import check_image_shape, conv_decoder, conv_encoder
from course_lib.deep.networks import mlp


class Sigmoid(nn.Module):
    """1 / (1 + exp(-x)) by way of the hyperbolic tangent.

    torch.sigmoid rounds the last few values of a tensor otherwise than the rest: a row's score would depend on where
    in the batch it stands.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Values from 0 to 1, the shape of x."""
        return (1 + torch.tanh(x / 2)) / 2


OUTPUTS = {"sigmoid": Sigmoid, "tanh": nn.Tanh, "linear": nn.Identity}
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "linear": (float("-inf"), float("inf"))}
JOINT = 128  # features of a row, of a code and of both in a discriminator of pairs
SLOPE = 0.2  # of the leaky rectifier, as in the DCGAN (Radford, Metz and Chintala, 2016)


class Players(nn.Module):
    """The networks of an adversarial model, by name."""

    def __init__(self, **networks: nn.Module):
        super().__init__()
        for name, network in networks.items():
            self.add_module(name, network)


class Generator(nn.Module):
    """From latent numbers, shape (n, latent_size), to rows, shape (n, n_features).

    Parameters
    ----------
    n_features, latent_size : int
    architecture : {"dense", "conv"}
    sizes : tuple of int
        Widths (dense) or channels (conv) in the discriminator's order; the generator goes through them backwards.
    output : {"sigmoid", "tanh", "linear"}
        The last function, and with it the range of every generated value.
    image_shape : (int, int, int) or None
        Of a row, for "conv".
    """

    def __init__(
        self,
        n_features: int,
        latent_size: int,
        architecture: str,
        sizes: tuple[int, ...],
        output: str = "sigmoid",
        image_shape: tuple[int, int, int] | None = None,
    ):
        super().__init__()
        if architecture == "conv":
            body = conv_decoder(check_image_shape(image_shape, n_features), sizes, latent_size)
        else:
            body = mlp([latent_size, *sizes[::-1], n_features], "relu")
        self.layers = nn.Sequential(*body, OUTPUTS[output]())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Generated rows, shape (n, n_features)."""
        return self.layers(z)


class Discriminator(nn.Module):
    """From rows, shape (n, n_features), to features, shape (n, k), and from these to a verdict, shape (n,).

    Parameters
    ----------
    n_features, architecture, sizes, image_shape
        As for the generator.
    spectral : bool
        Divide each weight matrix by its largest singular value (Miyato, Kataoka, Koyama and Yoshida, 2018, Spectral
        Normalization for Generative Adversarial Networks), so that no layer stretches a difference by more than 1.
    """

    def __init__(
        self,
        n_features: int,
        architecture: str,
        sizes: tuple[int, ...],
        image_shape: tuple[int, int, int] | None = None,
        spectral: bool = False,
    ):
        super().__init__()
        layers = encoder_layers(n_features, 1, architecture, sizes, image_shape)
        layers = normalise(*layers) if spectral else layers
        self.body, self.head = layers[:-1], layers[-1]

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the last layer but one sees in the rows, shape (n, k)."""
        return self.body(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The verdict as a logit, shape (n,): high means real."""
        return self.head(self.body(x)).squeeze(1)


class JointDiscriminator(nn.Module):
    """A discriminator of pairs: rows (n, n_features) and codes (n, latent_size) side by side in one tensor.

    Parameters
    ----------
    n_features, latent_size, architecture, sizes, image_shape, spectral
        As for generator and discriminator.
    """

    def __init__(
        self,
        n_features: int,
        latent_size: int,
        architecture: str,
        sizes: tuple[int, ...],
        image_shape: tuple[int, int, int] | None = None,
        spectral: bool = False,
    ):
        super().__init__()
        self.n_features = n_features
        steady = normalise if spectral else nn.Sequential
        self.rows = steady(*encoder_layers(n_features, JOINT, architecture, sizes, image_shape), _bend())
        self.codes = steady(nn.Linear(latent_size, JOINT), _bend())
        self.both = steady(nn.Linear(2 * JOINT, JOINT), _bend())
        self.head = steady(nn.Linear(JOINT, 1))

    def features(self, pairs: torch.Tensor) -> torch.Tensor:
        """What the last layer but one sees in the pairs, shape (n, k)."""
        x, z = pairs[:, : self.n_features], pairs[:, self.n_features :]
        return self.both(torch.cat([self.rows(x), self.codes(z)], dim=1))

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """The verdict as a logit, shape (n,): high means a real row and its code."""
        return self.head(self.features(pairs)).squeeze(1)


def encoder_layers(
    n_features: int,
    n_outputs: int,
    architecture: str,
    sizes: tuple[int, ...],
    image_shape: tuple[int, int, int] | None = None,
) -> nn.Sequential:
    """Layers from rows (n, n_features) to (n, n_outputs), linear at the end, leaky rectifiers before."""
    if architecture == "conv":
        shape = check_image_shape(image_shape, n_features)
        layers = conv_encoder(shape, sizes, n_outputs, "leaky_relu")
    else:
        layers = mlp([n_features, *sizes, n_outputs], "leaky_relu")
    for layer in layers:
        if isinstance(layer, nn.LeakyReLU):
            layer.negative_slope = SLOPE
    return layers


def _bend() -> nn.LeakyReLU:
    return nn.LeakyReLU(SLOPE)


@torch.no_grad()
def follow(average: nn.Module, player: nn.Module, memory: float, steps: int) -> None:
    """Move the weights of `average` towards those of `player` by a share ``1 - memory``, after its step number `steps`.

    The first steps move it further, so that it forgets the random start: step 1 by 9/10, step 9 by a half.
    """
    share = max(1 - memory, 9 / (9 + steps))
    for slow, fast in zip(average.parameters(), player.parameters(), strict=True):
        slow.lerp_(fast, share)


@contextlib.contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """Inside the block the modules' weights collect no gradients; gradients still pass through to what came before."""
    weights = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    try:
        for weight in weights:
            weight.requires_grad_(False)
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)
