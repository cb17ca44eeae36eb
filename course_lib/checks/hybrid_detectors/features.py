"""Check of task 20.9: what a shallow detector sees of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference


@task(
    "20.9",
    "Features for a shallow detector",
    passed="Where a row lies among the codes, and what the codes leave out: now a plain detector sees both.",
)
def deep_features(answer: Callable[..., Any]) -> None:
    """Codes and error, standardised by the training rows."""
    draw = rng()
    n, size = int(draw.integers(40, 60)), int(draw.integers(3, 6))
    shift, scale = draw.uniform(-5, 5, size), draw.uniform(0.2, 4, size)
    codes_train, codes = (shift + scale * draw.normal(size=(rows, size)) for rows in (n, 15))
    dead = int(draw.integers(size))
    codes_train[:, dead] = codes[:, dead] = np.round(shift[dead])  # a whole number: its mean has no rounding error
    codes[0, dead] += 1.0
    errors_train, errors = draw.gamma(3, 0.02, n), draw.gamma(4, 0.03, 15)
    data = codes_train, errors_train, codes, errors
    right = reference.deep_features(*data)
    with np.errstate(all="ignore"):
        value = answer(*data)
    shape = np.shape(value)
    expect(shape != (15, size), "The error is missing: append it as one more column.")
    array = expect_shape(value, (15, size + 1), "the codes of the new rows, and the error as the last column.")
    expect_finite(
        array,
        "one code is constant in training, as dead units are: where the deviation is 0, divide by 1.",
    )
    expect(
        np.abs(array).max() < 1e100,
        "The code that is constant in training becomes astronomically large: replacing NaN afterwards hides a division "
        "by 0, but does not mend it, so look at the deviation before you divide.",
    )
    own = reference.deep_features(codes, errors, codes, errors)
    bare = np.c_[right[:, :-1], errors]
    codes_raw = np.c_[codes, right[:, -1]]
    low, span = np.c_[codes_train, errors_train].min(axis=0), np.ptp(np.c_[codes_train, errors_train], axis=0)
    zeroed = right.copy()
    zeroed[:, dead] = 0.0
    expect_close(
        array,
        right,
        "The features",
        mistakes=[
            (
                own,
                "You standardised by the new rows: mean and deviation come from training, or a row's features depend "
                "on the rows that come with it.",
            ),
            (
                np.roll(right, 1, axis=1),
                "The error stands first: append it as the last column.",
            ),
            (
                bare,
                "The error came in raw: beside codes with deviation 1 it would hardly count, standardise it too.",
            ),
            (codes_raw, "Only the error is standardised: do the same with the codes."),
            (np.c_[codes, errors], "You joined the columns without standardising them."),
            (
                ((np.c_[codes, errors] - low) / np.where(span > 0, span, 1)),
                "You stretched each column from smallest to largest: subtract the mean and divide by the deviation.",
            ),
            (
                zeroed,
                "The code that is constant in training is 0 everywhere with you: a new row that differs there is "
                "suspect, keep the difference.",
            ),
            (
                lambda: reference.deep_features(*data, ddof=1),
                "Your deviation divides by n - 1: here it is the plain one, np.std as it comes.",
            ),
        ],
    )
