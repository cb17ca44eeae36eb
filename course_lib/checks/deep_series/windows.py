"""Checks of tasks 15.1 to 15.3: cut a series into windows, mind its gaps, and bring scores back to the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks import expect, expect_close, expect_shape, rng, task


def cut(series: np.ndarray, starts: Any, length: int) -> np.ndarray:
    """Windows that begin at `starts`."""
    return np.array([series[start : start + length] for start in starts])


@task("15.1", "Windows", passed="Every sequence model of this lesson eats what you just made.")
def make_windows(answer: Callable[..., Any]) -> None:
    """All windows of a series, with a stride."""
    draw = rng()
    for stride, left in ((3, 0), (1, 0), (4, 2), (2, 1)):
        length, many, d = int(draw.integers(5, 9)), int(draw.integers(4, 8)), int(draw.integers(2, 5))
        n = length + many * stride + left
        series = draw.normal(size=(n, d))
        starts = range(0, n - length + 1, stride)
        value = answer(series, length, stride)
        expect_close(
            value,
            cut(series, starts, length),
            "The windows",
            mistakes=[
                (
                    cut(series, range(0, n - length, stride), length),
                    "The last window is missing: one that ends at the last row still fits.",
                ),
                (
                    cut(series, range(0, n - length + 1), length),
                    "You begin a window at every row: go on by the stride from one to the next.",
                ),
                (
                    cut(series, range(0, n - length + 1, length), length),
                    "Your windows stand side by side: they begin a stride apart, and overlap if that is shorter.",
                ),
                (
                    cut(series, starts, length).transpose(0, 2, 1),
                    "Rows and sensors are swapped: a window has shape (length, sensors).",
                ),
                (
                    cut(series, starts, length).reshape(len(starts), -1),
                    "Each window is one flat row: keep the sensors as an axis of their own.",
                ),
                (
                    cut(series, starts, length - 1),
                    "Your windows are one row too short: an end in a slice is not part of it.",
                ),
                *_other_shape(value, series, starts, length),
            ],
        )


def _other_shape(value: Any, series: np.ndarray, starts: range, length: int) -> list[tuple[Any, str]]:
    """What to say of windows of another shape: the first that is missing or too many, if they are windows at all."""
    array, many = np.asarray(value), len(starts)
    if array.shape == (many, length, series.shape[1]):
        return []
    if array.ndim != 3 or array.shape[1:] != (length, series.shape[1]):
        return [(value, f"Your result has shape {array.shape}: three axes are wanted, (n_windows, length, sensors).")]
    wanted = cut(series, starts, length)
    have = next((i for i in range(many) if i >= len(array) or not np.array_equal(array[i], wanted[i])), many)
    if have < many:
        return [(value, f"The window that begins at row {starts[have]} is missing from its place, number {have}.")]
    return [(value, f"Window number {many} is one too many: the last one that fits begins at row {starts[-1]}.")]


def stretches(n: int, breaks: Any) -> list[tuple[int, int]]:
    """Begin and end (excluded) of the stretches between breaks."""
    edges = [0, *[int(b) for b in breaks], n]
    return [(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


def starts_with(n: int, length: int, breaks: Any, late: int = 0, shift: int = 0) -> np.ndarray:
    """Starts of windows inside stretches; `late` lets them end beyond the break, `shift` moves the breaks."""
    found = [
        start
        for begin, end in stretches(n, np.asarray(breaks) + shift)
        for start in range(begin, end - length + 1 + late)
    ]
    return np.array([start for start in found if start + length <= n])


@task(
    "15.2", "Mind the gap", passed="No window of yours pretends that last week's end is next to this week's beginning."
)
def starts_within(answer: Callable[..., Any]) -> None:
    """Starts of the windows that do not cross a break."""
    draw = rng()
    for round_ in range(3):
        length = int(draw.integers(4, 7))
        sizes = draw.integers(length + 2, length + 9, size=3 + round_)
        n, breaks = int(sizes.sum()), np.cumsum(sizes)[:-1]
        _check_starts(answer, n, length, breaks)
    length = int(draw.integers(4, 7))
    short = np.array([8, 8 + length - 1])  # the stretch between them is one row too short
    value = answer(20, length, short)
    expect(
        not np.isin(np.arange(8, 8 + length - 1), value).any(),
        f"A stretch of {length - 1} rows has no room for a window of {length}: no window may begin in it.",
    )
    right = starts_with(20, length, short)
    expect_close(value, right, "The starts where a stretch is too short", mistakes=_other_starts(value, right))
    value, right = answer(12, length, np.array([], dtype=int)), np.arange(13 - length)
    expect_close(value, right, "The starts without any break", mistakes=_other_starts(value, right))


def _other_starts(value: Any, right: np.ndarray) -> list[tuple[Any, str]]:
    """What to say of too many or too few starts: the first one that is wrong."""
    array = np.asarray(value)
    if array.shape == right.shape:
        return []
    if array.ndim != 1:
        return [(value, f"Your result has shape {array.shape}: one axis is wanted, a row number for each window.")]
    missing, surplus = np.setdiff1d(right, array), np.setdiff1d(array, right)
    if len(missing) and (not len(surplus) or missing[0] < surplus[0]):
        return [(value, f"A window that begins at row {missing[0]} lies in one stretch, and is missing.")]
    if len(surplus):
        return [(value, f"A window that begins at row {surplus[0]} does not lie in one stretch, yet you return it.")]
    return [(value, "Some starts stand twice: each window is returned once.")]


def _check_starts(answer: Callable[..., Any], n: int, length: int, breaks: np.ndarray) -> None:
    everywhere = np.arange(n - length + 1)
    value = answer(n, length, breaks)
    expect_close(
        value,
        starts_with(n, length, breaks),
        "The starts",
        mistakes=[
            (everywhere, "You begin a window at every row: some of them reach across a break."),
            (
                starts_with(n, length, breaks, late=1),
                "Your last window of a stretch reaches one row into the next stretch.",
            ),
            (
                starts_with(n, length, breaks, late=-1),
                "You lose a window: the one that ends at the last row before a break is a good one.",
            ),
            (
                starts_with(n, length, breaks, shift=1),
                "Off by one: a break is the first row of the NEW stretch, so a window may begin at it.",
            ),
            (
                everywhere[~np.isin(everywhere, breaks)],
                "You leave out the windows that begin at a break: it is those that cross it that are not allowed.",
            ),
            (
                np.array([begin for begin, _ in stretches(n, breaks)]),
                "You return the beginnings of the stretches: a window begins at every row from which it fits.",
            ),
            *_other_starts(value, starts_with(n, length, breaks)),
        ],
    )


@task("15.3", "Back to the rows", passed="One score a row, whatever the overlap: now somebody can be told when.")
def scores_per_row(answer: Callable[..., Any]) -> None:
    """Mean over the windows that cover a row."""
    draw = rng()
    for stride in (1, 3, 2):
        length, many = int(draw.integers(4, 8)), int(draw.integers(5, 9))
        starts = np.arange(many) * stride
        n = int(starts[-1]) + length
        scores = draw.gamma(2.0, size=many)
        cover = np.zeros(n)
        total, most, latest = np.zeros(n), np.full(n, -np.inf), np.zeros(n)
        for start, score in zip(starts, scores, strict=True):
            run = slice(start, start + length)
            total[run] += score
            cover[run] += 1
            most[run] = np.maximum(most[run], score)
            latest[run] = score
        only_start = np.zeros(n)
        only_start[starts] = scores
        value = answer(scores, starts, length, n)
        expect_shape(value, (n,), "one score for each row of the series, not for each window.")
        expect_close(
            value,
            total / cover,
            "The scores",
            mistakes=[
                (total, "You add the scores up: divide by the number of windows that cover the row."),
                (
                    total / length,
                    "You divide by the length everywhere: rows near the ends, or with a stride, lie in fewer windows.",
                ),
                (latest, "A later window overwrites the earlier ones: add up first, divide at the end."),
                (most, "You keep the largest score: the task asks for the mean."),
                (only_start, "Each score stands at its window's first row only: all rows of the window share it."),
                (total / cover.max(), "You divide by the largest count: each row has a count of its own."),
            ],
        )
