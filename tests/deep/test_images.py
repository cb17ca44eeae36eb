"""Convolutional encoders and decoders: shapes for all sizes, who sees whom, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.deep.images import check_image_shape, conv_decoder, conv_encoder


def test_image_shapes_that_fit():
    assert check_image_shape((1, 28, 28), 784) == (1, 28, 28)
    assert check_image_shape([3, np.int64(2), 5], 30) == (3, 2, 5)
    assert check_image_shape(None, 64) == (1, 8, 8)
    assert check_image_shape(None, 10) == (1, 1, 10)
    assert check_image_shape(None, 1) == (1, 1, 1)


@pytest.mark.parametrize(
    ("shape", "fragment"),
    [
        ((1, 8, 8), "image_shape (1, 8, 8) holds 64 values, but a row of X has 784"),
        ((28, 28), "must be (channels, height, width)"),
        (784, "must be (channels, height, width)"),
        ((1, 28.0, 28), "must be (channels, height, width)"),
        ((0, 28, 28), "must be (channels, height, width)"),
        ((True, 28, 28), "must be (channels, height, width)"),
    ],
)
def test_image_shapes_that_do_not(shape, fragment, refuses):
    with refuses(fragment):
        check_image_shape(shape, 784)


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 7, 5), (2, 1, 9), (1, 1, 1), (1, 6, 13)])
@pytest.mark.parametrize("channels", [(3,), (4, 6), (2, 3, 4)])
def test_rows_come_back_in_their_size(shape, channels):
    rows = torch.rand(5, int(np.prod(shape)))
    codes = conv_encoder(shape, channels, 7)(rows)
    assert codes.shape == (5, 7)
    assert conv_decoder(shape, channels, 7)(codes).shape == rows.shape


def test_the_decoder_mirrors_the_encoder():
    encoder, decoder = conv_encoder((1, 28, 28), (16, 32), 10, "tanh"), conv_decoder((1, 28, 28), (16, 32), 10, "tanh")
    down = [(m.in_channels, m.out_channels) for m in encoder if isinstance(m, nn.Conv2d)]
    up = [(m.in_channels, m.out_channels) for m in decoder if isinstance(m, nn.ConvTranspose2d)]
    assert down == [(1, 16), (16, 32)]
    assert up == [(32, 16), (16, 1)]
    assert encoder[-1].in_features == decoder[0].out_features == 32 * 7 * 7
    assert sum(isinstance(m, nn.Tanh) for m in [*encoder, *decoder]) == 2 + 2
    assert isinstance(encoder[-1], nn.Linear)
    assert isinstance(decoder[-2], nn.ConvTranspose2d), "the output is linear"


def test_a_pixel_reaches_only_its_neighbourhood():
    convolutions = conv_encoder((1, 28, 28), (4,), 3)[:3]
    with torch.no_grad():
        rows = torch.zeros(1, 784)
        before = convolutions(rows)
        rows[0, 28 * 14 + 14] = 1
        changed = (convolutions(rows) - before).abs().sum(dim=(0, 1)).nonzero()
    assert len(changed) <= 4
    assert (changed - 7).abs().max() <= 1


def test_what_the_builders_refuse(refuses):
    for build in (conv_encoder, conv_decoder):
        with refuses("channels must be whole numbers of at least 1"):
            build((1, 8, 8), (), 2)
        with refuses("channels must be whole numbers of at least 1"):
            build((1, 8, 8), (4, 0), 2)
        with refuses("activation must be one of relu"):
            build((1, 8, 8), (4,), 2, "swish")
        with refuses("layer sizes must be whole numbers"):
            build((1, 8, 8), (4,), 0)
