"""Check of task 2.3: the modified z-score, also where half of the values are equal or tiny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, expect_finite, rng, task


@task("2.3", "Modified z-score", passed="Half of the data may go wrong before your ruler bends.")
def modified_z(answer: Callable[..., Any]) -> None:
    """0.6745 times the distance from the median in MADs; the mean distance stands in for a MAD of zero."""
    draw = rng()
    x = np.r_[draw.gamma(2.0, 10, size=int(draw.integers(4, 8)) * 2), 300.0]
    gaps = np.abs(x - np.median(x))
    mad = np.median(gaps)
    from_mean = np.abs(x - x.mean())
    expect_close(
        answer(x),
        0.6745 * gaps / mad,
        "The modified z-score",
        mistakes=[
            (gaps / mad, "The factor 0.6745 is missing: without it the scores are not comparable with |z|."),
            (gaps / mad / 0.6745, "You divided by 0.6745: multiply, a MAD is shorter than a deviation."),
            (
                0.6745 * np.abs(x - x.mean()) / mad,
                "You measured the numerator from the mean, which the outlier has moved: use the median.",
            ),
            (
                0.6745 * gaps / np.median(from_mean),
                "Your MAD takes distances from the mean: take the median of the distances from the median.",
            ),
            (
                0.6745 * from_mean / np.median(from_mean),
                "You measured from the mean at both places, and the outlier has moved it: measure from the median.",
            ),
            (
                0.6745 * from_mean / from_mean.mean(),
                "You took means throughout: both the middle and the typical distance are medians here.",
            ),
            (0.6745 * gaps / gaps.mean(), "You averaged the distances: the M in MAD is a median, at both places."),
            (
                0.6745 * gaps / x.std(),
                "You divided by the standard deviation, which the outlier blows up: use the MAD.",
            ),
            (0.6745 * (x - np.median(x)) / mad, "Some of your scores are negative: take absolute distances."),
        ],
        rtol=1e-3,
    )
    even = np.r_[draw.gamma(2.0, 10, size=int(draw.integers(4, 8)) * 2 + 1), 300.0]
    gaps = np.abs(even - np.median(even))

    def upper(values: np.ndarray) -> float:
        return float(np.sort(values)[len(values) // 2])

    expect_close(
        answer(even),
        0.6745 * gaps / np.median(gaps),
        f"The modified z-score of {len(even)} values",
        mistakes=[
            (wrong, "Right for an odd number of values: with an even one the median is the mean of the middle two.")
            for wrong in (
                0.6745 * np.abs(even - upper(even)) / upper(np.abs(even - upper(even))),
                0.6745 * gaps / upper(gaps),
                0.6745 * np.abs(even - upper(even)) / np.median(np.abs(even - upper(even))),
            )
        ],
        rtol=1e-3,
    )
    for unit in (1e-3, 1e-6):
        expect_close(
            answer(x * unit),
            0.6745 * np.abs(x - np.median(x)) / mad,
            "The modified z-score of small values",
            mistakes=[
                (
                    np.abs(x - np.median(x)) / (1.2533 * np.abs(x - np.median(x)).mean()),
                    f"Of the same values times {unit:g} you took the MAD for 0: it is small, but not 0, so compare "
                    "with 0 and not with a limit of your own.",
                ),
                (np.zeros(len(x)), f"Of the same values times {unit:g} all your scores are 0: small is not equal."),
            ],
            rtol=1e-3,
            otherwise=f"Right, but not for the same values times {unit:g}: in another unit the scores stay the same. "
            "Is there a limit or a constant of your own in your function?",
        )
    ties = draw.permutation(np.r_[np.full(7, 4.0), 5.0, 2.0, 30.0])
    distances = np.abs(ties - 4.0)
    value = answer(ties)
    expect_finite(value, "seven of ten values are equal, so the MAD is 0; use the mean distance there, as described.")
    expect_close(
        value,
        distances / (1.2533 * distances.mean()),
        "The score where the MAD is 0",
        mistakes=[
            (np.zeros(10), "You gave up where the MAD is 0: the 30 among fours should still stand out."),
            (
                distances / distances.mean(),
                "Where the MAD is 0 the factor is missing: divide by 1.2533 mean distances.",
            ),
            (
                0.6745 * distances / (1.2533 * distances.mean()),
                "Where the MAD is 0 you kept the 0.6745: it belongs to the MAD, leave it out there.",
            ),
            (
                0.6745 * distances / distances.mean(),
                "Where the MAD is 0 you kept the 0.6745: divide by 1.2533 mean distances instead.",
            ),
            (
                np.abs(ties - ties.mean()) / (1.2533 * np.abs(ties - ties.mean()).mean()),
                "Where the MAD is 0 you measured from the mean: the distances are those from the median.",
            ),
        ],
        rtol=1e-3,
    )
    expect_close(
        answer(ties * 1e-6),
        distances / (1.2533 * distances.mean()),
        "The score of small values where the MAD is 0",
        rtol=1e-3,
        otherwise="Where the MAD is 0 the same values times 1e-06 get other scores from you: their mean distance is "
        "small, but not 0, so compare with 0.",
    )
    equal = answer(np.full(4, 2.5))
    expect_finite(equal, "of four equal values even the mean distance is 0, and 0/0 is no number; return zeros then.")
    expect_close(equal, np.zeros(4), "The score of equal values")
