"""Checks of tasks 12.9 and 12.10: a likelihood without simplicity, and decisions that a person should take."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


@task("12.9", "Take simplicity away", passed="What is only simple gains nothing any more.")
def complexity_score(answer: Callable[..., Any]) -> None:
    """Bits of the model minus bits of a compressor, image by image."""
    draw = rng()
    for n, d in ((5, 64), (int(draw.integers(6, 9)), int(draw.integers(90, 120)))):
        images = draw.integers(0, 256, (n, d)).astype(np.uint8)
        for row, length in enumerate(draw.integers(0, d, n)):
            images[row, :length] = 7  # part of each image is flat
        nll = 1 + np.abs(draw.normal(60, 20, n))
        size = _packed(images)
        bits = nll / np.log(2)
        quick = _packed(images, level=1)
        as_floats = [_packed(images.astype(kind) / scale) for kind in ("f4", "f8") for scale in (1, 255)]
        expect_close(
            answer(nll, images),
            bits - 8 * size,
            "The score",
            mistakes=[
                (nll - 8 * size, "The likelihood is still in nats: turn it into bits before you subtract bits."),
                (bits - size, "The compressor's length is in bytes: a byte has 8 bits."),
                (nll * np.log(2) - 8 * size, "A nat is more than a bit: divide by log 2 instead of multiplying."),
                (bits + 8 * size, "You added the compressor's length: it is taken away."),
                (8 * size - bits, "The sign is turned: a high score must mean anomalous."),
                (bits, "You ignore the images."),
                (-8 * size, "You ignore the likelihood."),
                (nll / np.log(10) - 8 * size, "That is the logarithm to base 10: bits need base 2."),
                (bits - 8.0 * d, "You took the length of the raw image: it has to be compressed first."),
                (
                    bits - 8 * len(zlib.compress(images.tobytes(), 9)),
                    "You compressed all images at once: each has a length of its own.",
                ),
                (bits - 8 * quick, "Compress at level 9, the thorough one."),
                *((bits - 8 * length, "You compressed floats: keep the images as bytes.") for length in as_floats),
                *(
                    (sign * np.log2(nll) - 8 * size, "You took the logarithm once more: the likelihood is a logarithm.")
                    for sign in (1, -1)
                ),
                (
                    -bits - 8 * size,
                    "You turned the sign of the likelihood: what comes in is already minus its logarithm.",
                ),
            ],
        )


def _packed(images: np.ndarray, level: int = 9) -> np.ndarray:
    """Bytes of each image when compressed."""
    return np.array([len(zlib.compress(image.tobytes(), level)) for image in images])


@task("12.10", "Show these to a person", passed="The detector says what it does not know, and who should look.")
def needs_a_person(answer: Callable[..., Any]) -> None:
    """Rows whose threshold lies within k deviations of their score."""
    draw = rng()
    for n_samples in (6, 25):
        detector, new, k, right, mistakes = _telling_case(draw, n_samples)
        array = expect_shape(answer(detector, new, k, n_samples), (len(new),), "one True or False for each row.")
        expect(array.dtype.kind == "b", "Return True and False for each row (a comparison gives them).")
        expect_close(
            array,
            right,
            "The rows that need a person",
            mistakes=mistakes,
            otherwise="Some rows are on the wrong side: compare the distance to detector.threshold_ with k deviations.",
        )
    means, deviations = np.array([3.0, 1.0, 2.5, 0.5]), np.full(4, 0.5)  # the first two lie exactly two deviations away
    tied = SimpleNamespace(threshold_=2.0, score_spread=lambda X, n_samples=16: (means.copy(), deviations.copy()))
    expect_close(
        answer(tied, np.zeros((4, 2)), 2.0, 8),
        [False, False, True, False],
        "The doubt about rows at exactly k deviations",
        otherwise="A row whose threshold is exactly k deviations away counts as sure: it must be less than that.",
    )


def _detector_and_rows(draw: np.random.Generator) -> tuple[Any, np.ndarray]:
    """A small fitted VAE whose threshold lies amid the scores of the rows that are returned."""
    from course_lib.core.thresholds import Percentile
    from course_lib.deep import VAE

    X = draw.normal(size=(240, 2)) @ draw.normal(size=(2, 6)) + 0.4 * draw.normal(size=(240, 6))
    seed = int(draw.integers(99))
    detector = VAE((8,), 2, epochs=8, learning_rate=1e-2, device="cpu", random_state=seed, verbose=False).fit(X)
    new = X * draw.uniform(0.7, 1.6, (len(X), 1))
    return detector.set_threshold(new, rule=Percentile(50)), new


def _telling_case(
    draw: np.random.Generator, n_samples: int
) -> tuple[Any, np.ndarray, float, np.ndarray, list[tuple[np.ndarray, str]]]:
    """A detector, rows and k for which every known mistake marks other rows than the right rule and one another."""
    while True:
        detector, new = _detector_and_rows(draw)
        for k in draw.uniform(0.3, 3, 20).tolist():
            right, mistakes = _marked(detector, new, k, n_samples)
            if len({tuple(rows) for rows in (right, *(wrong for wrong, _ in mistakes))}) == len(mistakes) + 1:
                return detector, new, k, right, mistakes


def _marked(
    detector: Any, new: np.ndarray, k: float, n_samples: int
) -> tuple[np.ndarray, list[tuple[np.ndarray, str]]]:
    """The rows that need a person, and those that known mistakes mark instead, with what to say of them."""
    mean, d = detector.score_spread(new, n_samples=n_samples)
    own_mean, own_d = detector.score_spread(new)
    gap, own_gap = mean - detector.threshold_, own_mean - detector.threshold_
    return np.abs(gap) < k * d, [
        (np.abs(gap) > k * d, "You marked the rows that are sure: the doubtful ones are asked for."),
        (gap < k * d, "You look at one side only: a score far below the threshold is sure too."),
        (gap > -k * d, "You look at one side only: a score far above the threshold is sure too."),
        (np.abs(gap) < d, "Your rule ignores k."),
        (np.abs(gap) < k, "You compared with k itself: it counts deviations."),
        (np.abs(gap) < k * d.mean(), "You used one deviation for all: each row has its own."),
        (
            np.abs(gap) < k * d / np.sqrt(n_samples),
            "You divided by the root of the draws: the spread of one draw tells how sure the model is.",
        ),
        (np.abs(gap) < k * d**2, "You squared the deviation: compare distances with distances."),
        (gap > 0, "That is predict: it says on which side, not how sure."),
        (np.abs(mean) < k * d, "You forgot the threshold: the distance to it decides."),
        (np.abs(own_gap) < k * own_d, "You used the detector's own number of draws: pass n_samples on."),
    ]
