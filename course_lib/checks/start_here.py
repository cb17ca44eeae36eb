"""Checks of the exercise set of the first lesson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


@task("0.1", "From scores to labels", passed="Scores rank, labels decide: the threshold stands between them.")
def label(answer: Callable[..., Any]) -> None:
    """1 above the threshold, 0 elsewhere, as integers."""
    scores = np.round(rng().gamma(2.0, size=20), 2)
    threshold = float(np.sort(scores)[-5])  # one score lies exactly on it
    above = scores > threshold
    value = answer(scores, threshold)
    right = expect_close(
        value,
        above.astype(int),
        "The labels",
        mistakes=[
            ((scores >= threshold).astype(int), "You flag scores equal to the threshold: only those above it count."),
            ((~above).astype(int), "Turned round: high scores are the anomalous ones, they get the 1."),
            ((scores < threshold).astype(int), "Turned round: high scores are the anomalous ones, they get the 1."),
            (
                np.where(above, 1, -1),
                "You give -1 to normal samples, as scikit-learn does for anomalies: here they get 0.",
            ),
            (np.where(above, -1, 1), "Those are scikit-learn's labels: here anomalies get 1 and normal samples 0."),
            (scores[above], "You returned the scores that are flagged: return a 1 or 0 for every sample."),
            (np.flatnonzero(above), "You returned the positions of the flagged: return a 1 or 0 for every sample."),
            (above.sum(), "You returned how many are flagged: return a 1 or 0 for every sample."),
        ],
    )
    expect(right.dtype.kind != "b", "The places are right, but as True and False: turn them into 1 and 0.")
    expect(right.dtype.kind in "iu", "The labels are right, but as decimals (1.0): return whole numbers.")


@task("0.2", "The strangest first", passed="That is how you look into a new data set: the strangest samples first.")
def most_anomalous(answer: Callable[..., Any]) -> None:
    """Positions of the k highest scores, highest first."""
    draw = rng()
    k, order = int(draw.integers(3, 8)), np.arange(30)
    while abs(np.sign(np.diff(order[:k])).sum()) == k - 1:  # their order must not be that of the data
        # Scores of both signs, whose order by size is another one.
        scores = draw.permutation(np.arange(30) - 15 + draw.uniform(0.1, 0.4))
        order = np.argsort(-scores)
    right = expect_close(
        answer(scores, k),
        order[:k],
        "The positions",
        mistakes=[
            (scores[order[:k]], "You returned the scores themselves: return their positions."),
            (
                np.argsort(-np.abs(scores))[:k],
                "You went by size without sign: a score far below 0 is a low one, not a strange one.",
            ),
            (
                np.argsort(order)[:k],
                "Those are ranks, the place of each sample in the order: argsort once gives the positions.",
            ),
            (
                order[::-1][:k][::-1],
                "Those are the lowest, turned round: take the k first after you have turned the order, not before.",
            ),
            (order[::-1][:k], "Those are the lowest scores: high scores are the anomalous ones."),
            (order[:k][::-1], "Right samples, wrong order: the highest score comes first."),
            (order, f"You returned all positions: keep the first k = {k}."),
            (np.sort(order[:k]), "Right samples, but in the order of the data: the highest score comes first."),
            (order[:k] + 1, "You count from 1: positions count from 0, as in NumPy."),
            (
                order[1 : k + 1],
                "The highest is missing: the first place of an order is 0, so you started one place too late.",
            ),
            (order[0], "You returned the highest only: return the k highest."),
        ],
    )
    expect(
        right.dtype.kind in "iu",
        "The positions are right, but as decimals (1.0), and scores[1.0] is an error: return whole numbers.",
    )
    # Equal scores among the first k, and others across the end of them: each order of equals is right.
    tied = draw.permutation(np.r_[9.5, 7.25, 7.25, 7.25, 4.5, 4.5, draw.uniform(-3, 2, 6)])
    for count in (3, 4, 5):
        _check_tied(answer(tied, count), tied, count)


def _check_tied(value: Any, scores: np.ndarray, k: int) -> None:
    """Positions of the k highest where several scores are equal."""
    positions = expect_shape(
        value, (k,), f"return k = {k} positions also where the next score equals the last of them."
    )
    expect(
        len(np.unique(positions)) == k,
        "Where two scores are equal you return one position twice: each sample has a position of its own.",
    )
    strangest = np.sort(scores)[::-1][:k]
    expect(
        np.isin(positions, np.arange(len(scores))).all() and (scores[positions.astype(int)] == strangest).all(),
        "Where scores are equal your positions are not those of the k highest: every sample counts, however many "
        "share its score.",
    )


@task("0.3", "Two signs", passed="Whoever mixes libraries checks the sign first. You just did.")
def from_sklearn(answer: Callable[..., Any]) -> None:
    """Scores with the other sign, labels 1 and 0."""
    draw = rng()
    scores = draw.permutation(np.r_[-draw.uniform(0.1, 3, 10), draw.uniform(0.1, 1, 5)])  # both signs
    labels = np.where(scores < np.sort(scores)[4], -1, 1)
    value = answer(scores, labels)
    expect(isinstance(value, (tuple, list)) and len(value) == 2, "Return two arrays: `return new_scores, new_labels`.")
    new_scores, new_labels = value
    expect_shape(new_scores, (15,), "one score for every sample.")
    expect_close(
        new_scores,
        -scores,
        "The scores",
        mistakes=[
            (scores, "The scores still have scikit-learn's sign: turn it, so that higher is more anomalous."),
            (np.abs(scores), "You took absolute values: scores of both signs occur, so turn the sign, -scores."),
            (1 / scores, "1 / score turns the order too, but bends the distances: just turn the sign."),
            (labels, "The two arrays are swapped: scores first, then labels."),
            ((labels == -1).astype(int), "The two arrays are swapped: scores first, then labels."),
            (scores.max() - scores, "You shifted the scores as well: just turn the sign."),
        ],
    )
    right = expect_close(
        new_labels,
        (labels == -1).astype(int),
        "The labels",
        mistakes=[
            (labels, "The labels are still -1 and +1: here anomalies are 1 and normal samples 0."),
            (-labels, "You turned the labels' sign, so normal samples are -1: here they are 0."),
            ((labels == 1).astype(int), "Turned round: -1 is scikit-learn's anomaly, it becomes 1."),
        ],
    )
    expect(right.dtype.kind != "b", "The new labels are right, but as True and False: turn them into 1 and 0.")
    expect(right.dtype.kind in "iu", "The new labels are right, but as decimals (1.0): return whole numbers.")
