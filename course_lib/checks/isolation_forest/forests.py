"""Checks of tasks 6.6 and 6.8: a tree in two arrays, and the whole forest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.isolation_forest import references as reference


def lookups(answer: Callable[..., Any], column: np.ndarray, cut: np.ndarray, X: np.ndarray) -> int:
    """How often an answer looks into the rows X, (n, d), or into what it took from them."""
    count = 0

    class Counting(np.ndarray):
        def __getitem__(self, key: Any) -> Any:
            nonlocal count
            count += 1
            return super().__getitem__(key)

    answer(column, cut, X.view(Counting))
    return count


@task(
    "6.6",
    "All rows at once, without recursion",
    passed="This loop is the library's, and what a GPU runs: the same steps for every row.",
)
def end_slots(answer: Callable[..., Any]) -> None:
    """The end of each row in a tree that is stored as two arrays."""
    draw = rng()
    column, cut, X = reference.telling_tables(draw)
    depth = len(cut).bit_length() - 1
    slots = reference.end_slots

    expect_close(
        expect_shape(answer(column, cut, X), (80,), "one end for each row."),
        slots(column, cut, X),
        "The ends",
        mistakes=[
            (lambda: slots(column, cut, X) - 2**depth, "You counted the ends from 0: return the slots, from 2**L on."),
            (
                lambda: slots(column, cut, X, swapped=True),
                "Left and right are swapped: larger than the cut goes right.",
            ),
            (
                lambda: slots(column, cut, X, ties_right=True),
                "A value equal to its cut goes left: right is only above.",
            ),
            (
                lambda: slots(column, cut, X, steps=depth - 1),
                "You stopped one step early: L steps from slot 1 on lead to the ends.",
            ),
            (
                lambda: slots(column, cut, X, only_root=True),
                "You look at the root's cut in every step: look up column and cut of the slot in which each row is.",
            ),
            (
                np.zeros(len(X)),
                "All rows stay in slot 0, which is not used and whose children are 0 and 1: start in slot 1, the root.",
            ),
            (
                lambda: slots(column, cut, X, root=0),
                "You start in slot 0 with children 2 i + 1 and 2 i + 2: here the root is slot 1.",
            ),
        ],
    )
    one = answer(column[:2], np.array([np.nan, 0.5]), np.array([[0.1] * 4, [0.9] * 4]))
    expect_close(one, [2, 3], "The ends in a tree with a single cut")
    expect(
        lookups(answer, column, cut, np.r_[X, X]) <= lookups(answer, column, cut, X),
        "The ends are right, but you go through the rows one by one: let slot be an array and move all rows at once.",
    )


@task(
    "6.8",
    "Put it together",
    passed="Fit on what you have, flag what comes: the share is a promise about the training rows only.",
)
def flag(answer: Callable[..., Any]) -> None:
    """A forest with a threshold, fitted on one table and applied to another."""
    from course_lib.core.thresholds import Contamination
    from course_lib.ml import IsolationForest

    draw = rng()
    X_train = draw.normal(size=(300, 3))
    X_test = np.r_[draw.normal(size=(150, 3)), draw.normal(0, 3, (50, 3))]
    share = 0.03

    def labels(fit: np.ndarray, score: np.ndarray, contamination: float, **options: int) -> np.ndarray:
        settings: dict[str, Any] = {"n_estimators": 50, "max_samples": 64, "random_state": 0, **options}
        forest = IsolationForest(device="cpu", threshold=Contamination(contamination), **settings).fit(fit)
        return forest.predict(score)

    value, again = (np.asarray(answer(X_train, X_test, share)) for _ in range(2))
    expect(np.array_equal(value, again), "Two calls give different labels: set random_state=0.")
    if value.shape == (200,):
        distinct = len(np.unique(value))
        expect(distinct <= 2, "You returned scores: predict compares them with the threshold and gives labels.")
        expect(value.min() >= 0, "You returned labels -1 and 1: in the course 1 is an anomaly and 0 is normal.")
    expect(value.shape != (300,), "You returned labels of the training rows: predict the rows of X_test.")
    expect_close(
        expect_shape(value, (200,), "one label for each row of X_test."),
        labels(X_train, X_test, share),
        "The labels",
        mistakes=[
            (
                lambda: labels(X_test, X_test, share),
                "You fitted on X_test: the forest and its threshold come from X_train, or each batch flags its share.",
            ),
            (lambda: labels(X_train, X_test, 0.1), "The threshold is the default one, 10%: pass Contamination(share)."),
            (lambda: 1 - labels(X_train, X_test, share), "Your labels are upside down: 1 is the anomaly."),
            (
                lambda: labels(np.r_[X_train, X_test], X_test, share),
                "You fitted on both tables together: the rows to be judged take no part, fit on X_train alone.",
            ),
            (
                lambda: labels(X_train, X_test, share, n_estimators=64, max_samples=50),
                "The two numbers are swapped: n_estimators=50 trees, max_samples=64 rows each.",
            ),
            (
                lambda: labels(X_train, X_test, share, n_estimators=100, max_samples=256),
                "Your forest has the default size, 100 trees of 256 rows: set n_estimators=50 and max_samples=64.",
            ),
            *(
                (
                    partial(labels, X_train, X_test, share, random_state=seed),
                    f"You used random_state={seed}: the task asks for 0.",
                )
                for seed in (1, 2, 6, 42, 123)
            ),
            (
                lambda: labels(X_train, X_test, share, n_estimators=100),
                "Your forest has 100 trees, the default: ask for 50 with n_estimators.",
            ),
            (
                lambda: labels(X_train, X_test, share, max_samples=256),
                "Your trees take 256 rows, the default: ask for 64 with max_samples.",
            ),
        ],
    )
