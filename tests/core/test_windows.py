"""Windows against plain loops."""

import numpy as np
import pytest

from course_lib.core.windows import scores_per_timestamp, sliding_windows

CASES = [
    (n, length, stride) for n in (1, 2, 7, 12) for length in (1, 2, 3, 7) for stride in (1, 2, 3, 5) if length <= n
]


@pytest.mark.parametrize(("n", "length", "stride"), CASES)
@pytest.mark.parametrize("features", [None, 1, 3])
def test_windows_by_loop(n, length, stride, features):
    series = np.random.default_rng(0).normal(size=(n,) if features is None else (n, features))
    expected = [series[start : start + length] for start in range(0, n - length + 1, stride)]
    np.testing.assert_array_equal(sliding_windows(series, length, stride), np.array(expected))


def test_windows_are_a_view_that_cannot_be_written():
    series = np.arange(10.0)
    windows = sliding_windows(series, 4)
    assert np.shares_memory(windows, series)
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0] = 1


@pytest.mark.parametrize(("n", "length", "stride"), CASES)
def test_scores_per_timestamp_by_loop(n, length, stride):
    starts = range(0, n - length + 1, stride)
    scores = np.random.default_rng(1).normal(size=len(starts))
    expected = []
    for t in range(n):
        covering = [scores[i] for i, start in enumerate(starts) if start <= t < start + length]
        before = [scores[i] for i, start in enumerate(starts) if start <= t]
        expected.append(np.mean(covering) if covering else before[-1])
    np.testing.assert_allclose(scores_per_timestamp(scores, n, length, stride), expected)


def test_a_huge_score_leaves_no_rounding_error_behind_it():
    scores = np.full(998, 0.1)
    scores[0] = 1e15
    np.testing.assert_allclose(scores_per_timestamp(scores, 1000, 3)[3:], 0.1, rtol=1e-15)


@pytest.mark.parametrize(
    ("length", "stride", "fragment"), [(0, 1, "length"), (11, 1, "10 timestamps"), (2, 0, "stride"), (-1, 1, "length")]
)
def test_windows_that_do_not_fit(length, stride, fragment, refuses):
    with refuses(fragment):
        sliding_windows(np.arange(10.0), length, stride)


def test_wrong_rank(refuses):
    for shape in [(), (2, 2, 2)]:
        with refuses("series needs shape"):
            sliding_windows(np.ones(shape), 1)


@pytest.mark.parametrize("scores", [np.ones(7), np.ones(9), np.ones((8, 1)), []])
def test_number_of_scores_must_fit(scores, refuses):
    with refuses("make 8 windows"):
        scores_per_timestamp(scores, 10, 3)


def test_a_series_shorter_than_a_window(refuses):
    with refuses("make 0 windows"):
        scores_per_timestamp([], 2, 3)
