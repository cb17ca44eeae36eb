"""Online statistics against exact fractions, pandas, NumPy, river, and the papers' own examples."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from course_lib import streaming
from course_lib.streaming import DecayedMoments, P2Quantile, RollingQuantile, RunningCovariance, RunningMoments
from course_lib.streaming.piecewise import growing


def exact(values):
    numbers = [Fraction(value) for value in values.tolist()]
    mean = sum(numbers) / len(numbers)
    return float(mean), float(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def cut(values):
    return np.split(values, [1, 7, 1000, 4095, 4097, 6000])


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_moments_keep_their_digits(offset):
    values = offset + np.random.default_rng(0).normal(size=3000)
    moments = RunningMoments()
    moments.learn_many(values)
    mean, variance = exact(values)
    assert moments.mean == pytest.approx(mean, rel=1e-15)
    assert moments.variance == pytest.approx(variance, rel=1e-10)
    assert moments.deviation == moments.variance**0.5
    # An outlier as the first value, around which the first sums are taken, costs four digits and no more.
    wild = np.concatenate([[1e9], values])
    moments = RunningMoments()
    moments.learn_many(wild)
    assert moments.variance == pytest.approx(exact(wild)[1], rel=1e-10)


@pytest.mark.parametrize("make", [RunningMoments, *(lambda a=a: DecayedMoments(a) for a in (0.001, 0.05, 0.7, 1.0))])
def test_blocks_of_moments_have_the_bits_of_the_loop(make):
    values = 1e6 + np.random.default_rng(1).normal(size=9000)
    looped, blocked = make(), make()
    before = []
    for value in values.tolist():
        before.append(looped.both())
        looped.learn_one(value)
    parts = [blocked.before_each(part) for part in cut(values)]
    for place in (0, 1):
        np.testing.assert_array_equal(
            np.concatenate([part[place][:-1] for part in parts]), [pair[place] for pair in before]
        )
        assert parts[-1][place][-1] == looped.both()[place]
    assert looped.to_state()[1] == blocked.to_state()[1]


def test_welford_gives_the_same():
    values = np.random.default_rng(2).normal(5, 3, size=500)
    mean, squares = 0.0, 0.0
    moments = RunningMoments()
    for n, x in enumerate(values.tolist(), start=1):
        gap = x - mean
        mean += gap / n
        squares += gap * (x - mean)
        moments.learn_one(x)
        assert moments.mean == pytest.approx(mean, rel=1e-13)
        assert moments.variance == pytest.approx(squares / n, rel=1e-11, abs=1e-15)


def test_merging_is_as_good_as_seeing_everything():
    values = 1e8 + np.random.default_rng(3).normal(size=4000)
    a, b, empty = RunningMoments(), RunningMoments(), RunningMoments()
    a.learn_many(values[:1500])
    b.learn_many(values[1500:])
    merged = a.merge(b)
    assert (merged.n, a.n, b.n) == (4000, 1500, 2500)
    assert merged.mean == pytest.approx(exact(values)[0], rel=1e-15)
    assert merged.variance == pytest.approx(exact(values)[1], rel=1e-11)
    assert a.merge(empty).variance == pytest.approx(a.variance, rel=1e-13)
    assert empty.merge(empty).variance == 0.0
    merged.learn_one(values[0] + 5)
    assert merged.n == 4001
    assert merged.variance == pytest.approx(exact(np.append(values, values[0] + 5))[1], rel=1e-11)


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.7, 1.0])
def test_decayed_moments_are_pandas(alpha):
    values = np.random.default_rng(4).normal(3, 2, size=1500)
    moments = DecayedMoments(alpha)
    means, variances = moments.before_each(values)
    decayed = pd.Series(values).ewm(alpha=alpha, adjust=False)
    np.testing.assert_allclose(means[1:], decayed.mean(), rtol=1e-12)
    given_out = 1 - (1 - alpha) ** np.maximum(np.arange(1500), 1)
    np.testing.assert_allclose(variances[1:], decayed.var(bias=True) / given_out, rtol=1e-9, atol=1e-14)
    assert moments.mean_with(9.0) == pytest.approx(moments.mean + alpha * (9.0 - moments.mean))
    assert DecayedMoments(alpha).mean_with(9.0) == 9.0


def test_moments_are_rivers():
    stats = pytest.importorskip("river.stats", reason="river is in the extra 'dev'")
    values = np.random.default_rng(5).normal(size=400).tolist()
    ours, mean, variance = RunningMoments(), stats.Mean(), stats.Var(ddof=0)
    faded, their_mean = DecayedMoments(0.1), stats.EWMean(0.1)
    for value in values:
        ours.learn_one(value)
        faded.learn_one(value)
        mean.update(value)
        variance.update(value)
        their_mean.update(value)
        assert ours.mean == pytest.approx(mean.get(), abs=1e-13)
        assert ours.variance == pytest.approx(variance.get(), abs=1e-12)
        assert faded.mean == pytest.approx(their_mean.get(), abs=1e-13)


def test_p2_gives_the_example_of_its_paper():
    """Jain and Chlamtac's table I: the median of twenty values, 4.44 at the end."""
    values = (0.02, 0.15, 0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92)
    values += (34.60, 10.28, 1.47, 0.40, 0.05, 11.39, 0.27, 0.42, 0.09, 11.37)
    quantile = P2Quantile(0.5)
    found = []
    for value in values:
        quantile.learn_one(value)
        found.append(quantile.value)
    assert found[4] == 0.74
    assert found[6:12] == pytest.approx([0.74, 2.18, 4.75, 4.75, 9.28, 9.28], abs=0.01)
    assert found[-1] == pytest.approx(4.44, abs=0.005)


@pytest.mark.parametrize("q", [0.05, 0.5, 0.95])
def test_p2_is_near_the_quantile_and_is_rivers(q):
    values = np.random.default_rng(6).exponential(size=4000)
    ours = P2Quantile(q)
    ours.learn_many(values)
    assert ours.value == pytest.approx(np.quantile(values, q), rel=0.05)
    stats = pytest.importorskip("river.stats", reason="river is in the extra 'dev'")
    theirs, again = stats.Quantile(q), P2Quantile(q)
    for place, value in enumerate(values[:500].tolist()):
        theirs.update(value)
        again.learn_one(value)
        if place >= 5:  # before, river takes one of the values and we interpolate
            assert again.value == pytest.approx(theirs.get(), abs=1e-10)


@pytest.mark.parametrize(("q", "window"), [(0.0, 10), (0.5, 10), (0.9, 33), (0.995, 200), (1.0, 7), (0.3, 1)])
def test_rolling_quantile_is_numpys(q, window):
    values = np.random.default_rng(7).normal(size=500).round(1)  # with ties
    quantile = RollingQuantile(q, window)
    loop = []
    for place, value in enumerate(values.tolist()):
        loop.append(quantile.value)
        quantile.learn_one(value)
        past = values[max(0, place + 1 - window) : place + 1]
        assert quantile.value == pytest.approx(np.quantile(past, q), abs=1e-12)
    block = RollingQuantile(q, window)
    parts = [block.before_each(part)[:-1] for part in np.split(values, [1, 5, 40, 333])]
    np.testing.assert_array_equal(np.concatenate(parts), loop)
    assert block.n == min(window, 500)


def test_renewals_come_after_every_event_at_first_and_then_every_twentieth_of_the_stream():
    assert [growing(n, 32) - n for n in (0, 1, 39, 40, 100, 639, 640, 10_000)] == [1, 1, 1, 2, 5, 31, 32, 32]


def test_covariance_and_its_merge():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(900, 4)) @ rng.normal(size=(4, 4)) + 1e7
    a, b = RunningCovariance(), RunningCovariance()
    for part in np.split(X[:400], [1, 2, 50]):
        a.learn_many(part)
    for row in X[400:]:
        b.learn_one(row)
    for found, rows in ((a, X[:400]), (b, X[400:]), (a.merge(b), X)):
        assert found.n == len(rows)
        np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(found.covariance, np.cov(rows.T, ddof=0), rtol=1e-7, atol=1e-8)
    empty = RunningCovariance()
    np.testing.assert_array_equal(empty.merge(a).covariance, a.covariance)


def test_faded_covariance():
    X = np.random.default_rng(9).normal(size=(300, 2))
    faded = RunningCovariance(alpha=0.03)
    for part in np.split(X, [7, 8, 100]):
        faded.learn_many(part)
    weights = 0.97 ** np.arange(299, -1, -1)
    np.testing.assert_allclose(faded.mean, np.average(X, axis=0, weights=weights), rtol=1e-10)
    np.testing.assert_allclose(faded.covariance, np.cov(X.T, aweights=weights, ddof=0), rtol=1e-9)


@pytest.mark.parametrize("model", [RunningMoments(), DecayedMoments(0.1), P2Quantile(0.9), RollingQuantile(0.9, 20)])
def test_statistics_are_saved_and_go_on(model, tmp_path):
    values = np.random.default_rng(10).normal(size=200).tolist()
    model = model.clone()
    for value in values[:123]:
        model.learn_one(value)
    model.save(tmp_path / "model")
    loaded = streaming.load(tmp_path / "model")
    for value in values[123:]:
        model.learn_one(value)
        loaded.learn_one(value)
        assert loaded.to_state()[1] == model.to_state()[1]
    name = "value" if hasattr(model, "value") else "variance"
    assert getattr(loaded, name) == getattr(model, name) != 0
    assert getattr(model.reset(), name) == 0.0


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda: P2Quantile(1.0).learn_one(1.0), "q must be a number between 0 and 1"),
        (lambda: RollingQuantile(1.5).learn_one(1.0), "q must lie between 0 and 1"),
        (lambda: RollingQuantile(0.5, 0).learn_one(1.0), "window must be a whole number of at least 1"),
        (lambda: DecayedMoments(1.5).learn_one(1.0), "alpha must lie above 0"),
    ],
)
def test_statistics_refuse_what_makes_no_sense(make, fragment, refuses):
    with refuses(fragment):
        make()
