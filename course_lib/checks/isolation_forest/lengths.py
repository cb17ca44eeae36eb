"""Checks of tasks 6.1, 6.3 and 6.4: path lengths and the score made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, rng, task
from course_lib.checks.isolation_forest import references as reference


@task(
    "6.1",
    "The average path length",
    passed="Now a number of cuts means something: you know what an average row needs.",
)
def average_path_length(answer: Callable[..., Any]) -> None:
    """c(n) in closed form, with its small cases."""
    gamma = np.euler_gamma
    for n in (int(rng().integers(50, 500)), 3):
        tail = 2 * (n - 1) / n
        expect_close(
            answer(n),
            reference.average_path_length(n),
            f"c({n})",
            mistakes=[
                (
                    2 * (1 / np.arange(1, n)).sum() - tail,
                    "You summed 1 + 1/2 + 1/3 + ... exactly: use the approximation with ln and Euler's constant.",
                ),
                (2 * np.log(n - 1) - tail, "Euler's constant is missing: add np.euler_gamma to the logarithm."),
                (
                    2 * (np.log10(n - 1) + gamma) - tail,
                    "You took the logarithm to base 10: np.log is the natural one.",
                ),
                (2 * (np.log2(n - 1) + gamma) - tail, "You took the logarithm to base 2: np.log is the natural one."),
                (
                    2 * (np.log(n) + gamma) - tail,
                    "You took the logarithm of n: a search among n rows has n - 1 gaps, so n - 1 it is.",
                ),
                (2 * np.log(n - 1) + gamma - tail, "The factor 2 belongs to the constant too: mind the brackets."),
                (2 * (np.log(n - 1) + gamma), "The second part of the formula is missing: something is subtracted."),
                (
                    2 * (np.log(n - 1) + gamma) + tail,
                    "You added the second part: the minus sign of the formula got lost.",
                ),
            ],
        )
    with np.errstate(all="ignore"):
        small = [answer(n) for n in (0, 1, 2)]
    if np.ndim(small[2]) == 0 and np.isclose(small[2], 2 * gamma - 1):
        expect(False, "For n = 2 the approximation gives 0.15, but two rows need exactly one cut: treat n = 2 apart.")
    expect_close(small[2], 1.0, "c(2)")
    expect_close(
        small[:2],
        [0.0, 0.0],
        "c(0) and c(1)",
        mistakes=[([1.0, 1.0], "A row that is alone needs no cut: for n below 2 the value is 0.")],
    )


@task(
    "6.3",
    "The length of a path",
    passed="You can read any tree of the forest: what it cost to isolate a row, and what is still missing.",
)
def path_length(answer: Callable[..., Any]) -> None:
    """Cuts on the way of a row, plus the estimate for the rows at its end."""
    draw = rng()

    def c(m: int) -> float:
        return 0.37 * m + 0.1

    tree, rows = reference.telling_walk(draw, c)
    right = [reference.path_length(tree, x, c) for x in rows]
    found = [answer(tree, x, c) for x in rows]

    def variant(**switch: Any) -> list[float]:
        return [reference.path_length(tree, x, c, **switch) for x in rows]

    expect_close(
        found,
        right,
        "The path lengths of 40 rows",
        mistakes=[
            (
                lambda: variant(extra=False),
                "You count the cuts only: rows that are still together would need more, add c of their number.",
            ),
            (
                lambda: np.subtract(right, variant(extra=False)),
                "You return the estimate at the end without the way to it: each cut on the way counts 1.",
            ),
            (lambda: variant(swapped=True), "You go to the wrong side: left is where x[feature] <= cut."),
            (lambda: variant(strict=True), "A value equal to the cut goes left: compare with <=, not <."),
            (lambda: variant(start=1), "You count one too many: a row that meets no cut has made 0 steps."),
            (
                lambda: [reference.path_length(tree, x, reference.average_path_length) for x in rows],
                "You use a c of your own: use the c you are given, the third argument.",
            ),
            (lambda: variant(raw=True), "You add the number of rows at the end itself: c turns it into cuts."),
            (lambda: variant(start=-1), "You count one too few: each tuple on the way is one cut."),
        ],
    )
    expect_close(answer(7, rows[0], c), c(7), "The path length in a tree that is only an end with 7 rows")


@task(
    "6.4",
    "From lengths to scores",
    passed="Short paths, high scores: higher is more anomalous, and 0.5 is average.",
)
def anomaly_scores(answer: Callable[..., Any]) -> None:
    """2 to the power of minus mean length over average length."""
    draw = rng()
    lengths = draw.uniform(2, 13, (9, 20))
    average = float(draw.uniform(8, 11))
    mean = lengths.mean(axis=1)
    precedence = "Python reads -2.0 ** x as -(2.0 ** x): the minus belongs in the exponent, 2.0 ** (-x)."
    expect_close(
        answer(lengths, average),
        2 ** (-mean / average),
        "The scores",
        mistakes=[
            (-(2 ** (mean / average)), precedence),
            (-(2 ** (-mean / average)), precedence),
            (2 ** (mean / average), "The sign is missing: long paths must give low scores."),
            (
                (2 ** (-lengths / average)).mean(axis=1),
                "You took the power of each length first: take the mean of the lengths, then the power.",
            ),
            (
                2 ** (-lengths.mean(axis=0) / average),
                "You averaged over the rows: axis=0 gives one number for each tree, the score belongs to a row.",
            ),
            (np.exp(-mean / average), "You used e as the base: with 2, an average row scores 0.5."),
            (2 ** (-mean), "You did not divide by the average length: the score would depend on the sample's size."),
            (
                2 ** (-lengths.sum(axis=1) / average),
                "You summed over the trees: take the mean, or more trees would give lower scores.",
            ),
            (
                2 ** (-mean) / average,
                "You divide the power, not the exponent: a power binds tighter than /, so brackets are needed.",
            ),
            (-mean / average, "You stopped at the exponent: raise 2 to it."),
            (2 ** (-lengths.mean() / average), "You returned one number for all rows: keep them apart."),
        ],
    )
