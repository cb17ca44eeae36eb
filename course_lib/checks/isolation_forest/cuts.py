"""Checks of tasks 6.2, 6.5 and 6.7: random cuts, samples and slanted cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import CheckFailed, expect, expect_close, expect_shape, rng, task
from course_lib.checks.isolation_forest import references as reference


@task(
    "6.2",
    "One random cut",
    passed="A cut that is blind on purpose: all the rest is done by many of them.",
)
def random_cut(answer: Callable[..., Any]) -> None:
    """A varying column and a place between its smallest and largest value."""
    draw = rng()
    X = draw.normal(3, 2, (12, 5))
    X[:, [0, 3]] = 4.0  # constant, one of them first
    varying = np.array([1, 2, 4])
    seeds = draw.integers(2**31, size=30)

    def results(recipe: Callable[..., Any]) -> np.ndarray:
        return np.array([[float(part) for part in recipe(X, np.random.default_rng(seed))] for seed in seeds])

    value = expect_shape(answer(X, np.random.default_rng(0)), (2,), "return two numbers, (feature, cut).")
    expect(float(value[0]) == int(value[0]), "The feature comes first, then the cut: return (feature, cut).")
    found, right = results(answer), results(reference.random_cut)
    if np.isin(found[:, 0], (0, 3)).any():
        expect(False, "You cut a constant column, which separates nothing: choose among the columns that vary.")
    low, high = X.min(axis=0)[found[:, 0].astype(int)], X.max(axis=0)[found[:, 0].astype(int)]
    inside = (found[:, 1] >= low) & (found[:, 1] <= high)
    expect(
        inside.all(),
        "Some cuts lie outside the chosen column's values and separate nothing: use that column's own smallest and "
        "largest value, not those of the whole table.",
    )
    expect(len(set(found[:, 0])) > 1, f"You always cut column {int(found[0, 0])}: draw one of the columns that vary.")
    rows = (X[:, found[:, 0].astype(int)] == found[:, 1]).any(axis=0)
    expect(
        not rows.all(),
        "Your cuts are values of rows: draw from the whole range, so that wide gaps are hit more often.",
    )
    expect_close(
        found,
        right,
        "Feature and cut",
        mistakes=[
            (
                lambda: results(lambda X, rng: reference.middle_cut(X, rng, varying)),
                "You cut in the middle of the range: draw the place, rng.uniform(low, high).",
            ),
            (
                lambda: results(reference.cut_first),
                "You draw the cut before the feature: the check expects the feature as the first draw.",
            ),
        ],
    )


@task(
    "6.5",
    "A sample for each tree",
    passed="Small samples, each tree its own: that keeps anomalies from hiding behind each other.",
)
def draw_samples(answer: Callable[..., Any]) -> None:
    """Row numbers for each tree, without repetition."""
    draw = rng()
    n, n_trees, psi = int(draw.integers(60, 90)), 40, 30
    seed = int(draw.integers(2**31))
    found = _drawn(answer, n, n_trees, psi, np.random.default_rng(seed))
    found = expect_shape(found, (n_trees, psi), "one row of psi row numbers for each tree.")
    expect(found.dtype.kind in "iu", f"Row numbers are integers, yours are {found.dtype}.")
    expect(
        found.min() >= 0 and found.max() < n,
        f"Row numbers run from 0 to {n - 1}, yours go from {found.min()} to {found.max()}.",
    )
    repeats = [len(np.unique(row)) < psi for row in found]
    expect(not any(repeats), "A tree holds the same row twice: draw without repetition, replace=False.")
    expect(
        len({tuple(sorted(row)) for row in found.tolist()}) > 1,
        "All trees get the same sample: draw anew for each tree, or the forest is blind in the same places.",
    )
    gaps = np.diff(np.sort(found, axis=1), append=found.min(axis=1, keepdims=True) + n, axis=1)
    expect(
        not ((gaps > 1).sum(axis=1) <= 1).all(),
        "Each tree takes a run of neighbouring rows, which are often alike: draw every row at random, with rng.choice.",
    )
    again = np.asarray(answer(n, n_trees, psi, np.random.default_rng(seed)))
    expect(
        np.array_equal(found, again),
        "The same generator gives other samples the second time: draw with the rng you are given and nothing else.",
    )
    other = np.asarray(answer(n, n_trees, psi, np.random.default_rng(seed + 1)))
    expect(
        not np.array_equal(found, other),
        "Two different generators give the very same samples: use the rng you are given, not one of your own.",
    )
    seen = len(np.unique(found))
    expect(
        seen == n,
        f"In 40 samples only {seen} of {n} rows ever occur: draw from all rows, not from one part or in fixed pieces.",
    )
    few = _drawn(answer, 10, 5, psi, np.random.default_rng(0))
    few = expect_shape(few, (5, 10), "with 10 rows and psi = 30 each tree takes all 10.")
    expect((np.sort(few, axis=1) == np.arange(10)).all(), "With fewer rows than psi each tree holds every row once.")


def _drawn(answer: Callable[..., Any], n: int, n_trees: int, psi: int, rng: np.random.Generator) -> Any:
    """What the answer draws; an error in it is told with the names of its arguments."""
    try:
        return answer(n, n_trees, psi, rng)
    except CheckFailed as failure:
        raise CheckFailed(
            f"With n = {n}, n_trees = {n_trees} and psi = {psi} something fails. {failure.message}"
        ) from None


@task(
    "6.7",
    "A slanted cut",
    passed="One line turns the plain forest into the extended one.",
)
def goes_left(answer: Callable[..., Any]) -> None:
    """(x - p) . v <= 0 for every row."""
    draw = rng()
    normal, point = draw.uniform(0.5, 1.5, 4) * [1, -1, 1, 1], draw.uniform(1, 2, 4)
    X = draw.normal(0, 2, (60, 4)) + 0.5 * point
    X[0] = point  # exactly on the plane
    side = (X - point) @ normal
    value = answer(X, normal, point)
    found = np.asarray(value)
    if found.dtype.kind == "f" and found.shape == (60,):
        expect(not np.allclose(found, side), "You returned the distances themselves: compare them with 0.")
    expect_close(
        value,
        side <= 0,
        "Left or not",
        mistakes=[
            (side > 0, "Left and right are swapped: left is where the product is at most 0."),
            (side >= 0, "You ask for at least 0, left is where the product is at most 0: turn >= into <=."),
            (side < 0, "A row exactly on the plane goes left: compare with <=, not <."),
            (X @ normal <= 0, "You left out the point: without it every plane would pass through the origin."),
            ((X + point) @ normal <= 0, "You added the point: it is subtracted from the row."),
            ((X - normal) @ point <= 0, "You confused direction and point: subtract the point, multiply by normal."),
            (
                (X - point) * normal <= 0,
                "You compared each column by itself: sum the products first, with @.",
            ),
        ],
    )
