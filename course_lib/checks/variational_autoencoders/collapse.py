"""Checks of tasks 12.7 and 12.8: how many units are active, and how to keep them alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, expect_type, rng, task


@task("12.7", "Who is still talking?", passed="One number that no loss curve shows.")
def count_active(answer: Callable[..., Any]) -> None:
    """How many latent units vary over the rows by more than a threshold."""
    draw = rng()
    at_the_line = np.array([[0.0, 2.0, 1.0, -1.0], [0.0, 2.0, -1.0, -1.0], [0.0, 2.0, 3.0, -1.0]])  # three are constant
    for threshold, other in ((0.01, 0.2), (0.2, 0.01)):
        means, right, mistakes = _telling_codes(draw, threshold, other)
        value = answer(means, threshold)
        expect(np.shape(value) != means.shape[1:], "You returned one answer for each unit: count the active ones.")
        expect_shape(value, (), "return one whole number.")
        expect_close(value, right, "The number of active units", mistakes=mistakes)
        expect_type(value, (int, np.integer), "a count is a whole number.")
    tie = "A unit whose variance equals the threshold is not above it."
    expect_close(answer(at_the_line, 0.0), 1, "The number of units above a threshold of 0", mistakes=[(4, tie)])


def _telling_codes(
    draw: np.random.Generator, threshold: float, other: float
) -> tuple[np.ndarray, int, list[tuple[float, str]]]:
    """Codes of which every known mistake counts another number of active units than the right rule and one another."""
    while True:
        deviations = np.sqrt(threshold * draw.choice([0.02, 0.3, 0.5, 2.0, 9.0, 40.0], 14))
        means = draw.normal(size=(int(draw.integers(30, 50)), 14)) * deviations
        means += draw.choice([0.0, 2.0], 14)  # a silent unit may sit anywhere
        variance = means.var(axis=0)
        right = int((variance > threshold).sum())
        mistakes: list[tuple[float, str]] = [
            ((variance <= threshold).sum(), "You counted the silent units."),
            (
                (means.std(axis=0) > threshold).sum(),
                "You compared the deviation with the threshold: it is one for variances.",
            ),
            ((means.var(axis=1) > threshold).sum(), "You looked along the rows: each unit varies over the data."),
            ((np.abs(means.mean(axis=0)) > threshold).sum(), "You looked at where a unit sits, not how it varies."),
            (
                ((means**2).mean(axis=0) > threshold).sum(),
                "You forgot to subtract the mean: a unit that always says 2 says nothing.",
            ),
            (right / 14, "You returned a share: a count is asked for."),
            (
                (variance > other).sum(),
                "Your count does not follow the threshold: use the argument, not a number of your own.",
            ),
            (14, "You counted all units, active or not."),
        ]
        clear = np.abs(np.log(variance / threshold)).min() > 0.1  # none near the line: ddof does not matter
        if clear and right > 0 and len({right, *(value for value, _ in mistakes)}) == len(mistakes) + 1:
            return means, right, mistakes


@task("12.8", "Free bits", passed="Below the floor nothing presses a unit to silence.")
def free_bits(answer: Callable[..., Any]) -> None:
    """Sum over units of the batch mean of the divergence, or of the floor where that is more."""
    import torch

    draw = rng()
    quiet = answer(torch.full((3, 4), 0.05, dtype=torch.float64), 0.7)
    alone = float(quiet) if np.shape(quiet) == () else 0.0  # the floor of four units is four times 0.7
    total = "You compared the total with all floors together: each unit is compared with its own floor."
    flat = "You ignore the floor."
    if np.isclose(alone, [0.7, 2.8]).any():
        flat = total if alone > 1 else "You applied the floor to the sum: each unit has its own."
    for n, k in ((4, 3), (int(draw.integers(6, 9)), int(draw.integers(9, 12)))):
        array = draw.gamma(1.0, 1.0, (n, k)) * np.where(np.arange(k) % 2, 2.0, 0.3)
        floor = float(draw.uniform(0.5, 0.8))
        kl = torch.as_tensor(array).requires_grad_(True)
        value = answer(kl, floor)
        expect_type(value, torch.Tensor, "return a tensor: training needs its gradient.")
        unit = array.mean(axis=0)
        expect_close(
            value,
            np.maximum(unit, floor).sum(),
            "What training pays",
            mistakes=[
                (unit.sum(), flat),
                (k * floor, total),
                (np.minimum(unit, floor).sum(), "You took the smaller of the two: training pays at least the floor."),
                (np.maximum(array, floor).mean(axis=0).sum(), "You applied the floor to each row: first the mean."),
                (np.maximum(array, floor).sum(), "You applied the floor to each row, and added up the rows."),
                (
                    np.maximum(unit - floor, 0).sum(),
                    "You subtracted the floor: a unit below it still costs the floor.",
                ),
                (np.maximum(array.sum(axis=0), floor).sum(), "You added up the rows: take their mean."),
                (np.maximum(unit, floor).mean(), "You averaged over the units: their costs add up."),
                (np.maximum(unit, floor), "You returned one number for each unit: add them up."),
                (
                    np.maximum(array.mean(axis=1), floor).sum(),
                    "You averaged over the units: the mean runs over the rows, the first axis.",
                ),
            ],
        )
        expect(value.requires_grad, "The number is right, but no gradient passes: stay with tensors, without detach.")
        (slope,) = torch.autograd.grad(value, kl)
        expect(
            bool((slope[:, unit > floor] != 0).all() and (slope[:, unit < floor] == 0).all()),
            "The number is right, but the gradient is not: a unit below the floor gets none, one above gets it whole.",
        )
