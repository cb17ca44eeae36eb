"""Checks of tasks 15.10 to 15.13: attention, places, what is hidden when, and USAD's two losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, rng, task


def softmax(fits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Positive numbers that add up to 1 along an axis."""
    weights = np.exp(fits - fits.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


@task("15.10", "Attention", passed="A weighted mean: that is all the magic, and all of its cost.")
def attention(answer: Callable[..., Any]) -> None:
    """Scaled dot-product attention for one window."""
    draw = rng()
    for length, m, width in ((5, 4, 3), (6, 6, 6), (8, 16, 16)):
        Q, K, V = draw.normal(size=(length, m)), draw.normal(size=(length, m)), draw.normal(size=(length, width))
        fits = Q @ K.T
        scaled = fits / np.sqrt(m)
        lowered = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        by_column = np.exp(scaled - scaled.max(axis=1))
        value = answer(Q, K, V)
        expect_shape(value, (length, width), "one mixed row for each question, as wide as the contents.")
        square = m == width
        expect_close(
            value,
            softmax(fits / np.sqrt(m)) @ V,
            "The mixed rows",
            mistakes=[
                (softmax(fits) @ V, "You forgot to scale: divide the products by the root of the width m."),
                (softmax(fits / m) @ V, "You divide by m: its root is meant."),
                (
                    softmax(fits / np.sqrt(length)) @ V,
                    "You divide by the root of the number of rows: the width of questions and labels is meant.",
                ),
                (
                    softmax(fits / np.sqrt(m), axis=0) @ V,
                    "Your weights add up to 1 down the columns: each question's weights, a row, must add up to 1.",
                ),
                (
                    softmax(fits.T / np.sqrt(m)) @ V,
                    "Questions and labels are swapped: row t of the products belongs to question t.",
                ),
                (fits / np.sqrt(m) @ V, "There is no softmax in it: weights are positive and add up to 1."),
                (np.exp(fits / np.sqrt(m)) @ V, "Your weights do not add up to 1: divide by their sum."),
                (lowered @ V, "Your weights do not add up to 1: you lowered the fits, now divide each row by its sum."),
                (
                    by_column / by_column.sum(axis=1, keepdims=True) @ V,
                    "The largest fits were subtracted along the wrong axis: keep the shape of a column for them.",
                ),
                (
                    lowered / lowered.sum(axis=1) @ V,
                    "The sums divide along the wrong axis: keep the shape of a column for them.",
                ),
                (
                    by_column / by_column.sum(axis=1) @ V,
                    "Both the largest fits and the sums go along the wrong axis: keep the shape of a column.",
                ),
                *(
                    [(softmax(fits / np.sqrt(m)) @ K, "You mix the labels K: it is the contents that are mixed.")]
                    * square
                ),
            ],
        )
    large = 1000 * draw.normal(size=(4, 3))
    expect_finite(
        answer(large, large, draw.normal(size=(4, 2))),
        "exp of a large number is infinite; subtract each row's largest fit before exp, the weights stay the same.",
    )
    _far_off(answer, draw)


def _far_off(answer: Callable[..., Any], draw: np.random.Generator) -> None:
    """Fits that lie close together, but around 3000 and, for other questions, around -3000."""
    length, m = 6, 4
    Q, K, V = draw.normal(size=(length, m)), draw.normal(size=(length, m)), draw.normal(size=(length, 3))
    Q[:, 0], K[:, 0] = 3000 * np.sqrt(m) * np.tile([1, -1], length // 2), 1
    fits = Q @ K.T / np.sqrt(m)
    clipped = softmax(np.clip(fits, -50, 50)) @ V
    value = answer(Q, K, V)
    expect_finite(
        value, "exp of numbers near -3000 is 0 for a whole row: subtract the row's own largest fit, not that of all."
    )
    expect_close(
        value,
        softmax(fits) @ V,
        "The mixed rows where fits are near 3000 and -3000",
        rtol=1e-3,
        mistakes=[
            (clipped, "You clip the fits, so 3000 and 3001 weigh the same: subtract each row's largest one instead."),
        ],
        otherwise="Fits of 3000 and 3001 must still weigh differently: subtract each row's largest fit, and neither "
        "cap nor replace what comes out of exp.",
    )


def place_table(length: int, m: int, *, first: int = 0, rate: Callable[[np.ndarray], np.ndarray] | None = None) -> Any:
    """Angles of each place and pair of columns."""
    exponents = np.arange(0, m, 2) / m
    rates = 10_000.0**-exponents if rate is None else rate(exponents)
    return (np.arange(length) + first)[:, None] * rates


def interleaved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Columns of a and b in turn."""
    return np.stack([a, b], axis=2).reshape(len(a), -1)


@task("15.11", "Places", passed="Now row 3 is not row 30, and shuffling is seen.")
def places(answer: Callable[..., Any]) -> None:
    """Sines and cosines of places."""
    draw = rng()
    for m in (6, 4, 10):
        length = int(draw.integers(7, 15))
        angles = place_table(length, m)
        fast = place_table(length, m, rate=lambda e: 10_000.0**e)
        late, slow = place_table(length, m, first=1), place_table(length, m, rate=lambda e: 10_000.0 ** (-e / 2))
        value = answer(length, m)
        expect_shape(value, (length, m), "a row for each place, m columns.")
        expect_close(
            value,
            interleaved(np.sin(angles), np.cos(angles)),
            "The table",
            mistakes=[
                (
                    np.concatenate([np.sin(angles), np.cos(angles)], axis=1),
                    "First all sines, then all cosines: they take turns, column by column.",
                ),
                (interleaved(np.cos(angles), np.sin(angles)), "Sine and cosine are swapped: column 0 is a sine."),
                (interleaved(np.sin(angles), np.sin(angles)), "Odd columns need the cosine."),
                (interleaved(np.sin(late), np.cos(late)), "Your first place is 1: count from 0."),
                (
                    interleaved(np.sin(slow), np.cos(slow)),
                    "Your rates fall too slowly: the exponent is the (even) column number over m, not half of it.",
                ),
                (
                    interleaved(np.sin(fast), np.cos(fast)),
                    "The exponent lacks its minus: later columns turn more slowly.",
                ),
            ],
        )


@task("15.12", "Hide each row once", passed="Nothing is judged by having seen itself.")
def scoring_masks(answer: Callable[..., Any]) -> None:
    """Masks of blocks that together hide every row exactly once."""
    draw = rng()
    for window, passes in ((24, 3), (26, 4), (15, 2)):
        block = int(draw.integers(2, 5))
        number = np.arange(window) // block
        right = number % passes == np.arange(passes)[:, None]
        value = answer(window, passes, block)
        array = expect_shape(value, (passes, window), "one mask for each pass, one entry for each row.")
        expect(array.dtype.kind == "b", "Masks hold True and False: compare, do not count.")
        times = array.sum(axis=0)
        full = np.arange(window) // (window // passes) == np.arange(passes)[:, None]
        expect_close(
            array.astype(int),
            right.astype(int),
            "The masks",
            mistakes=[
                (
                    (number == np.arange(passes)[:, None]).astype(int),
                    "Only the first blocks are ever hidden, one in each pass: after the last pass begin again with "
                    "the first.",
                ),
                ((~right).astype(int), "The other way round: True stands for hidden."),
                (
                    (np.arange(window) % passes == np.arange(passes)[:, None]).astype(int),
                    "You hide single rows in turn: hide blocks, or the neighbours give each row away.",
                ),
                (full.astype(int), "Each pass hides one long piece: pass p hides blocks p, p + passes, and so on."),
                (right[::-1].astype(int), "The passes come in reverse order: the first one hides the first block."),
            ],
            otherwise=(
                f"Some rows are hidden {int(times.max())} times: each must be hidden once."
                if times.max() > 1
                else "Some rows are never hidden, so they would never be judged: mind the last, shorter block."
                if times.min() == 0
                else "Each row is hidden once, but not in its pass: look again which blocks belong to which pass."
            ),
        )


@task("15.13", "Two players", passed="One sign is all that makes them opponents.")
def usad_losses(answer: Callable[..., Any]) -> None:
    """Both losses of an epoch."""
    draw = rng()
    for epoch in (4, 1, 10):
        shape = (int(draw.integers(3, 6)), 5, 2)
        w, w1, w2, w21 = draw.random((4, *shape))
        value = answer(w, w1, w2, w21, epoch)
        expect(
            isinstance(value, (tuple, list, np.ndarray)) and np.size(value) == 2,
            "Return two losses, the first player's first.",
        )
        expect_shape(value, (2,), "each loss is one number.")
        first, second, passed = (((w - other) ** 2).mean() for other in (w1, w2, w21))
        own = ((w1 - w21) ** 2).mean()
        c, late = 1 - 1 / epoch, 1 - 1 / (epoch + 1)
        expect_close(
            value,
            ((1 - c) * first + c * passed, (1 - c) * second - c * passed),
            "The losses",
            mistakes=[
                (
                    ((1 - c) * first + c * passed, (1 - c) * second + c * passed),
                    "Both players work together: the second is to make the contest's error large.",
                ),
                (
                    ((1 - c) * first - c * passed, (1 - c) * second + c * passed),
                    "The signs are swapped: it is the first player that makes the contest's error small.",
                ),
                (
                    (c * first + (1 - c) * passed, c * second - (1 - c) * passed),
                    "The weights are swapped: early epochs are for rebuilding, late ones for the contest.",
                ),
                (
                    ((1 - late) * first + late * passed, (1 - late) * second - late * passed),
                    "The epoch is counted from 1: in the first one the contest weighs nothing.",
                ),
                (
                    ((1 - c) * first + c * own, (1 - c) * second - c * own),
                    "The last error compares the second player's work with w itself, not with w1.",
                ),
                (
                    ((1 - c) * second - c * passed, (1 - c) * first + c * passed),
                    "The two losses are in the wrong order: the first player's comes first.",
                ),
                (
                    ((1 - c) * first + c * passed, (1 - c) * first - c * passed),
                    "Both losses judge w1: the second player answers for w2.",
                ),
                ((first + passed, second - passed), "The weights are missing."),
                (
                    (((1 - c) * first + c * passed) * w.size, ((1 - c) * second - c * passed) * w.size),
                    "You sum the squares: take their mean.",
                ),
                (
                    ((1 - c) * second + c * passed, (1 - c) * first - c * passed),
                    "The two reconstructions are swapped: each player answers for its own.",
                ),
            ],
        )
