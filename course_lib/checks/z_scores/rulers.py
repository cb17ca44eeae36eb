"""Checks of tasks 2.1, 2.4 and 2.5: z-score, fences, robust scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, expect_finite, expect_shape, rng, task


@task("2.1", "z-scores", passed="You can say how unusual a value is, in a unit that suits every column.")
def z_scores(answer: Callable[..., Any]) -> None:
    """Absolute distance from the mean in population deviations."""
    draw = rng()
    x = draw.gamma(2.0, 10, size=int(draw.integers(9, 15)))
    gaps = x - x.mean()
    expect_close(
        answer(x),
        np.abs(gaps) / x.std(),
        "The z-score",
        mistakes=[
            (gaps / x.std(), "Some of your scores are negative: too low is as odd as too high, take absolute values."),
            (np.abs(gaps) / x.std(ddof=1), "You divided by n - 1 in the deviation: the formula here divides by n."),
            (np.abs(gaps) / x.var(), "You divided by the variance: its square root is the deviation."),
            (np.abs(gaps), "These are distances in the unit of x: divide them by the standard deviation."),
            (
                np.abs(x - np.median(x)) / x.std(),
                "You measured from the median: that comes in task 2.3, here it is the mean.",
            ),
            (np.abs(x) / x.std(), "You did not subtract the mean: a z-score measures from the middle."),
            (np.abs(gaps).max() / x.std(), "You returned the largest score only: every value gets its own."),
        ],
    )
    constant = answer(np.full(5, 7.0))
    expect_finite(constant, "five equal values have deviation 0, and 0/0 is no number; return zeros then.")
    expect_close(constant, np.zeros(5), "The score of equal values")


@task("2.4", "Tukey's fences", passed="You can read the fences of a box plot, and write them.")
def fences(answer: Callable[..., Any]) -> None:
    """Q1 - k IQR and Q3 + k IQR."""
    draw = rng()
    x = draw.gamma(2.0, 10, size=int(draw.integers(20, 30)))
    k = float(draw.uniform(2, 3))
    low, median, high = np.percentile(x, [25, 50, 75])
    iqr = high - low
    value = answer(x, k)
    expect_shape(value, (2,), "return two numbers, (lower, upper).")
    expect_close(
        value,
        (low - k * iqr, high + k * iqr),
        "The fences",
        mistakes=[
            ((high + k * iqr, low - k * iqr), "The two are swapped: the lower fence comes first."),
            ((low - 1.5 * iqr, high + 1.5 * iqr), "You built in 1.5: use the k that you were given."),
            (
                (median - k * iqr, median + k * iqr),
                "You started from the median: the fences stand k IQRs off the box's ends.",
            ),
            (
                (low - k * x.std(), high + k * x.std()),
                "You took standard deviations: the length of the box, Q3 - Q1, counts.",
            ),
            ((low, high), "These are the quartiles, the box itself: the fences lie k IQRs further out."),
            (
                (lambda a, b: (a - k * (b - a), b + k * (b - a)))(*np.percentile(x, [0.25, 0.75])),
                "percentile counts from 0 to 100: 0.25 there is a quarter of one per cent.",
            ),
        ],
    )


@task("2.5", "Robust scaling", passed="Columns become comparable, and the outliers in them do not set the scale.")
def robust_scale(answer: Callable[..., Any]) -> None:
    """(X_test - median) / IQR, learnt from the training rows, column by column."""
    draw = rng()
    X_train = draw.gamma(2.0, 1.0, size=(30, 3)) * np.array([1.0, 50.0, 0.1]) + 5
    X_test = draw.gamma(2.0, 1.5, size=(8, 3)) * np.array([1.0, 50.0, 0.1]) + 6

    def scale(rows: np.ndarray, axis: int | None = 0) -> np.ndarray:
        low, middle, high = np.percentile(rows, [25, 50, 75], axis=axis)
        return (X_test - middle) / (high - low)

    low, middle, high = np.percentile(X_train, [25, 50, 75], axis=0)
    expect_close(
        answer(X_train, X_test),
        scale(X_train),
        "The scaled rows",
        mistakes=[
            (scale(X_test), "You learnt median and IQR from X_test: whatever is learnt is learnt from X_train."),
            (scale(np.vstack([X_train, X_test])), "You learnt from both tables: the test rows must not have a say."),
            (scale(X_train, None), "You used one median for the whole table: each column needs its own (axis=0)."),
            ((X_test - X_train.mean(0)) / X_train.std(0), "That is standard scaling: use median and IQR."),
            (
                (X_test - middle) / X_train.std(0),
                "You divided by the standard deviation, which outliers blow up: the IQR is asked for.",
            ),
            (
                (X_test - middle) / np.median(np.abs(X_train - middle), axis=0),
                "You divided by the MAD: robust as well, but the length of the box, the IQR, is asked for.",
            ),
            (
                (X_test - np.median(X_test, axis=0)) / (high - low),
                "The IQR comes from X_train, the median from X_test: learn both from X_train.",
            ),
            ((X_test - X_train.mean(0)) / (high - low), "You subtracted the mean: outliers move it, use the median."),
            (X_test - middle, "You did not divide: columns of different units stay different."),
            ((X_train - middle) / (high - low), "You scaled X_train: learn from it, and return X_test scaled."),
        ],
    )
    flat = np.c_[X_train[:, 0], np.full(30, 3.0)]
    value = answer(flat, np.array([[6.0, 3.0], [7.0, 5.0]]))
    expect_finite(value, "the second training column is constant, so its IQR is 0; divide by 1 there.")
    expect_close(np.asarray(value)[:, 1], (0, 2), "The scaled column whose training values are all equal")
