"""Checks of tasks 17.4 and 17.6: percentiles from buckets, and losses from sequence numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


@task("17.4", "A percentile from buckets", passed="You can state p99 of a year's delays from a handful of counters.")
def percentile(answer: Callable[..., Any]) -> None:
    """The first end by which q percent are counted."""
    draw = rng()
    for _ in range(12):
        n = int(draw.integers(8, 20))
        counts = draw.integers(1, 200, n) * (draw.random(n) < 0.7)
        counts[[0, -1]] = draw.integers(1, 50, 2)
        ends = np.cumsum(draw.uniform(0.5, 2.0, n))
        # Buckets in which each mistake leads to another end.
        hill = np.array([20, 20, 20, 20, 160]) * int(draw.integers(1, 9))
        _percentile_case(answer, hill, ends[:5], float(draw.integers(18, 24)))
        q = float(draw.choice([draw.uniform(5, 95), 99.0, 100.0]))
        # At least q percent, reached exactly: powers of two, so that no rounding can matter.
        equal = np.full(8, 2 ** int(draw.integers(1, 6)))
        _percentile_case(answer, equal, ends[:8], 12.5 * int(draw.integers(3, 7)))
        _percentile_case(answer, counts, ends, q)


def _percentile_case(answer: Callable[..., Any], counts: np.ndarray, ends: np.ndarray, q: float) -> None:
    value = expect_shape(answer(counts, ends, q), (), "one delay is asked for, not one for each bucket.")
    below, total = np.cumsum(counts), int(counts.sum())

    def first(condition: np.ndarray) -> int:
        return int(np.argmax(condition)) if condition.any() else len(ends) - 1

    right = first(100 * below >= q * total)
    later = first(100 * below > q * total)
    expect_close(
        value,
        ends[right],
        "The percentile",
        mistakes=[
            (ends[later], "Where exactly q percent are reached, that bucket counts already: at least, not more than."),
            (
                ends[max(right - 1, 0)],
                "You are one bucket too early: by its upper end fewer than q percent are counted.",
            ),
            (ends[np.argmax(below >= q * total)], "You took q for a share: 99 means 99 percent, so divide by 100."),
            (
                ends[first(100 * counts >= q * total)],
                "You looked at single counts: add up how many lie below each end.",
            ),
            (
                float(np.percentile(np.repeat(ends, counts), q)),
                "np.percentile mixes two ends where the share falls between them: the end of one bucket is asked for.",
            ),
            (float(right), "You returned the number of the bucket: its upper end is asked for."),
            (
                float(np.percentile(ends, q)),
                "You took the percentile of the ends: each end counts as often as its count.",
            ),
            (
                float(below[right]),
                "You returned how many delays are counted: the upper end of that bucket is asked for.",
            ),
            (float((counts * ends).sum() / total), "That is a mean delay: it hides the slow ones."),
        ],
        otherwise="That is the end of another bucket than the one by which q percent of the delays are counted.",
    )


@task("17.6", "What UDP lost", passed="Sequence numbers tell you what neither side was told.")
def lost(answer: Callable[..., Any]) -> None:
    """Missing numbers, with duplicates and any order."""
    draw = rng()
    for kind in ("none", "some", "some", "doubles", "one"):
        first, n = int(draw.integers(100, 5000)), int(draw.integers(30, 60))
        numbers = list(range(first, first + n))
        gone = int(draw.integers(3, 9)) if kind == "some" else 0
        inner = set(draw.choice(np.arange(2, n - 3), gone, replace=False).tolist())
        there = [number for place, number in enumerate(numbers) if place not in inner]
        doubles = [int(number) for number in draw.choice(there, gone + 2)] if kind in ("some", "doubles") else []
        arrived = [int(number) for number in draw.permutation(there + doubles)]
        # The largest comes first and the smallest last: nobody who trusts the order can be right by chance.
        arrived.sort(key=lambda number, first=first, n=n: {first + n - 1: 0, first: 2}.get(number, 1))  # type: ignore[misc]
        arrived = [first] if kind == "one" else arrived
        _lost_case(answer, arrived, len(numbers) - len(there) if kind != "one" else 0)


def _lost_case(answer: Callable[..., Any], arrived: list[int], right: int) -> None:
    given = list(arrived)
    value = answer(given)
    expect(given == arrived, "You changed the list that you were given: sorted(numbers) gives a new one.")
    expect(
        isinstance(value, (int, np.integer)) and not isinstance(value, bool),
        f"You returned {type(value).__name__}: how many packets are missing, an int.",
    )
    if value == right:
        return
    span, different = max(arrived) - min(arrived), len(set(arrived))
    told = f"Of {len(arrived)} packets, {different} different ones,"
    expect(value != span + 1 - len(arrived), f"{told} you counted the doubles as if they filled gaps.")
    expect(value != span - different, f"{told} you are one short: both the smallest and the largest number arrived.")
    expect(value != arrived[-1] - arrived[0] + 1 - different, f"{told} you trusted their order: UDP may change it.")
    expect(
        value != max(arrived) + 1 - different, f"{told} you counted from 0: their smallest number is {min(arrived)}."
    )
    expect(value != max(arrived) - different, f"{told} you counted from 1: their smallest number is {min(arrived)}.")
    expect(value != len(arrived) - different, f"{told} you counted the doubles: the missing ones are asked for.")
    gaps = sum(b - a > 1 for a, b in zip(sorted(set(arrived)), sorted(set(arrived))[1:], strict=False))
    expect(value != gaps, f"{told} you counted the gaps: one gap may miss several packets.")
    expect(value >= 0, f"{told} you return {value}, and less than nothing cannot be missing.")
    expect(False, f"{told} you return {value}, which is too {'many' if value > right else 'few'}.")
