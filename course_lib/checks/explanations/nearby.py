"""Checks of tasks 21.6, 21.9 and 21.10: a straight line nearby, gradients on the way, and the smallest repair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.explanations import references as reference


@task(
    "21.6",
    "A straight line nearby",
    passed="That is LIME: a straight line that is honest near one row, and nowhere else.",
)
def local_slopes(answer: Callable[..., Any]) -> None:
    """Slopes of a least-squares fit whose samples count by their nearness to x."""
    draw = rng()
    for d in (2, int(draw.integers(3, 6))):
        n = int(draw.integers(60, 90))
        width = float(draw.uniform(1.5, 1.8))  # far from 1 and 2, where squaring or doubling changes little
        x = draw.normal(2, 1, d)
        samples = x + draw.normal(0.3, 1.2, (n, d))
        scores = reference.crooked_score(draw, d)(samples) + 5 + (samples**2).sum(axis=1)
        weight = reference.nearness(samples, x, width)
        distance = np.linalg.norm(samples - x, axis=1)

        def fit(weight: np.ndarray, samples: np.ndarray = samples, scores: np.ndarray = scores, **s: Any) -> np.ndarray:
            return reference.slopes(samples, scores, weight, **s)

        value = answer(samples, scores, x, width)
        whole = fit(weight, keep_first=True)
        mistakes: list[tuple[Any, str]] = [
            (whole, "The intercept came along: return the slopes only, one for each feature."),
            (whole[:-1], "You dropped the last slope and kept the intercept: it is the column of ones that has to go."),
            (fit(weight, intercept=False), "There is no intercept: give the fit a column of ones beside the features."),
            (fit(np.ones(n)), "All samples count alike: weigh each by its nearness to x."),
            (
                fit(weight, power=1.0),
                "The weights count twice: either you multiplied by the weights where their square ROOTS belong, or the "
                "exponent lacks the 2 beside the width.",
            ),
            (fit(np.exp(-distance / (2 * width**2))), "The exponent holds the SQUARED distance."),
            (fit(np.exp(-(distance**2) / 2)), "You did not use the width you were given."),
            (fit(np.exp(-(distance**2) / (2 * width))), "The width has to be squared too."),
            (
                fit(reference.nearness(samples, samples.mean(axis=0), width)),
                "You measured the distance to the mean of the samples: it is the distance to x.",
            ),
            (fit(1 - weight), "You turned the weights round: near samples count most."),
            (fit(1 / weight), "The exponent has lost its minus: far samples count most in your fit."),
            (
                reference.half_weighted(samples, scores, weight, "ones"),
                "The column of ones was not multiplied: it is weighted like every other column.",
            ),
            (
                reference.half_weighted(samples, scores, weight, "scores"),
                "You weighted the samples and forgot their scores: both sides are multiplied.",
            ),
            (
                reference.ridge_slopes(samples, scores, weight),
                "These are the slopes of a ridge regression: the task wants plain least squares, without a penalty.",
            ),
        ]
        expect_close(value, fit(weight), f"The slopes of {d} features", mistakes=mistakes)


@task(
    "21.9",
    "Integrated gradients",
    passed="The parts sum to the score minus the baseline's, up to the steps: completeness, and a test for free.",
)
def integrated_gradients(answer: Callable[..., Any]) -> None:
    """The midpoint rule along a straight line."""
    draw = rng()
    for d, steps in ((int(draw.integers(3, 6)), int(draw.integers(3, 6))), (4, 12)):
        A, b = draw.normal(size=(d, d)), draw.normal(size=d)

        def gradient(rows: np.ndarray, A: np.ndarray = A, b: np.ndarray = b) -> np.ndarray:
            rows = np.asarray(rows)
            if rows.ndim != 2:
                raise ValueError(f"gradient takes rows, shape (n, {len(b)}), and got shape {rows.shape}")
            return 3 * (rows @ A + b) ** 2 @ A.T

        x, baseline = draw.normal(1, 1, d), draw.normal(-1, 1, d)
        middle = (np.arange(steps) + 0.5) / steps

        def along(places: Any, x: np.ndarray = x, baseline: np.ndarray = baseline, **options: Any) -> np.ndarray:
            return reference.integrate(gradient, x, baseline, np.asarray(places), **options)

        value = answer(gradient, x, baseline, steps)
        expect_close(
            expect_shape(value, (d,), "one value for each feature."),
            along(middle),
            "The contributions",
            mistakes=[
                (along([1.0]), "You used the gradient at x only: walk from the baseline and average on the way."),
                (along([0.0]), "You used the gradient at the baseline only: average on the way to x."),
                (along(middle, factor=np.ones(d)), "The mean gradient still has to be multiplied by the way walked."),
                (along(middle, factor=x), "You multiplied by x: the way walked is counted from the baseline."),
                (along(middle, factor=baseline - x), "The way is turned round: from the baseline to x."),
                (along(np.arange(steps) / steps), "You took the start of each step: take its middle."),
                (along((np.arange(steps) + 1) / steps), "You took the end of each step: take its middle."),
                (along(np.linspace(0, 1, steps)), "Both ends are among your places: take the middle of each step."),
                (along(middle) * steps, "You summed over the steps: take the mean."),
                (along(middle, baseline=np.zeros(d)), "You walked from zero: walk from the baseline you were given."),
                (
                    (x - baseline) * gradient(baseline + middle[:, None] * (x - baseline)).mean(),
                    "You averaged over the features too: take the mean over the places only, feature by feature.",
                ),
            ],
        )


@task(
    "21.10",
    "The smallest repair",
    passed="Now you can say what would have been normal, and not only what is wrong.",
)
def smallest_repair(answer: Callable[..., Any]) -> None:
    """A greedy search for features that make a row normal."""
    draw = rng()
    d = int(draw.integers(5, 8))
    score, x, typical, threshold = telling_row(draw, d)
    right = reference.repair(score, x, typical, threshold)
    value = answer(score, x, typical, threshold)
    expect(isinstance(value, (list, tuple, np.ndarray)), "Return a list of columns, in the order in which they change.")
    found = [int(column) for column in np.asarray(value).ravel()]
    if np.shape(value) == (d,) and not np.array_equal(np.sort(found), np.arange(d)):
        expect(False, "You returned a repaired row: return the list of the columns that changed.")
    expect(
        len(set(found)) == len(found), "A column stands twice in your list: a repaired feature needs no second repair."
    )
    cases: list[tuple[list[int], str]] = [
        (
            reference.repair(score, x, typical, threshold, farthest=True),
            "You repair what is farthest from typical: repair what lowers the SCORE most.",
        ),
        (
            reference.repair(score, x, typical, threshold, at_once=True),
            "You ranked the features once, at the start: after each repair, try the remaining ones anew.",
        ),
        (
            reference.repair(score, x, typical, threshold, extra=1),
            "You go one feature too far: stop as soon as the score is at most the threshold.",
        ),
        (right[:-1], "You stop too early: the score is still above the threshold."),
        (
            reference.repair(score, x, typical, threshold, worst=True),
            "You repair what raises the score most, or lowers it least: take the lowest score after the change.",
        ),
        (right[::-1], "The columns are right but stand in reverse: the first repair comes first."),
    ]
    for wrong, message in cases:
        expect(found == right or found != wrong, message)
    expect(
        found == right or sorted(found) != sorted(right),
        "As a set your columns are right, their order is not: the order is that of the greedy search, in each step the "
        "feature that lowers the score most.",
    )
    expect(
        len(found) < d or len(right) == d,
        "You changed every feature: stop as soon as the score is at most the threshold.",
    )
    mended = np.where(np.isin(np.arange(d), found), typical, x)
    expect(
        found == right or score(mended[None])[0] > threshold,
        "Your columns do make the row normal, but another search found them: the task asks for the greedy one, step by "
        "step the feature that lowers the score most.",
    )
    expect(found == right, "The columns, or their order, are not those that lower the score most, one after the other.")
    calm = float(score(x[None])[0])
    expect(
        len(np.ravel(answer(score, x, typical, calm))) == 0,
        "A row whose score equals the threshold is normal already: the list must be empty.",
    )


def telling_row(draw: np.random.Generator, d: int) -> tuple[reference.Score, np.ndarray, np.ndarray, float]:
    """A score, a row, typical values and a threshold on which each usual mistake repairs other columns."""
    while True:
        A, typical = draw.normal(size=(d, d)), draw.normal(10, 3, d)
        x = typical + draw.normal(0, 2, d)

        def score(rows: np.ndarray, A: np.ndarray = A, typical: np.ndarray = typical) -> np.ndarray:
            return (((reference.as_rows(rows, len(A)) - typical) @ A) ** 2).sum(axis=1)

        threshold = float(score(x[None])[0]) * 0.1
        right = reference.repair(score, x, typical, threshold)
        if not 3 <= len(right) <= d - 2 or right == sorted(right) or right == sorted(right)[::-1]:
            continue
        switches: list[dict[str, Any]] = [{"farthest": True}, {"at_once": True}, {"worst": True}, {"extra": 1}]
        wrong = [reference.repair(score, x, typical, threshold, **switch) for switch in switches]
        wrong += [right[:-1], right[::-1], sorted(right), reference.repair(score, x, typical, -1.0)]
        if right not in wrong and len({tuple(columns) for columns in wrong}) == len(wrong):
            return score, x, typical, threshold
