"""Checks of tasks 13.10 and 13.11: encoders that replace the search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.gans import references as reference


@task(
    "13.10",
    "Teach an encoder to search",
    passed="Dozens or hundreds of steps for each image have become one pass, which the encoder learns once.",
)
def izi_f_loss(answer: Callable[..., Any]) -> None:
    """Image to latent to image, in pixels and in the discriminator's features."""
    draw = rng()
    n, d, k, f = int(draw.integers(6, 11)), 7, 3, 5
    encoder, generator, features = (reference.small_net(draw, *sizes) for sizes in ((d, k), (k, d), (d, f)))
    X, kappa = reference.tensor(draw, n, d), float(draw.uniform(0.3, 0.7))
    plain = reference.plain
    rebuilt = generator(encoder(X))
    gap, feature_gap = plain(rebuilt) - plain(X), plain(features(rebuilt)) - plain(features(X))
    pixels, seen = gap**2, feature_gap**2
    codes = (plain(encoder(rebuilt)) - plain(encoder(X))) ** 2
    value = answer(encoder, generator, features, X, kappa)
    expect_close(
        expect_shape(value, (), "one loss for the whole batch."),
        pixels.mean() + kappa * seen.mean(),
        "The loss",
        mistakes=[
            (pixels.mean(), "The features are missing: without them the encoder is trained on pixels alone."),
            (pixels.mean() + seen.mean(), "The weight kappa is missing: you added the features in full."),
            (kappa * pixels.mean() + seen.mean(), "Kappa stands at the wrong term: it weighs the features."),
            (
                pixels.mean() + kappa * codes.mean(),
                "You compared latent codes: the second term compares features of the two images.",
            ),
            (
                codes.mean(),
                "You compared the codes alone: both terms compare images, one in pixels and one in features.",
            ),
            (
                gap.mean() ** 2 + kappa * feature_gap.mean() ** 2,
                "You squared the means: too light and too dark have cancelled by then. Square first, then average.",
            ),
            (
                (1 - kappa) * pixels.mean() + kappa * seen.mean(),
                "The pixels keep their full weight here: the factor 1 - kappa is AnoGAN's, not this loss's.",
            ),
            (
                pixels.sum(axis=1).mean() + kappa * seen.sum(axis=1).mean(),
                "You summed over pixels and features: both terms are means, so that their sizes can be compared.",
            ),
            (
                pixels.sum() + kappa * seen.sum(),
                "You summed over everything: the loss would grow with the size of the batch.",
            ),
            (
                np.sqrt(pixels).mean() + kappa * np.sqrt(seen).mean(),
                "You took absolute differences: the formula squares them.",
            ),
            (
                pixels.mean() + kappa * (plain(features(X)) ** 2).mean(),
                "The features of the rebuilt image are missing in the second term.",
            ),
        ],
    )
    expect(
        all(weight.grad is None for weight in encoder.parameters()),
        "You called backward() inside the function: that is the training loop's part, return the loss.",
    )
    slope, right = (
        _slope(loss, encoder) for loss in (value, reference.izi_f_loss(encoder, generator, features, X, kappa))
    )
    expect(
        np.abs(slope).sum() > 0,
        "The number is right, but the encoder cannot learn from it: its gradient must pass through generator and "
        "features, so no detach() or no_grad() around them.",
    )
    expect(
        np.allclose(slope, right, rtol=1e-3, atol=1e-6),
        "The number is right, but one of the two terms does not reach the encoder: a detach() or no_grad() cuts it.",
    )


def _slope(loss: Any, encoder: Any) -> np.ndarray:
    """The gradient of a loss with respect to the encoder's first weights, zeros if it does not reach them."""
    import torch

    first = next(encoder.parameters())
    if not getattr(loss, "requires_grad", False):
        return np.zeros(first.shape)
    (slope,) = torch.autograd.grad(loss, first, retain_graph=True, allow_unused=True)
    return np.zeros(first.shape) if slope is None else slope.numpy()


@task(
    "13.11",
    "GANomaly's score",
    passed="The anomaly is looked for where the network thinks, not where it paints.",
)
def ganomaly_score(answer: Callable[..., Any]) -> None:
    """Distance between the code of an image and the code of its reconstruction."""
    draw = rng()
    n, d, k = int(draw.integers(6, 11)), 9, 4
    encode, decode, encode_again = (reference.small_net(draw, *sizes) for sizes in ((d, k), (k, d), (d, k)))
    X = reference.tensor(draw, n, d)
    code = encode(X)
    rebuilt = decode(code)
    plain = reference.plain
    gap = plain(code) - plain(encode_again(rebuilt))
    right = np.abs(gap).sum(axis=1)
    expect_close(
        answer(encode, decode, encode_again, X),
        right,
        "The scores",
        mistakes=[
            (
                np.abs(plain(rebuilt) - plain(X)).sum(axis=1),
                "You compared images: this score compares the two codes.",
            ),
            (
                np.abs(plain(code) - plain(encode(rebuilt))).sum(axis=1),
                "You used the first encoder twice: the rebuilt image goes through the second one.",
            ),
            (
                np.abs(plain(code) - plain(encode_again(X))).sum(axis=1),
                "You gave the original to the second encoder: it gets the rebuilt image.",
            ),
            ((gap**2).sum(axis=1), "You squared: the score is a sum of absolute differences."),
            (
                np.sqrt((gap**2).sum(axis=1)),
                "You took the Euclidean length: the score is a sum of absolute differences.",
            ),
            (np.abs(gap).mean(axis=1), "You took the mean over the code: the score is a sum."),
            (gap.sum(axis=1), "Differences of opposite sign cancel each other: take absolute values first."),
            (right.sum(), "You returned one number for the whole batch: add over the code only."),
            (
                (right - right.min()) / np.ptp(right),
                "You scaled to 0..1 over the batch, as the paper does for its plots: then an image's score depends on "
                "which others came with it. Leave the scores as they are.",
            ),
        ],
    )
    alone = expect_shape(answer(encode, decode, encode_again, X[:1]), (1,), "a batch of one image gives one score.")
    expect(
        np.allclose(alone, right[:1], rtol=1e-3),
        "An image alone gets another score than the same image in a batch: its neighbours must not matter.",
    )
