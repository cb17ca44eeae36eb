"""Rolling statistics against pandas, against exact arithmetic, and between arrays and tensors."""

import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch

from course_lib.statistics import rolling

SERIES = np.random.default_rng(0).normal(size=(257, 3)).cumsum(axis=0)
WINDOWS = [1, 2, 3, 7, 10, 64, 256, 257, 1000]


def tight(values, expected):
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("window", WINDOWS)
def test_windows_agree_with_pandas(window):
    theirs = pd.DataFrame(SERIES).rolling(window, min_periods=1)
    mean, variance = rolling.rolling_moments(SERIES, window)
    tight(mean, theirs.mean())
    tight(variance, theirs.var(ddof=0))
    tight(rolling.rolling_mean(SERIES, window), theirs.mean())
    tight(rolling.rolling_std(SERIES, window), theirs.std(ddof=0))
    tight(rolling.rolling_median(SERIES, window), theirs.median())
    for ddof in range(min(window, 4)):
        tight(rolling.rolling_std(SERIES, window, ddof), theirs.std(ddof=ddof).replace(np.inf, np.nan).fillna(0))


@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_a_median_with_ties_agrees_with_pandas(window):
    steps = np.random.default_rng(1).integers(0, 4, 500).astype(float)
    np.testing.assert_array_equal(
        rolling.rolling_median(steps, window), pd.Series(steps).rolling(window, min_periods=1).median()
    )


@pytest.mark.parametrize("alpha", [1e-4, 0.05, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("n", [1, 2, 64, 65, 257, 5000])
def test_decaying_averages_agree_with_pandas(alpha, n):
    x = np.random.default_rng(2).normal(size=n).cumsum()
    theirs = pd.Series(x).ewm(alpha=alpha, adjust=False)
    mean, variance = rolling.ewm_moments(x, alpha)
    tight(mean, theirs.mean())
    tight(variance, theirs.var(bias=True))
    tight(rolling.ewma(x, alpha), theirs.mean())


def exact_moments(x, window, places):
    """Mean and variance in rational arithmetic: no rounding before the very end."""
    for t in places:
        values = [Fraction(float(value)) for value in x[max(0, t - window + 1) : t + 1]]
        mean = sum(values) / len(values)
        yield float(mean), float(sum((value - mean) ** 2 for value in values) / len(values))


def test_a_million_points_on_a_large_offset_keep_their_digits():
    rng = np.random.default_rng(3)
    x = 1e9 + rng.normal(size=1_000_000)
    places = [0, 1, 98, 99, 100, 499_999, 999_999, *rng.integers(0, 1_000_000, 40)]
    mean, variance = rolling.rolling_moments(x, 100)
    exact = np.array(list(exact_moments(x, 100, places)))
    np.testing.assert_allclose(mean[places], exact[:, 0], rtol=0, atol=2.4e-7)  # 1e9 itself is known to 1.2e-7
    np.testing.assert_allclose(variance[places], exact[:, 1], rtol=1e-11, atol=1e-12)
    shifted = pd.Series(x - 1e9)
    tight(rolling.ewm_moments(x, 0.05)[1][places], shifted.ewm(alpha=0.05, adjust=False).var(bias=True)[places])
    exact_median = [np.median(x[max(0, t - 99) : t + 1]) for t in places]
    np.testing.assert_allclose(rolling.rolling_median(x, 100)[places], exact_median, rtol=0, atol=1.2e-7)


def test_a_huge_value_is_forgotten_once_it_left_the_window():
    x = np.random.default_rng(4).normal(size=3000)
    spoilt = x.copy()
    spoilt[700] = 1e15
    after = np.r_[0:700, 800:3000]
    for clean, dirty in zip(rolling.rolling_moments(x, 100), rolling.rolling_moments(spoilt, 100), strict=True):
        np.testing.assert_allclose(dirty[after], clean[after], rtol=1e-12, atol=1e-13)
    assert rolling.rolling_std(spoilt, 100)[750] > 1e13


def test_variances_are_never_negative_and_zero_on_constant_series():
    x = np.repeat([1e9 + 0.1, 0.1, -3e7], 400)
    variance = rolling.rolling_moments(x, 50)[1]
    assert (variance >= 0).all()
    assert (variance[60:400] == 0).all()
    assert (variance[460:800] == 0).all()
    assert (rolling.ewm_moments(np.full(500, 0.1), 0.1)[1] == 0).all()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: rolling.rolling_mean(x, 7),
        lambda x: rolling.rolling_std(x, 10, ddof=1),
        lambda x: rolling.rolling_median(x, 6),
        lambda x: rolling.ewma(x, 0.2),
        lambda x: rolling.ewm_moments(x, 0.2)[1],
    ],
)
@pytest.mark.parametrize("series", [SERIES, SERIES[:, 0], SERIES[:1], SERIES[:, 0].astype(np.float32)])
def test_a_tensor_comes_back_as_a_tensor_with_the_same_values(function, series):
    before = series.copy()
    array, tensor = function(series), function(torch.from_numpy(series))
    assert type(array) is np.ndarray
    assert type(tensor) is torch.Tensor
    assert array.shape == tensor.shape == series.shape
    assert array.dtype == np.float64
    assert tensor.dtype == torch.float64
    tight(tensor.numpy(), array)
    np.testing.assert_array_equal(series, before)


def test_lists_integers_and_tensors_with_a_gradient_are_welcome():
    assert rolling.rolling_mean([1, 2, 6], 2).tolist() == [1, 1.5, 4]
    assert rolling.rolling_median([1, 9, 2, 8], 3).tolist() == [1, 5, 2, 8]
    weights = torch.tensor([1.0, 3.0], requires_grad=True)
    assert rolling.rolling_mean(weights, 2).tolist() == [1, 2]
    assert rolling.rolling_median(weights, 2).tolist() == [1, 2]


@pytest.mark.parametrize("function", [rolling.rolling_mean, rolling.rolling_std, rolling.rolling_median])
def test_bad_windows_and_series(function, refuses):
    for window in (0, -3, 2.5, True, "7", None):
        with refuses("window must be a whole number of at least 1"):
            function([1.0, 2.0], window)
    for series in ([], np.zeros((0, 2)), np.zeros((2, 2, 2)), 3.0):
        with refuses("A series needs shape (n,) or (n, n_features)"):
            function(series, 2)
    with refuses("The series holds 2 values that are NaN or infinite"):
        function([1.0, np.nan, np.inf], 2)


@pytest.mark.parametrize("alpha", [0, -0.1, 1.01, np.nan, "0.5", None, True])
def test_bad_weights(alpha, refuses):
    with refuses("alpha must lie above 0 and not above 1"):
        rolling.ewma([1.0, 2.0], alpha)


@pytest.mark.parametrize("ddof", [-1, 3, 0.5, True])
def test_bad_degrees_of_freedom(ddof, refuses):
    with refuses("ddof must be a whole number from 0 to 2"):
        rolling.rolling_std([1.0, 2.0, 3.0], 3, ddof)


def best_of(function, *args, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*args)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@pytest.mark.parametrize("function", [rolling.rolling_moments, rolling.rolling_median])
def test_time_hardly_grows_with_the_window(function):
    x = np.random.default_rng(5).normal(size=200_000)
    small, large = best_of(function, x, 50), best_of(function, x, 2000)
    # A loop over the window would take 40 times as long.
    assert large < 8 * small + 0.05
