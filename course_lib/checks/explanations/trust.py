"""Checks of tasks 21.7, 21.8 and 21.11: deletion, precision at k, and names for the person on call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task
from course_lib.checks.explanations import references as reference


@task(
    "21.7",
    "Does deleting help?",
    passed="A true explanation makes the score fall early; a chart alone never tells.",
)
def deletion_scores(answer: Callable[..., Any]) -> None:
    """Scores while the blamed features are replaced one after the other."""
    draw = rng()
    for d in (int(draw.integers(4, 8)), 5):
        score = reference.crooked_score(draw, d)
        x, typical = draw.normal(3, 2, d), draw.normal(-1, 2, d)
        values = _telling_contributions(draw, d)
        value = answer(score, x, typical, values)
        _expect_deletion(value, score, x, typical, values)


def _telling_contributions(draw: np.random.Generator, d: int) -> np.ndarray:
    """Contributions of both signs that each usual mistake puts into an order of its own."""
    while True:
        values = draw.permutation(np.arange(1, d + 1) * np.where(np.arange(d) % 3 == 0, -1.7, 1.0))
        orders = {tuple(np.argsort(ranking)) for ranking in (-values, values, -np.abs(values), np.arange(d))}
        if len(orders) == 4:
            return values


def _expect_deletion(
    value: Any, score: reference.Score, x: np.ndarray, typical: np.ndarray, values: np.ndarray
) -> None:
    right = reference.deletion(score, x, typical, values)
    expect_close(
        value,
        right,
        "The scores",
        mistakes=[
            (
                reference.deletion(score, x, typical, -values),
                "You replaced the least blamed features first: the largest contributions go first.",
            ),
            (
                reference.deletion(score, x, typical, np.abs(values)),
                "You ranked by absolute values: a negative one makes the row look MORE normal, it goes last.",
            ),
            (
                reference.deletion(score, x, typical, values, cumulative=False),
                "You replaced a single feature each time: those replaced before stay replaced.",
            ),
            (right[1:], "The first point is missing: the score before anything is replaced."),
            (right[:-1], "The last point is missing: the score when everything is replaced."),
            (
                reference.deletion(score, x, np.zeros(len(x)), values),
                "You put zeros in: replace by the typical values, zero may be anything but typical.",
            ),
            (
                reference.deletion(score, typical, x, values),
                "x and typical are swapped: start from the flagged row.",
            ),
            (
                reference.deletion(score, x, typical, -np.arange(len(x), dtype=float)),
                "You replaced the features from left to right: their order comes from values.",
            ),
        ],
    )


@task(
    "21.8",
    "Precision at k",
    passed="Plant causes, then count: the most direct test an explanation can get.",
)
def precision_at(answer: Callable[..., Any]) -> None:
    """How many of the first k features are true causes."""
    draw = rng()
    n, d = int(draw.integers(12, 18)), int(draw.integers(6, 10))
    sizes = np.r_[1, 2, 4, draw.integers(1, 6, n - 3)]
    causes = [set(draw.choice(d, size, replace=False).tolist()) for size in sizes]
    for k in (3, 1, 2):
        values = _telling_values(draw, causes, d, k)
        value = expect_shape(answer(values, causes, k), (), "one number, the mean over the rows.")
        _expect_precision(value, values, causes, k)


def _expect_precision(value: np.ndarray, values: np.ndarray, causes: list[set[int]], k: int) -> None:
    (right, _), *mistakes = _precisions(values, causes, k)
    expect_close(value, right, f"The precision at {k}", mistakes=mistakes)


def _precisions(values: np.ndarray, causes: list[set[int]], k: int) -> list[tuple[float, str]]:
    """The right number first, then those of the usual mistakes, with what to say about them."""
    first = np.argsort(-values, axis=1, kind="stable")[:, :k]
    hits = [len(set(row.tolist()) & cause) for row, cause in zip(first, causes, strict=True)]
    found = [
        (reference.precision(values, causes, k), ""),
        (
            reference.precision(-values, causes, k),
            "You took the features with the smallest values: blame is a large positive value.",
        ),
        (
            reference.precision(np.abs(values), causes, k),
            "You ranked by absolute values: a negative contribution speaks for normal, it is no blame.",
        ),
        (
            reference.precision(values, causes, k, lambda k, size: size),
            "You divided by the number of causes: with more causes than k nobody could reach 1.",
        ),
        (
            reference.precision(values, causes, k + 1, lambda _, size: min(k, size)),
            "You looked at one feature too many.",
        ),
        (float(np.sum(hits)), "You counted the hits of all rows together: average over the rows."),
    ]
    if k == 1:  # where a hit is a hit, however it is counted
        return found
    return [
        *found,
        (
            reference.precision(values, causes, k, lambda k, size: k),
            "You divided by k in every row: a row with a single cause can never have more than one hit.",
        ),
        (float(np.mean(np.array(hits) > 0)), "You counted rows with at least one hit: count how many are hit."),
        (float(np.mean(hits)), "These are the mean numbers of hits: divide each row's by what is possible."),
    ]


def _telling_values(draw: np.random.Generator, causes: list[set[int]], d: int, k: int) -> np.ndarray:
    """Contributions, large ones of both signs, on which each usual mistake gives a number of its own."""
    while True:
        values = draw.normal(size=(len(causes), d))
        for row, cause in enumerate(causes):
            values[row, list(cause)] += 1.2
        variants = [right for right, _ in _precisions(values, causes, k)]
        if len(np.unique(np.round(variants, 6))) == len(variants):
            return values


@task(
    "21.11",
    "Name the culprit",
    passed="From a fitted detector to a name on the page, in two lines and for any detector of the course.",
)
def name_the_culprit(answer: Callable[..., Any]) -> None:
    """Names of the features with the largest exact Shapley values."""
    from course_lib.explain import ExactShapley
    from course_lib.ml import PCA

    draw = rng()
    d = 6
    names = [
        f"{word} {number}" for number, word in zip(draw.permutation(90)[:d] + 10, ["pump", "valve"] * 3, strict=True)
    ]
    while True:
        load = draw.normal(size=(160, 1)) * draw.uniform(0.8, 1.2, d)
        ordinary = 50 + load + draw.normal(0, 0.2, (160, d))
        detector = PCA(n_components=1).fit(ordinary)
        background, X = ordinary[:20], ordinary[100:112].copy()
        broken = draw.integers(d, size=12)
        X[np.arange(12), broken] += draw.choice([-4.0, 4.0], 12)
        values = ExactShapley(detector, background).explain(X).values
        turned = ExactShapley(detector, X).explain(background).values
        first = [names[j] for j in values.argmax(axis=1)]
        orders = (values.argmin(axis=1), X.argmax(axis=1), np.abs(X - X.mean(axis=0)).argmax(axis=1))
        if len(set(first)) > 2 and all((order != values.argmax(axis=1)).any() for order in orders):
            break
    value = answer(detector, background, X, names)
    expect(isinstance(value, (list, tuple, np.ndarray)), "Return a list with one name for each row of X.")
    found = list(value)
    if len(found) == len(background):
        same = found == [names[j] for j in turned.argmax(axis=1)]
        expect(not same, "X and the background are swapped: the rows of X are to be explained.")
    expect(len(found) == len(X), f"X has {len(X)} rows and your list {len(found)} entries: one name for each row of X.")
    if all(isinstance(entry, (list, tuple)) for entry in found):
        expect(False, "Each entry is a list: top(1) gives one list for each row, take the name out of it.")
    if all(isinstance(entry, (int, np.integer)) for entry in found):
        expect(False, "You returned numbers of columns: the person on call needs their names.")
    if all(isinstance(entry, str) and entry not in names for entry in found):
        expect(False, "These are not the names you were given: hand feature_names to the explainer.")
    expect(
        found != [names[j] for j in orders[0]],
        "You named the feature that speaks most for normal: the culprit has the largest value.",
    )
    for order in orders[1:]:
        expect(
            found != [names[j] for j in order],
            "You named the most extreme reading: ask the explainer, an extreme reading may be an ordinary one.",
        )
    wrong = sum(one != other for one, other in zip(found, first, strict=True))
    expect(wrong == 0, f"{wrong} of {len(X)} names are not those of the largest Shapley values.")
