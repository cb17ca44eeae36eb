"""Windows over series with gaps, against plain loops."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from course_lib.core.windows import (
    Spreader,
    breaks_in_time,
    plan_windows,
    score_by_windows,
    scores_per_timestamp,
    sliding_windows,
)

BREAKS = [None, [], [4], [1, 2, 9], [11]]
CASES = [
    (length, stride, breaks, padding)
    for length in (1, 3, 5)
    for stride in (1, 2, 4, 7)
    for breaks in BREAKS
    for padding in ("short", "start")
]


def windows_by_loop(series, length, stride, breaks, padding):
    """Rows and readings of every window, by the sentence in the docstring."""
    edges = [0, *(breaks or []), len(series)]
    found = []
    for begin, end in pairwise(edges):
        copies = length - 1 if padding == "start" else max(0, length - (end - begin))
        rows = [begin] * copies + list(range(begin, end))
        places = list(range(0, len(rows) - length + 1, stride))
        if places[-1] != len(rows) - length:
            places.append(len(rows) - length)
        found += [(rows[p : p + length], [copies > p + i for i in range(length)]) for p in places]
    return found


@pytest.mark.parametrize(("length", "stride", "breaks", "padding"), CASES)
def test_plan_by_loop(length, stride, breaks, padding):
    series = np.random.default_rng(0).normal(size=(12, 2))
    plan = plan_windows(12, length, stride, breaks=breaks, padding=padding)
    expected = windows_by_loop(series, length, stride, breaks, padding)
    assert len(plan) == len(expected)
    np.testing.assert_array_equal(plan.rows(), [rows for rows, _ in expected])
    np.testing.assert_array_equal(plan.inside(), [[not pad for pad in pads] for _, pads in expected])
    np.testing.assert_array_equal(plan.cut(series), [series[rows] for rows, _ in expected])
    some = np.arange(len(plan))[::2]
    np.testing.assert_array_equal(plan.cut(series, some), plan.cut(series)[some])


@pytest.mark.parametrize(("length", "stride", "breaks", "padding"), CASES)
@pytest.mark.parametrize("kind", ["window", "row", "reading"])
def test_spread_by_loop(length, stride, breaks, padding, kind):
    plan = plan_windows(12, length, stride, breaks=breaks, padding=padding)
    shape = {"window": (), "row": (length,), "reading": (length, 3)}[kind]
    scores = np.random.default_rng(1).normal(size=(len(plan), *shape))
    full = np.broadcast_to(scores[:, None], (len(plan), length)) if kind == "window" else scores
    collected = [[] for _ in range(12)]
    for rows, pads, values in zip(plan.rows(), ~plan.inside(), full, strict=True):
        for row, pad, value in zip(rows, pads, values, strict=True):
            if not pad:
                collected[row].append(value)
    expected = []
    for values in collected:
        expected.append(np.mean(values, axis=0) if values else expected[-1])
    np.testing.assert_allclose(plan.spread(scores), expected)


def test_one_stretch_is_what_the_plain_functions_give():
    series = np.random.default_rng(0).normal(size=(30, 2))
    plan = plan_windows(30, 7)
    np.testing.assert_array_equal(plan.cut(series), sliding_windows(series, 7))
    scores = np.random.default_rng(1).normal(size=24)
    np.testing.assert_allclose(plan.spread(scores), scores_per_timestamp(scores, 30, 7), rtol=1e-12)


@pytest.mark.parametrize("padding", ["short", "start"])
def test_no_window_crosses_a_break_and_every_row_is_covered(padding):
    rng = np.random.default_rng(2)
    for _ in range(50):
        n = int(rng.integers(1, 60))
        breaks = np.unique(rng.integers(1, n, size=4)) if n > 1 else None
        length = int(rng.integers(1, 20))
        plan = plan_windows(n, length, int(rng.integers(1, length + 1)), breaks=breaks, padding=padding)
        stretch = np.searchsorted([] if breaks is None else breaks, np.arange(n), side="right")
        rows = plan.rows()
        assert (stretch[rows] == stretch[rows[:, :1]]).all()
        assert set(rows[plan.inside()]) == set(range(n))


def test_breaks_may_come_in_any_order_and_twice():
    plan, expected = plan_windows(12, 3, breaks=[9, 4, 9]), plan_windows(12, 3, breaks=[4, 9])
    np.testing.assert_array_equal(plan.rows(), expected.rows())


def test_start_padding_has_a_window_that_ends_at_every_row():
    plan = plan_windows(9, 4, breaks=[5], padding="start")
    np.testing.assert_array_equal(plan.rows()[:, -1], np.arange(9))
    np.testing.assert_array_equal(plan.rows()[5], [5, 5, 5, 5])


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunks_do_not_change_the_scores(size):
    series = np.random.default_rng(0).normal(size=(200, 3))
    plan = plan_windows(200, 10, 3, breaks=[50, 53])
    whole = plan.spread(plan.cut(series).std(axis=1).max(axis=1))
    by_chunks = score_by_windows(lambda windows: windows.std(axis=1).max(axis=1), series, plan, size)
    np.testing.assert_allclose(by_chunks, whole, rtol=1e-12)


def test_a_huge_score_leaves_no_rounding_error_behind_it():
    plan = plan_windows(1000, 3)
    scores = np.full(len(plan), 0.1)
    scores[0] = 1e15
    np.testing.assert_allclose(plan.spread(scores)[3:], 0.1, rtol=1e-15)


def test_memory_does_not_grow_with_the_number_of_windows():
    series = np.zeros((6000, 20))
    plan = plan_windows(6000, 100)
    tracemalloc.start()
    score_by_windows(lambda windows: (windows**2).sum(axis=2), series, plan, size=50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(plan) * 100 * 20 * 8 / 20  # a twentieth of all windows as one array


def test_breaks_in_time():
    hours = np.array([0, 1, 2, 4, 5, 9, 10])
    np.testing.assert_array_equal(breaks_in_time(hours), [3, 5])
    stamps = np.datetime64("2024-01-01T00", "h") + hours.astype("timedelta64[h]")
    np.testing.assert_array_equal(breaks_in_time(stamps), [3, 5])
    np.testing.assert_array_equal(breaks_in_time(stamps, np.timedelta64(3, "h")), [])
    np.testing.assert_array_equal(breaks_in_time(hours / 4, interval=0.5), [5])
    assert breaks_in_time([7]).size == breaks_in_time(np.array([], dtype="datetime64[s]")).size == 0


def test_jitter_is_no_gap():
    times = np.arange(100) * 60.0 + np.random.default_rng(0).uniform(-10, 10, 100)
    assert breaks_in_time(times).size == 0


@pytest.mark.parametrize("times", [[0, 1, 1, 2], [0, 2, 1, 3], [0.0, np.nan, 2.0]])
def test_timestamps_that_do_not_increase(times, refuses):
    with refuses("timestamps must increase, but row"):
        breaks_in_time(times)


def test_timestamps_of_wrong_rank(refuses):
    with refuses("timestamps need shape (n,)"):
        breaks_in_time(np.zeros((3, 1)))


@pytest.mark.parametrize(
    ("arguments", "options", "fragment"),
    [
        ((0, 1), {}, "n must be"),
        ((5, 0), {}, "length must be"),
        ((5, 2.5), {}, "length must be"),
        ((5, True), {}, "length must be"),
        ((5, 2, 0), {}, "stride must be"),
        ((5, 2), {"breaks": [0]}, "from 1 to 4"),
        ((5, 2), {"breaks": [5]}, "from 1 to 4"),
        ((5, 2), {"breaks": [1.5]}, "from 1 to 4"),
        ((5, 2), {"padding": "zeros"}, "padding must be"),
        ((5, 3), {"breaks": [3], "padding": "none"}, "from row 3 to 4 has 2 rows and a window 3"),
    ],
)
def test_plans_that_are_none(arguments, options, fragment, refuses):
    with refuses(fragment):
        plan_windows(*arguments, **options)


@pytest.mark.parametrize("shape", [(5,), (7,), (6, 2), (6, 3, 2, 1), ()])
def test_scores_must_fit_the_windows(shape, refuses):
    with refuses("6 windows of 3 rows need scores of shape"):
        plan_windows(8, 3).spread(np.ones(shape))


def test_series_must_fit_the_plan(refuses):
    with refuses("planned for 8 rows, but the series has 9"):
        plan_windows(8, 3).cut(np.ones((9, 1)))


def test_a_spreader_without_scores(refuses):
    spreader = Spreader(plan_windows(8, 3))
    with refuses("No scores were added"):
        spreader.mean()
    spreader.add(slice(2, 4), np.ones(2))
    with refuses("The first row has no score"):
        spreader.mean()
