"""Checks of tasks 20.3 and 20.4: what is left after the season, and after the group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference


@task(
    "20.3",
    "What the season leaves over",
    passed="An ordinary value at the wrong time is a large residual now: any point detector finds it.",
)
def seasonal_residual(answer: Callable[..., Any]) -> None:
    """Rows less the median of the training rows at the same phase."""
    draw = rng()
    period, columns = int(draw.integers(5, 9)), int(draw.integers(2, 4))
    n = 6 * period + int(draw.integers(1, period))
    # Not phase 0, not the one that follows the training rows, and no two of them by a clock that runs backwards:
    # so that no wrong phase is right by chance, or is taken for another mistake.
    phases = np.setdiff1d(np.arange(1, period), [n % period, -n % period])
    start = 3 * period + int(draw.choice(phases[2 * phases != period]))
    swing = draw.uniform(5, 15, (period, columns))

    def rows(first: int, count: int) -> np.ndarray:
        return swing[(first + np.arange(count)) % period] + draw.normal(0, 0.3, (count, columns))

    train, X = rows(0, n), rows(start, 2 * period + 3)
    train[int(draw.integers(n))] += 60.0  # one spike, which moves a mean and not a median
    right = reference.seasonal_residual(train, X, period, start)
    value = expect_shape(answer(train, X, period, start), X.shape, "one residual for each value of X.")
    expect_close(
        value,
        right,
        "The residuals",
        mistakes=[
            (
                lambda: reference.seasonal_residual(train, X, period, 0),
                "You took the first row of X as phase 0: its phase is start modulo period.",
            ),
            (
                lambda: reference.seasonal_residual(train, X, period, n),
                "You let X go on where the training rows end: the phase of its first row comes from start.",
            ),
            (
                lambda: reference.seasonal_residual(train, X, period, start, np.mean),
                "You averaged: one spike in the training rows moves the mean of its phase, take the median.",
            ),
            (
                lambda: reference.seasonal_residual(train[: n // period * period], X, period, start),
                "You left out the last rows of training, which fill no whole period: their phases have them too, "
                "use all rows.",
            ),
            (
                lambda: X - _about_each_period(train, period)[(start + np.arange(len(X))) % period],
                "You took the level of each period off first, as the lesson does: here the profile is the plain "
                "median of each phase.",
            ),
            (
                lambda: reference.seasonal_residual(train, X, period, -start),
                "You subtracted start from the row numbers: X begins start rows after training, "
                "and the clock runs forwards.",
            ),
            (-right, "The sign is turned round: it is the value less the profile."),
            (np.abs(right), "You took absolute values: a residual keeps its sign, so that the next part can use it."),
            (X - right, "You returned the profile itself: subtract it from X."),
            (
                X - np.median(train, axis=0),
                "You subtracted one median for all times of day: each phase has its own.",
            ),
            (
                lambda: reference.seasonal_residual(train, X, period, start, _one_for_all_columns),
                "You took one median over all columns: each column has its own profile.",
            ),
            (
                lambda: reference.seasonal_residual(X, X, period, 0),
                "The profile came from X: learn it from the training rows, or anomalies explain themselves away.",
            ),
        ],
    )


def _about_each_period(train: np.ndarray, period: int) -> np.ndarray:
    days = train[: len(train) // period * period].reshape(-1, period, train.shape[1])
    profile = np.median(days - np.median(days, axis=1, keepdims=True), axis=0)
    return profile - np.median(profile, axis=0)


def _one_for_all_columns(part: np.ndarray, axis: int) -> np.ndarray:
    return np.full(part.shape[1 - axis], np.median(part))


@task(
    "20.4",
    "Unusual for whom?",
    passed="The same value may be ordinary for one group and far out for another: now your score knows.",
)
def group_residual(answer: Callable[..., Any]) -> None:
    """Robust deviations from the median of the own group."""
    draw = rng()
    names = draw.permutation(np.array(["bakery", "clothes", "fuel", "supermarket"]))
    centre, width = dict(zip(names, (5.0, 80.0, 40.0, 25.0), strict=True)), dict(zip(names, (1, 30, 8, 9), strict=True))

    def some(groups: np.ndarray) -> np.ndarray:
        return np.array([draw.normal(centre[group], width[group]) for group in groups])

    train_groups = draw.permutation(np.repeat(names, draw.integers(11, 19, 4)))
    train = some(train_groups)
    train[:2] += 300.0
    known = draw.permutation(np.repeat(names, 4))
    values = np.r_[some(known), draw.uniform(20, 90, 2)]
    groups = np.r_[known, ["hotel", "museum"]]
    first = slice(0, len(known))
    data = train, train_groups, values[first], groups[first]
    right = reference.group_residual(*data)
    raw = reference.group_residual(*data, factor=1.0)
    value = expect_shape(answer(*data), right.shape, "one residual for each of the values.")
    expect_close(
        value,
        right,
        "The residuals",
        mistakes=[
            (raw, "The factor 1.4826 is missing: with it the MAD of bell-shaped data is a standard deviation."),
            (
                lambda: reference.group_residual(*data, factor=1 / reference.MAD_TO_DEVIATION),
                "You divided the MAD by 1.4826: multiply, it is smaller than a standard deviation.",
            ),
            (
                lambda: reference.group_residual(*data, moments=True),
                "You used mean and standard deviation: two wild values in training move both, take median and MAD.",
            ),
            (
                lambda: reference.group_residual(train, np.full(len(train), "all"), values[first], groups[first]),
                "You compared with all groups together: each value belongs beside the training values of its group.",
            ),
            (
                lambda: reference.group_residual(*data, spread_of_all=True),
                "The median is the group's, but the spread is that of all values: take the group's own MAD.",
            ),
            (
                lambda: reference.group_residual(data[2], data[3], data[2], data[3]),
                "Median and MAD came from the new values: learn them from the training values.",
            ),
            (np.abs(right), "You took absolute values: keep the sign, too little and too much are different stories."),
            (
                lambda: np.array([right[i] * _scale(train[train_groups == g]) for i, g in enumerate(data[3])]),
                "You only subtracted the median: divide by the group's spread, or the widest group is always alarmed.",
            ),
        ],
    )
    data = train, train_groups, values, groups
    with np.errstate(all="ignore"):
        found = np.asarray(answer(*data), dtype=float)
    if found.shape == values.shape:
        expect(
            np.isfinite(found).all(),
            "A group that training has not seen gives NaN: judge it by the median and MAD of all training values.",
        )
        expect(
            found[-2:].any(),
            "A group that training has not seen gets 0, as if it were ordinary: judge it by all training values.",
        )
    expect_close(
        found,
        reference.group_residual(*data),
        "The residuals, with two groups that training has not seen,",
        otherwise="The known groups are right; a group that training has not seen is judged by the median and MAD of "
        "all training values.",
    )


def _scale(part: np.ndarray) -> float:
    return float(reference.MAD_TO_DEVIATION * np.median(np.abs(part - np.median(part))))
