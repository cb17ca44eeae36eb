"""Convolutional encoders and decoders for rows that are images.

The rows stay flat, shape (n, channels * height * width), on both sides: a detector hands its rows over as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from torch import nn

from course_lib.core.parameters import is_whole
from course_lib.deep.networks import ACTIVATIONS

KERNEL, STRIDE, PADDING = 3, 2, 1  # each layer halves height and width, rounding up


def check_image_shape(image_shape: Any, n_features: int) -> tuple[int, int, int]:
    """The shape (channels, height, width) of the image that a row of `n_features` holds.

    Parameters
    ----------
    image_shape : (int, int, int) or None
        None takes a square grey image if `n_features` is a square number, else one line of pixels.
    n_features : int

    Raises
    ------
    ValueError
        If it is not three whole numbers of at least 1, or does not hold `n_features` values.
    """
    if image_shape is None:
        side = math.isqrt(n_features)
        return (1, side, side) if side * side == n_features else (1, 1, n_features)
    lengths = tuple(image_shape) if np.ndim(image_shape) == 1 else ()
    if len(lengths) != 3 or not all(is_whole(length, 1) for length in lengths):
        raise ValueError(f"image_shape must be (channels, height, width) such as (1, 28, 28), but is {image_shape!r}.")
    if math.prod(lengths) != n_features:
        raise ValueError(
            f"image_shape {lengths} holds {math.prod(lengths)} values, but a row of X has {n_features}: "
            "pass (channels, height, width) of the images that the rows hold."
        )
    channels, height, width = (int(length) for length in lengths)
    return channels, height, width


def conv_encoder(
    image_shape: tuple[int, int, int], channels: Sequence[int], n_outputs: int, activation: str = "relu"
) -> nn.Sequential:
    """Strided convolutions, then one linear layer: flat images (n, c * h * w) to numbers (n, n_outputs).

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height and width of an image.
    channels : sequence of int
        Channels after each convolution; each halves height and width, rounding up.
    n_outputs : int
    activation : str
        One of :data:`course_lib.deep.networks.ACTIVATIONS`, after each convolution; the output is linear.
    """
    bend = _check_layers(channels, n_outputs, activation)
    layers: list[nn.Module] = [nn.Unflatten(1, image_shape)]
    for n_in, n_out in pairwise([image_shape[0], *channels]):
        layers += [nn.Conv2d(n_in, n_out, KERNEL, STRIDE, PADDING), bend()]
    height, width = _sizes(image_shape, len(channels))[-1]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * height * width, n_outputs))


def conv_decoder(
    image_shape: tuple[int, int, int], channels: Sequence[int], n_inputs: int, activation: str = "relu"
) -> nn.Sequential:
    """The mirror image of :func:`conv_encoder`: numbers (n, n_inputs) to flat images (n, c * h * w), linear at the end.

    Parameters
    ----------
    image_shape, activation
        As for the encoder.
    channels : sequence of int
        Those of the encoder, in the encoder's order; they are gone through backwards.
    n_inputs : int
    """
    bend = _check_layers(channels, n_inputs, activation)
    sizes = _sizes(image_shape, len(channels))
    first = (channels[-1], *sizes[-1])
    layers: list[nn.Module] = [nn.Linear(n_inputs, math.prod(first)), bend(), nn.Unflatten(1, first)]
    for level in range(len(channels), 0, -1):
        n_out = image_shape[0] if level == 1 else channels[level - 2]
        # An even and an odd length are halved to the same: say which one to go back to.
        height, width = sizes[level - 1]
        even = (1 - height % 2, 1 - width % 2)
        layers += [nn.ConvTranspose2d(channels[level - 1], n_out, KERNEL, STRIDE, PADDING, even), bend()]
    return nn.Sequential(*layers[:-1], nn.Flatten())


def _sizes(image_shape: tuple[int, int, int], levels: int) -> list[tuple[int, int]]:
    """Height and width before each of the convolutions and after the last."""
    sizes = [image_shape[1:]]
    for _ in range(levels):
        height, width = sizes[-1]
        sizes.append(((height + 1) // STRIDE, (width + 1) // STRIDE))
    return sizes


def _check_layers(channels: Sequence[int], ends: int, activation: str) -> type[nn.Module]:
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, but is {activation!r}.")
    if np.ndim(channels) != 1 or len(channels) == 0 or not all(is_whole(count, 1) for count in channels):
        raise ValueError(f"channels must be whole numbers of at least 1 such as (16, 32), but are {channels!r}.")
    if not is_whole(ends, 1):
        raise ValueError(f"layer sizes must be whole numbers of at least 1, but one is {ends!r}.")
    return ACTIVATIONS[activation]
