"""Check of task 2.2: the largest |z| that n values allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_finite, expect_shape, rng, task


@task("2.2", "How many values does a limit need?", passed="You will not wait for alarms that cannot come.")
def values_needed(answer: Callable[..., Any]) -> None:
    """Smallest n for which a population |z| can exceed the limit."""
    draw = rng()
    # Fixed ones, on which rounding, cutting off and the sample deviation's bound each give something of their own.
    limits = np.array(
        [
            3,
            2 * int(draw.integers(2, 4)),
            1.5,
            2.24,
            2.55,
            2.8,
            2.9,
            np.sqrt(draw.integers(5, 20) + draw.uniform(0.4, 0.6)),
        ]
    )
    values = []
    for limit in limits:
        value = answer(int(limit) if limit == int(limit) else float(limit))
        expect_shape(value, (), "one number of values for one limit.")
        expect_finite(value, "a finite number of values is enough for any limit.")
        expect(
            value == int(value),
            f"For the limit {limit:.3g} you returned {float(value):.4g}, which is no whole number: nobody can have "
            "a part of a value.",
        )
        values.append(int(value))
    right = np.floor(limits**2) + 2
    expect_close(
        values,
        right,
        "The numbers",
        mistakes=[
            (
                np.ceil(limits**2 + 1),
                "Right, but not for the limit 3: with 10 values |z| reaches 3 at most, and that does not exceed it.",
            ),
            (
                [next(n for n in range(2, 999) if (n - 1) / np.sqrt(n) > limit) for limit in limits],
                "You took the bound of the sample deviation: here it is sqrt(n - 1).",
            ),
            (
                np.ceil(limits**2 + 1) + 1,
                "Right for whole limits, but one fewer is enough for the limit 2.9: ceil has gone up already.",
            ),
            (
                np.round(limits**2 + 1) + 1,
                "You rounded to the nearest: that goes up as well as down, and the limit 2.55 shows it.",
            ),
            (
                np.floor(limits) ** 2 + 2,
                "You cut the limit off before you squared it: 2.9 became 2.",
            ),
            (np.ceil(limits) + 1, "You left out the square: the bound grows with the root of n only."),
        ],
        otherwise=_wrong_number(limits, values, right),
    )


def _wrong_number(limits: np.ndarray, values: Sequence[int], right: np.ndarray) -> str:
    """What is wrong with the first wrong number of values."""
    for limit, value, least in zip(limits, values, right, strict=True):
        if value < least:
            reach = np.sqrt(max(value - 1, 0))
            return f"The number for the limit {limit:.3g} is too small: {value} values reach at most |z| = {reach:.3g}."
        if value > least:
            return f"The number for the limit {limit:.3g} is too large: fewer than {value} values can exceed it, too."
    return ""
