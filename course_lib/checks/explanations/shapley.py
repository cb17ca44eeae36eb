"""Checks of tasks 21.3 to 21.5: exact Shapley values, the kernel's weights, and one order of joining."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, factorial
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.explanations import references as reference


@task(
    "21.3",
    "Shapley values",
    passed="The only fair division there is: additive, symmetric, and nothing for who adds nothing.",
)
def shapley_values(answer: Callable[..., Any]) -> None:
    """Shapley values of a random game."""
    draw = rng()
    for d in (3, 4, 5, 2):
        value, table = reference.random_game(draw, d)
        whole, none = frozenset(range(d)), frozenset[int]()
        found = expect_shape(answer(value, d), (d,), "one value for each feature.")
        each = [frozenset({j}) for j in range(d)]
        expect_close(
            found,
            reference.shapley(value, d),
            f"The values of {d} features",
            mistakes=[] if d == 2 else _usual_mistakes(table, value, d, each, whole, none),
            otherwise="" if np.isclose(found.sum(), table[whole] - table[none]) else _not_additive(d),
        )


def _not_additive(d: int) -> str:
    return (
        f"Your values of {d} features do not sum to v(all) - v(none), so something is counted too often or too seldom: "
        "look at the weight of each coalition."
    )


def _usual_mistakes(
    table: dict[frozenset[int], float],
    value: Callable[[frozenset[int]], float],
    d: int,
    each: list[frozenset[int]],
    whole: frozenset[int],
    none: frozenset[int],
) -> list[tuple[Any, str]]:
    right = reference.shapley(value, d)
    return [
        (-right, "The sign is turned round: what j adds is the value with j minus the value without."),
        (
            lambda: reference.shapley(value, d, lambda d, size: 1 / 2 ** (d - 1)),
            "You gave all coalitions the same weight: coalitions of middle size are many, and each counts less.",
        ),
        (
            lambda: reference.shapley(value, d, lambda d, size: 1.0),
            "You added up the differences without any weight: it is an average over the orders.",
        ),
        (right * factorial(d), "You summed over all orders: divide by their number."),
        (
            lambda: reference.by_place(value, d),
            "You credited the place in the order: what is added there belongs to the feature that joins there.",
        ),
        (
            [table[whole] - table[whole - one] for one in each],
            "You only took each feature away from the full coalition: all other coalitions count too.",
        ),
        (
            [table[one] - table[none] for one in each],
            "You only let each feature join the empty coalition: all other coalitions count too.",
        ),
        ([table[one] for one in each], "You returned the value of each feature alone, not what it adds."),
        (
            lambda: reference.shapley(value, d, lambda d, size: 1 / comb(d - 1, size)),
            "The weights of each size sum to 1, so all sizes together count d times: divide by d.",
        ),
        (
            lambda: reference.shapley(value, d, lambda d, size: 1 / comb(d, size) / d),
            "You counted coalitions of all d features: S is drawn from the d - 1 others.",
        ),
        (
            [table[frozenset(range(j + 1))] - table[frozenset(range(j))] for j in range(d)],
            "That is what the features add in ONE order, 0, 1, 2, ...: average over all orders.",
        ),
    ]


@task(
    "21.4",
    "The kernel's weights",
    passed="Small and large coalitions weigh most: they say most about single features.",
)
def kernel_weight(answer: Callable[..., Any]) -> None:
    """The weight of a coalition in KernelSHAP's regression."""
    draw = rng()
    pairs = [(int(d), int(draw.integers(1, d))) for d in draw.integers(4, 13, size=12)] + [(7, 2), (7, 5), (9, 4)]
    found = [answer(d, size) for d, size in pairs]
    expect(all(np.ndim(weight) == 0 for weight in found), "Return one number for one coalition.")

    def variant(weight: Callable[[int, int], float]) -> list[float]:
        return [weight(d, size) for d, size in pairs]

    expect_close(
        found,
        variant(reference.kernel_weight),
        "The weights of 15 coalitions",
        mistakes=[
            (
                variant(lambda d, size: (d - 1) / (size * (d - size))),
                "The binomial coefficient is missing: the weight of a size is shared by all coalitions of that size.",
            ),
            (
                variant(lambda d, size: d / (comb(d, size) * size * (d - size))),
                "The numerator is d - 1, not d.",
            ),
            (variant(lambda d, size: 1 / (comb(d, size) * size * (d - size))), "The numerator d - 1 is missing."),
            (
                variant(lambda d, size: (d - 1) / comb(d, size)),
                "The sizes of the coalition and of the rest are missing in the denominator.",
            ),
            (
                variant(lambda d, size: factorial(size) * factorial(d - size - 1) / factorial(d)),
                "These are the weights of Shapley's own formula: the regression needs other ones.",
            ),
            (
                variant(lambda d, size: (d - 1) / (comb(d - 1, size) * size * (d - size))),
                "The binomial coefficient counts coalitions of all d features, not of d - 1.",
            ),
            (
                variant(lambda d, size: (d - 1) // (comb(d, size) * size * (d - size))),
                "You divided with //, which drops the fraction: every weight becomes zero.",
            ),
            (
                variant(lambda d, size: (d - 1) / comb(d, size) * size * (d - size)),
                "Mind the brackets: a / b * c multiplies by c, all three factors belong below the line.",
            ),
        ],
    )


@task(
    "21.5",
    "One order of joining",
    passed="Average this over a few random orders and over the background, and you have permutation Shapley.",
)
def permutation_values(answer: Callable[..., Any]) -> None:
    """What each feature adds when they join one after the other."""
    draw = rng()
    for d in (int(draw.integers(5, 8)), 4):
        score = reference.crooked_score(draw, d)
        x, start = draw.normal(2, 2, d), draw.normal(-1, 2, d)
        order = _telling_order(draw, d)
        value = expect_shape(answer(score, x, start, order), (d,), "one value for each feature.")
        _expect_walk(value, score, x, start, order)


def _expect_walk(
    value: np.ndarray, score: reference.Score, x: np.ndarray, start: np.ndarray, order: np.ndarray
) -> None:
    right = reference.walk(score, x, start, order)
    gain = float(score(x[None])[0] - score(start[None])[0])
    expect_close(
        value,
        right,
        "What the features add",
        mistakes=[
            (
                reference.walk(score, x, start, order, by_place=True),
                "The numbers are right but stand in the order of joining: what feature j adds belongs in place j.",
            ),
            (
                reference.walk(score, x, start, order, alone=True),
                "You started from the ordinary row each time: features that joined earlier stay in.",
            ),
            (-right, "The sign is turned round: the score after joining minus the score before."),
            (
                reference.walk(score, x, start, list(range(len(x)))),
                "You did not use the order that you were given.",
            ),
            (
                reference.walk(score, x, start, order[::-1]),
                "You went through the order backwards, or started from x and undid the features.",
            ),
            (
                reference.walk(score, start, x, order),
                "x and start are swapped: begin with start and end with x.",
            ),
            (
                np.cumsum(right[order])[np.argsort(order)],
                "These are the gains since the start: subtract the score just before the feature joined.",
            ),
        ],
        otherwise=""
        if np.isclose(value.sum(), gain)
        else "The values do not sum to score(x) - score(start), as they must in any order.",
    )


def _telling_order(draw: np.random.Generator, d: int) -> np.ndarray:
    """An order that is neither sorted, nor reversed, nor its own inverse."""
    while True:
        order = draw.permutation(d)
        if not any(np.array_equal(order, other) for other in (np.arange(d), np.arange(d)[::-1], np.argsort(order))):
            return order
