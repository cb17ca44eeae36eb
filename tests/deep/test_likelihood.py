"""Typicality and input complexity: what they are, and that they mend a likelihood that prefers flat images."""

import zlib

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.deep.likelihood import complexity_corrected, compressed_bits, typicality

rng = np.random.default_rng(0)
NOISE, FLAT = rng.random((40, 64)), np.repeat(rng.random((40, 1)), 64, axis=1)


def test_typicality_is_the_distance_from_the_mean_of_the_normal_ones():
    np.testing.assert_allclose(typicality([3.0, 10.0, -4.0], [2.0, 4.0]), [0.0, 7.0, 7.0])
    # too likely is as strange as too unlikely
    assert (
        auroc(np.r_[np.zeros(50), np.ones(50)], typicality(np.r_[rng.normal(0, 1, 50), -5 * np.ones(50)], [0.0])) > 0.99
    )


def test_bits_of_flat_striped_and_random_images():
    stripes = np.tile(np.repeat([0.0, 1.0], 4), (1, 8))
    flat, striped, noisy = (compressed_bits(rows)[0] for rows in (FLAT, stripes, NOISE))
    assert flat < striped < noisy
    assert noisy >= 8 * 64, "random bytes cannot be packed"
    assert (compressed_bits(NOISE) % 8 == 0).all()


def test_bits_are_never_more_than_plain_deflate_and_gain_from_differences():
    ramp = np.tile(np.arange(16) / 255, 16)[None, :] + np.repeat(np.arange(16) * 7 / 255, 16)
    for rows in (NOISE, FLAT, ramp):
        plain = [8 * (len(zlib.compress(np.rint(row * 255).astype(np.uint8).tobytes(), 9)) - 6) for row in rows]
        assert (compressed_bits(rows) <= plain).all()
    assert compressed_bits(ramp)[0] < 0.7 * plain[0], "a ramp is one constant difference"


def test_differences_count_in_both_directions():
    """Each column climbs at a pace of its own: constant downwards, irregular to the right; turned, the reverse."""
    start, pace = np.random.default_rng(1).integers(0, 16, size=(2, 16))
    picture = (start + np.arange(16)[:, None] * pace) / 255
    down, right = compressed_bits(np.stack([picture.ravel(), picture.T.ravel()]))
    pixels = np.rint(picture * 255).astype(np.uint8)
    for packed, plain in ((down, pixels), (right, pixels.T)):
        assert packed < 0.5 * 8 * (len(zlib.compress(plain.tobytes(), 9)) - 6)


def test_pixels_are_rounded_to_the_nearest_level():
    steps = np.tile(np.arange(4) / 3, (1, 16))  # 0, 1, 2, 3 in thirds, which no float holds
    nudged = np.clip(steps + 0.1 * np.random.default_rng(0).uniform(-1, 1, steps.shape), 0, 1)
    assert compressed_bits(nudged, levels=4)[0] == compressed_bits(steps, levels=4)[0]
    extremes = np.random.default_rng(0).integers(0, 2, size=(1, 64)).astype(float)
    assert compressed_bits(extremes) == compressed_bits(extremes, levels=2), "black and white at any number of levels"


def test_levels_and_shape_matter():
    assert (compressed_bits(NOISE, levels=2) < 0.5 * compressed_bits(NOISE)).all()
    rows = rng.permuted(np.tile(np.linspace(0, 1, 32), (3, 1)), axis=1).repeat(2, axis=1)
    assert (compressed_bits(rows, (1, 1, 64)) != compressed_bits(rows, (1, 8, 8))).any()
    assert (compressed_bits(rows, (1, 32, 2)) > 0).all()


def test_the_correction_is_bits_of_the_model_beyond_those_of_the_compressor():
    np.testing.assert_allclose(complexity_corrected([np.log(2) * 10, 0.0], [4.0, 6.0]), [6.0, -6.0])


def test_a_likelihood_that_prefers_flat_images_is_mended():
    """Normal: noise around a pattern. A Gaussian with the right mean finds flat images likelier than its noise."""
    normal = np.clip(0.5 + 0.25 * rng.normal(size=(100, 64)), 0, 1)
    flat = np.full((50, 64), 0.5) + 0.001 * rng.normal(size=(50, 1))
    y, rows = np.r_[np.zeros(100), np.ones(50)], np.r_[normal, flat]
    nll = (0.5 * ((rows - 0.5) / 0.25) ** 2 + np.log(0.25 * np.sqrt(2 * np.pi)) + np.log(255)).sum(axis=1)
    assert auroc(y, nll) == 0, "every flat image is likelier than every normal one"
    assert auroc(y, complexity_corrected(nll, compressed_bits(rows))) > 0.99
    assert auroc(y, typicality(nll, nll[:50])) > 0.99


def test_what_is_refused(refuses):
    with refuses("values from 0 to 1, but X runs from"):
        compressed_bits(NOISE * 255)
    with refuses("images as rows"):
        compressed_bits(NOISE[0])
    for levels in (1, 2.5, 257):
        with refuses("levels must be a whole number from 2 to 256"):
            compressed_bits(NOISE, levels=levels)
    with refuses("holds 784 values, but a row of X has 64"):
        compressed_bits(NOISE, (1, 28, 28))
    with refuses("each likelihood needs the bits of its own image".capitalize()):
        complexity_corrected([1.0, 2.0], [3.0])
    with pytest.raises(ValueError, match="finite"):
        typicality([np.nan], [1.0])
