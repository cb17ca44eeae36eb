"""Checks of tasks 13.1 and 13.9: one range for data and generator, and AnoGAN's score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


def range_mistakes(X: np.ndarray, source: tuple[float, float], target: tuple[float, float]) -> list[tuple[Any, str]]:
    """What learners get when they bring X to another range in a wrong way."""
    (a, b), (c, d) = source, target
    values = X.astype(float)
    share = (values - a) / (b - a)
    own = (values - values.min()) / (values.max() - values.min())
    return [
        (
            c + own * (d - c),
            "You used the smallest and largest value in X: the same grey would land elsewhere in each batch. Use the "
            "borders that come in.",
        ),
        (share, "You brought X to the range 0 to 1: go on to the target's borders."),
        (share * (d - c), "The lower border of the target is missing: shift after you scaled."),
        (c + share * d, "You scaled by the target's upper border: its width is what counts."),
        (2 * share - 1, "Your result lies in -1 to 1 whatever the target is: use its two borders."),
        (a + (values - c) / (d - c) * (b - a), "Source and target are swapped."),
        (c + values / b * (d - c), "The lower border of the source is missing: subtract it first."),
        (c + values / (b - a) * (d - c), "The source's lower border does not land on the target's: subtract it first."),
        (c + values / 255 * (d - c), "You divided by 255 whatever the source is: it comes in as an argument."),
        (c + (values - a) / 255 * (d - c), "You divided by 255: the width of the source is what counts."),
        (d - share * (d - c), "Your range is upside down: the source's lower border goes to the target's lower one."),
        (c + (values - a) * (d - c), "You did not divide by the width of the source."),
    ]


@task(
    "13.1",
    "One range for both",
    passed="Now the range gives nothing away. Whether training gains by it, the variety of the samples will tell.",
)
def to_range(answer: Callable[..., Any]) -> None:
    """A linear map from one range to another."""
    draw = rng()
    greys = draw.integers(20, 230, (4, 9)).astype(np.uint8)
    value = expect_shape(answer(greys, (0, 255), (-1, 1)), (4, 9), "each value goes to its own place.")
    with np.errstate(all="ignore"):
        wrapped = (greys * np.uint8(2)) / 255 - 1
    expect(value.dtype.kind == "f", "You returned whole numbers: leave the type of the pixels, bytes cannot hold -0.3.")
    expect_close(
        value,
        -1 + greys / 255 * 2,
        "The values of bytes 0..255 in the range -1 to 1",
        mistakes=[
            (wrapped, "Your numbers went round: bytes end at 255, so turn them into floats before you multiply."),
            *range_mistakes(greys, (0, 255), (-1, 1)),
        ],
        atol=1e-5,
    )
    a, c = draw.uniform(-9, -2), draw.uniform(2, 5)
    b, d = a + draw.uniform(3, 5), c + draw.uniform(5.5, 8)
    X = draw.uniform(a + 0.2, b - 0.2, (3, 4, 5))
    X[0, 0, 0] = b + 1  # a value outside the source's borders is no reason to cut it off
    right = c + (X - a) / (b - a) * (d - c)
    expect_close(
        answer(X, (a, b), (c, d)),
        right,
        "The values",
        mistakes=[
            *range_mistakes(X, (a, b), (c, d)),
            (
                np.clip(right, c, d),
                "You cut off values outside the borders: they may be the anomalies, let the straight line go on.",
            ),
        ],
        atol=1e-5,
    )
    ends, others = (b, a), (c, d)  # black and white exchanged: a range may run downwards
    expect_close(
        answer(X, ends, others),
        c + (X - b) / (a - b) * (d - c),
        "The values of a source that runs downwards",
        mistakes=[(right, "You sorted the borders: a range may run downwards, as in a negative.")],
        atol=1e-5,
    )


@task(
    "13.9",
    "AnoGAN's score",
    passed="What the image lost, and what the discriminator's eyes lost: together the score of the paper.",
)
def anogan_score(answer: Callable[..., Any]) -> None:
    """(1 - weight) * residual + weight * feature residual, means of absolute differences."""
    draw = rng()
    n, d, f = int(draw.integers(5, 9)), 12, 7
    X, found = draw.random((2, n, d))
    X[0] = 0.7 * found[0]  # darker on the whole: a mean without absolute values is negative here
    fx, fg = draw.normal(size=(2, n, f))
    weight = float(draw.uniform(0.15, 0.35))
    pixels, seen = np.abs(X - found), np.abs(fx - fg)
    residual, features = pixels.mean(axis=1), seen.mean(axis=1)
    right = (1 - weight) * residual + weight * features
    expect_close(
        answer(X, found, fx, fg, weight),
        right,
        "The scores",
        mistakes=[
            (weight * residual + (1 - weight) * features, "The weight belongs to the features, 1 - weight to pixels."),
            (residual + weight * features, "The pixels keep their full weight with you: they get 1 - weight."),
            (residual, "The features are missing."),
            (features, "The pixels are missing."),
            (residual + features, "The weight is missing: you added both parts as they are."),
            (
                (1 - weight) * d * residual + weight * f * features,
                "You took sums, as the first paper did: with means the weight keeps its sense for images of any size.",
            ),
            (
                (1 - weight) * ((X - found) ** 2).mean(axis=1) + weight * ((fx - fg) ** 2).mean(axis=1),
                "You squared: the formula has absolute differences.",
            ),
            (
                (1 - weight) * (X - found).mean(axis=1) + weight * (fx - fg).mean(axis=1),
                "Too light and too dark cancel each other: take absolute values before you average.",
            ),
            (
                (1 - weight) * np.abs((X - found).mean(axis=1)) + weight * np.abs((fx - fg).mean(axis=1)),
                "You averaged first and took absolute values then: by that time too light and too dark have cancelled.",
            ),
            (
                0.9 * residual + 0.1 * features,
                "You fixed lambda at 0.1: it comes in as an argument.",
            ),
            (
                np.concatenate([pixels, seen], axis=1).mean(axis=1),
                "You took one mean over pixels and features together, without weights: each part has its own mean.",
            ),
            (
                np.concatenate([(1 - weight) * pixels, weight * seen], axis=1).mean(axis=1),
                "You weighted both parts, but took one mean over them together: the one with more columns counts more.",
            ),
            (right.mean(), "You returned one number for all images: average over the columns only, axis=1."),
        ],
    )
