"""Checks of tasks 16.1 to 16.4: means, spreads and quantiles that are kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_type, rng, task
from course_lib.checks.online_learning import references as reference


@task("16.1", "One more value", passed="Three numbers stand for a stream of any length, and keep their digits.")
def welford_step(answer: Callable[..., Any]) -> None:
    """Welford's update from three numbers and a value."""
    draw = rng()
    # The last state is that of a large mean with a small scatter, where sums of squares have no digits left.
    for n, level in ((int(draw.integers(5, 40)), draw.uniform(-50, 50)), (0, 0.0), (30, draw.uniform(1e9, 9e9))):
        values = draw.normal(level, 3, size=n)
        mean, squares = (float(values.mean()), float(((values - values.mean()) ** 2).sum())) if n else (0.0, 0.0)
        x = float(mean + draw.choice([-1, 1]) * draw.uniform(4, 9))
        value = answer(n, mean, squares, x)
        expect_type(value, (tuple, list, np.ndarray), "return the three numbers (n, mean, squares).")
        expect(
            len(value) == 3,
            f"You returned {len(value)} numbers: return (n, mean, squares), all three after the update.",
        )
        right = reference.welford(n, mean, squares, x)
        if n == 0:
            expect_close(value, right, "The first value of a stream: (n, mean, squares)")
            continue
        if level > 1e8:
            lost = (
                "Right for small values, but not around a mean of a billion: x * x is too long for 16 digits. Use gaps."
            )
            expect_close(value, right, "(n, mean, squares)", otherwise=lost)
            continue

        def wrong(kind: str, state: tuple[int, float, float, float] = (n, mean, squares, x)) -> Any:
            return lambda: reference.welford(*state, kind=kind)

        expect_close(
            value,
            right,
            "(n, mean, squares)",
            mistakes=[
                (wrong("count kept"), "The mean is right, but n was not counted up."),
                (wrong("old count"), "You divided by the old n: the new value counts too."),
                (
                    wrong("old gap twice"),
                    "You squared the gap to the old mean: one factor is the gap to the old mean, the other to the new.",
                ),
                (
                    wrong("new gap twice"),
                    "You squared the gap to the new mean: keep the gap to the old one before you move the mean.",
                ),
                (
                    wrong("variance"),
                    "You returned a variance: keep the sum of squares, it is divided only when asked for.",
                ),
            ],
        )


@task("16.2", "Two machines, one stream", passed="Statistics can be gathered anywhere and put together without loss.")
def merge(answer: Callable[..., Any]) -> None:
    """Chan's merge of two summaries."""
    draw = rng()
    for _ in range(2):
        sizes = draw.integers(4, 30, size=2) + np.array([0, 30])
        parts = [draw.normal(draw.uniform(-20, 20), draw.uniform(1, 4), size=size) for size in sizes]
        a, b = ((len(part), float(part.mean()), float(((part - part.mean()) ** 2).sum())) for part in parts)
        value = answer(a, b)
        expect_type(value, (tuple, list, np.ndarray), "return the three numbers (n, mean, squares).")

        def wrong(kind: str, pair: tuple[Any, Any] = (a, b)) -> Any:
            return lambda: reference.merge(*pair, kind=kind)

        expect_close(
            value,
            reference.merge(a, b),
            "(n, mean, squares) of both together",
            mistakes=[
                (wrong("plain mean"), "You averaged the two means: the longer stream counts for more."),
                (
                    wrong("weights swapped"),
                    "The weights are swapped: the mean of all lies nearer to the longer stream's.",
                ),
                (
                    wrong("no gap"),
                    "You only added the sums of squares: values also scatter because the two means differ.",
                ),
                (wrong("gap not squared"), "The gap between the means enters with its square."),
                (wrong("no weight"), "The squared gap needs its weight, made of both counts."),
            ],
        )


@task("16.3", "Score, then learn", passed="That is a whole online detector, and it never judges a value it has seen.")
def ewma_z_scores(answer: Callable[..., Any]) -> None:
    """z-scores against fading moments of the past."""
    draw = rng()
    for n, constant in ((int(draw.integers(40, 80)), False), (int(draw.integers(20, 30)), False), (25, True)):
        values = draw.normal(draw.choice([-1, 1]) * draw.uniform(3, 6), 2, size=n)
        alpha, warm_up = float(draw.uniform(0.1, 0.4)), int(draw.integers(3, 9))
        if constant:
            values[: warm_up + 2] = values[0]
        with np.errstate(all="ignore"):
            found = answer(values, alpha, warm_up)

        def wrong(kind: str, inputs: tuple[np.ndarray, float, int] = (values, alpha, warm_up)) -> Any:
            return lambda: reference.ewma_z(*inputs, kind=kind)

        expect_close(
            found,
            reference.ewma_z(values, alpha, warm_up),
            "The scores",
            mistakes=[
                (
                    wrong("learn first"),
                    "You learn before you score: the value then stands in the mean that judges it. Score first.",
                ),
                (wrong("divides by 0"), "A constant start has variance 0, and you divide by it: the score there is 0."),
                (wrong("mean from 0"), "The mean starts at the first value, not at 0."),
                (wrong("learnt from 0"), "The first value is the mean to begin with: you learnt it into a mean of 0."),
                (wrong("idle warm-up"), "Nothing is scored in the warm-up, but it is learnt all the same."),
                (
                    wrong("usual variance"),
                    "The new square does not fade in your variance: the factor 1 - alpha stands before both parts.",
                ),
                (wrong("no warm-up"), "The first warm_up values are not judged: their score is 0."),
                (wrong("late"), "You start one value too late: the value at place warm_up is the first to be judged."),
                (wrong("signed"), "A fall is as strange as a rise: take the absolute value."),
                (wrong("variance"), "You divided by the variance: the deviation is its square root."),
                (wrong("new gap"), "For the variance use the gap to the mean before the update."),
                (
                    wrong("no fading"),
                    "The old variance does not fade: the factor 1 - alpha stands before the whole bracket.",
                ),
                (
                    wrong("old weight"),
                    "alpha and 1 - alpha are swapped in the mean: alpha is the weight of the new value.",
                ),
            ],
        )


@task("16.4", "A marker moves", passed="You have the heart of P2: a quantile that creeps along a parabola.")
def parabola(answer: Callable[..., Any]) -> None:
    """P2's parabolic step."""
    draw = rng()
    for step in draw.permutation([1, -1]).tolist():
        gaps = draw.permutation([int(draw.integers(3, 6)), int(draw.integers(9, 15))])
        places = np.cumsum([int(draw.integers(1, 9)), *gaps]).astype(float)
        heights = np.cumsum(draw.uniform(0.5, 4, size=3)) + draw.uniform(-5, 5)
        found = answer(heights, places, step)

        def wrong(kind: str, inputs: tuple[Any, Any, int] = (heights, places, step)) -> Any:
            return lambda: reference.parabola(*inputs, kind=kind)

        expect_close(
            found,
            reference.parabola(heights, places, step),
            f"The height after a step of {step:+d}",
            mistakes=[
                (
                    wrong("slopes swapped"),
                    "The two slopes are swapped: each weight belongs to the slope named beside it.",
                ),
                (wrong("line"), "That is the straight line to the neighbour: the parabola uses both neighbours."),
                (wrong("no sign"), "You always step to the right: use s in the weights and before the fraction."),
                (
                    wrong("weights without step"),
                    "The weights lack the step: the gap below grows by s, the one above shrinks.",
                ),
                (wrong("only the step"), "That is only the change: add the height the marker had."),
            ],
        )
