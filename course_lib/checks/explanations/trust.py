"""Checks of tasks 21.7 and 21.8: deletion, and precision at k."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, expect_shape, rng, task
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
        order = np.argsort(-values)
        rankings = (-values, values, -np.abs(values), np.arange(d), order, np.argsort(values))
        if len({tuple(np.argsort(ranking)) for ranking in rankings}) == len(rankings):
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
            (
                reference.deletion(score, x, typical, -np.argsort(-values).astype(float)),
                "You used argsort as if it gave each feature its rank: it lists the features in order. Walk along that "
                "list, or take the argsort of the argsort.",
            ),
            (
                reference.deletion(score, x, typical, -np.argsort(values).astype(float)),
                "You used argsort as if it gave each feature its rank, and of the values upwards: it lists the "
                "features, and the largest goes first.",
            ),
            (
                lambda: score(np.repeat(typical[None], len(x) + 1, axis=0)),
                "All your rows are one and the same array, changed to the end: keep a copy of each step.",
            ),
            (
                lambda: score(np.r_[x[None], np.repeat(typical[None], len(x), axis=0)]),
                "After the first row all are one and the same array: keep a copy of the row at each step.",
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
        (
            float(np.sum(hits) / np.sum([min(k, len(cause)) for cause in causes])),
            "You pooled the rows: divide within each row, then average, so that each row counts alike.",
        ),
        (
            reference.precision(values, causes, k, max),
            "You divided by the larger of k and the number of causes: take the smaller, more hits are not possible.",
        ),
        (
            float(np.mean([hit / (k + len(cause) - hit) for hit, cause in zip(hits, causes, strict=True)])),
            "You divided by the union of named and true causes (Jaccard): divide by what was possible.",
        ),
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
