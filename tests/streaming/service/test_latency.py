"""Percentiles from buckets against percentiles from all delays."""

import math

import numpy as np
import pytest

from course_lib.streaming.service import LatencyHistogram


@pytest.mark.parametrize("scale", [1e-5, 3e-3, 2.0])
@pytest.mark.parametrize("growth", [1.05, 1.2])
def test_percentiles_are_at_most_one_bucket_too_high(scale, growth):
    delays = np.random.default_rng(1).lognormal(np.log(scale), 1.0, 20_000)
    histogram = LatencyHistogram(growth=growth)
    for part in np.array_split(delays, 7):
        histogram.add(part)
    for q in (1, 50, 90, 99, 99.9, 100):
        exact = np.percentile(delays, q, method="inverted_cdf")
        assert exact * (1 - 1e-9) <= histogram.percentile(q) <= exact * growth * (1 + 1e-9)
    assert histogram.maximum == delays.max()
    assert histogram.percentile(100) == delays.max()


def test_memory_stays_what_it_was():
    histogram = LatencyHistogram()
    before = histogram.counts.nbytes
    for _ in range(20):
        histogram.add(np.random.default_rng(0).exponential(0.01, 10_000))
    assert histogram.counts.nbytes == before < 4000
    assert histogram.count == 200_000


def test_the_ends():
    histogram = LatencyHistogram()
    assert math.isnan(histogram.percentile(99))
    histogram.add([])
    assert histogram.count == 0
    histogram.add([-5.0, 0.0])
    assert histogram.negative == 1
    assert histogram.percentile(99) == 0.0
    histogram.add([1e9])
    assert histogram.count == 3
    assert histogram.percentile(100) == pytest.approx(1e3, rel=0.06)


def test_merging_is_adding():
    rng = np.random.default_rng(2)
    a, b = rng.exponential(0.01, 500), rng.exponential(0.1, 700)
    first, second, both = LatencyHistogram(), LatencyHistogram(), LatencyHistogram()
    first.add(a)
    second.add(b)
    both.add(np.r_[a, b])
    first.merge(second)
    np.testing.assert_array_equal(first.counts, both.counts)
    assert first.summary() == both.summary()
    with pytest.raises(ValueError, match="different buckets"):
        first.merge(LatencyHistogram(growth=1.5))


@pytest.mark.parametrize("q", [-1, 101, float("nan")])
def test_percentiles_outside_0_to_100(q, refuses):
    with refuses("between 0 and 100"):
        LatencyHistogram().percentile(q)


def test_bad_buckets(refuses):
    with refuses("growth > 1"):
        LatencyHistogram(growth=1.0)
