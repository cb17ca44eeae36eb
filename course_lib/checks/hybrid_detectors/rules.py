"""Checks of tasks 20.5 and 20.6: rules that make one score of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect_close, expect_shape, rng, task
from course_lib.checks.hybrid_detectors import references as reference


@task(
    "20.5",
    "Average of maximum",
    passed="The maximum lets a lone expert speak, the average quiets a lone fool: this rule does some of both.",
)
def average_of_maximum(answer: Callable[..., Any]) -> None:
    """The mean over buckets of the largest score in each."""
    draw = rng()
    n = int(draw.integers(20, 30))
    buckets = draw.permutation(np.array([3, 3, 3, 5, 5, 9, 9, 9, 9])[: int(draw.integers(8, 10))])
    scores = draw.normal(0, 1, (n, len(buckets)))
    scores[:6] = -np.abs(scores[:6])  # rows on which every member is below its average
    kinds = np.unique(buckets)
    peaks = np.stack([scores[:, buckets == bucket].max(axis=1) for bucket in kinds], axis=1)
    sizes = np.array([(buckets == bucket).sum() for bucket in kinds])
    means = np.stack([scores[:, buckets == bucket].mean(axis=1) for bucket in kinds], axis=1)
    value = expect_shape(answer(scores, buckets), (n,), "one number for each row.")
    expect_close(
        value,
        reference.average_of_maximum(scores, buckets),
        "The combined scores",
        mistakes=[
            (
                means.max(axis=1),
                "You took the maximum of the averages: inside a bucket the largest, over the buckets the average.",
            ),
            (scores.mean(axis=1), "That is the plain average of all members: the buckets play no part in it."),
            (scores.max(axis=1), "That is the plain maximum of all members: average over the buckets at the end."),
            (peaks.sum(axis=1), "You added the buckets up: take their average, so that the scale stays."),
            (
                peaks @ sizes / sizes.sum(),
                "A bucket with more members weighs more with you: each bucket counts once.",
            ),
            (
                np.mean([scores[:, buckets == bucket].min(axis=1) for bucket in kinds], axis=0),
                "You took the smallest score of each bucket: it is the largest.",
            ),
            (
                np.mean([np.where(buckets == bucket, scores, 0).max(axis=1) for bucket in kinds], axis=0),
                "Members outside a bucket count as 0 with you, and 0 is more than a bucket of negative scores has: "
                "look at the bucket's own columns only.",
            ),
            (means.mean(axis=1), "You averaged twice: inside a bucket the largest score counts."),
            (
                peaks.sum(axis=1) / len(buckets),
                "You divided by the number of members: divide by the number of buckets.",
            ),
            (
                peaks.sum(axis=1) / (buckets.max() + 1),
                "You divided by the largest bucket number plus one: some numbers stand for no bucket, count those "
                "that occur.",
            ),
        ],
    )


@task(
    "20.6",
    "Weights by agreement",
    passed="Who agrees with the others gets a say. Remember what it costs when the others are wrong.",
)
def agreement_weights(answer: Callable[..., Any]) -> None:
    """Spearman correlation with the average of the other members, not below 0, summing to one."""
    draw = rng()
    n, members = int(draw.integers(80, 120)), int(draw.integers(4, 6))
    truth = draw.gamma(2.0, 1.0, (n, 1))
    scores = truth * draw.uniform(0.8, 1.2, members) + draw.gamma(1.0, draw.uniform(0.6, 1.8, members), (n, members))
    scores[:, int(draw.integers(members))] = -truth[:, 0] + draw.normal(0, 0.8, n)  # one who says the opposite
    plain = reference.agreement(scores)
    value = expect_shape(answer(scores), (members,), "one weight for each member.")
    expect_close(
        value,
        reference.agreement_weights(scores),
        "The weights",
        mistakes=[
            (plain, "Your weights do not sum to one: divide by their sum."),
            (
                lambda: reference.agreement_weights(scores, itself=True),
                "Each member is part of the average you compare it with, and agrees with itself: leave it out.",
            ),
            (
                lambda: reference.agreement_weights(scores, measure=reference.pearson),
                "You used the correlation of the values: Spearman's compares ranks, so one huge score cannot decide.",
            ),
            (
                lambda: reference.agreement_weights(scores, clip=False),
                "One of your weights is negative: a member that contradicts the others gets 0.",
            ),
            (
                lambda: _normalised(np.abs(reference.agreement(scores, clip=False))),
                "You took absolute values: a member that says the opposite of the others would get a large weight.",
            ),
            (
                lambda: reference.pairwise(scores),
                "You averaged correlations with single members: correlate once, with the average of the others.",
            ),
            (
                lambda: reference.agreement(scores, clip=False),
                "Your weights are the bare correlations: cut them at 0 and divide by their sum.",
            ),
            (np.full(members, 1 / members), "All your weights are equal: that is the plain average."),
        ],
    )
    pair = np.c_[truth[:, 0], -truth[:, 0]]
    with np.errstate(all="ignore"):
        found = answer(pair)
    expect_close(
        found,
        [0.5, 0.5],
        "The weights of two members that contradict each other",
        otherwise="Two members that contradict each other get no agreement, and the sum is 0: give equal weights then.",
    )


def _normalised(found: np.ndarray) -> np.ndarray:
    return found / found.sum()
