"""STL: statsmodels' parts to the last digits, exact on what it can follow, and anomalies left in the residual."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.statistics import STLResidual, ZScore, stl
from course_lib.statistics.loess import Loess


def series(n, period, seed=0):
    """Season, trend, noise and a few outliers."""
    draw, t = np.random.default_rng(seed), np.arange(n)
    x = 3 * np.sin(2 * np.pi * t / period) + 0.01 * t + draw.normal(size=n)
    x[draw.integers(0, n, n // 30 + 1)] += 15
    return x


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize(("n", "period"), [(120, 12), (125, 12), (99, 7), (61, 3), (300, 24), (203, 25)])
def test_parity_with_statsmodels(n, period, robust):
    seasonal = pytest.importorskip("statsmodels.tsa.seasonal", reason="statsmodels is in the extra 'dev'")
    x = series(n, period)
    wide = 2 * period + 1 + period % 2 * 2
    for degree, window, trend, low_pass in ((1, 7, None, None), (0, 13, wide, None), (1, 3, wide, wide + 2)):
        theirs = seasonal.STL(
            x,
            period=period,
            seasonal=window,
            trend=trend,
            low_pass=low_pass,
            seasonal_deg=degree,
            trend_deg=degree,
            robust=robust,
        ).fit()
        ours = stl(x, period, window, trend, low_pass, degree, degree, robust)
        for name, other in zip(ours._fields, ("trend", "seasonal", "resid", "weights"), strict=True):
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, other), atol=1e-8)


def test_iterations_are_those_asked_for():
    seasonal = pytest.importorskip("statsmodels.tsa.seasonal", reason="statsmodels is in the extra 'dev'")
    x = series(150, 10)
    for inner, outer in ((1, 0), (3, 2)):
        theirs = seasonal.STL(x, period=10, robust=True).fit(inner_iter=inner, outer_iter=outer)
        ours = stl(x, 10, robust=True, inner_iterations=inner, outer_iterations=outer)
        np.testing.assert_allclose(ours.trend, theirs.trend, atol=1e-8)


def test_the_parts_sum_up_and_columns_do_not_touch_each_other():
    columns = np.column_stack([series(100, 8), 100 * series(100, 8, seed=1)])
    for robust in (False, True):
        parts = stl(columns, 8, robust=robust)
        np.testing.assert_allclose(parts.trend + parts.seasonal + parts.residual, columns)
        for column in range(2):
            alone = stl(columns[:, column], 8, robust=robust)
            np.testing.assert_allclose(parts.residual[:, column], alone.residual, atol=1e-10)
            np.testing.assert_allclose(parts.weights[:, column], alone.weights, atol=1e-8)


def test_a_line_with_a_repeating_season_leaves_nothing():
    t = np.arange(96)
    shape = np.tile([0, 1, 5, -6.0], 24)
    for robust in (False, True):
        parts = stl(0.5 * t + shape + 3, 4, robust=robust)
        assert np.abs(parts.residual).max() < 1e-6
        np.testing.assert_allclose(parts.seasonal, shape, atol=0.01)
        np.testing.assert_allclose(parts.trend, 0.5 * t + 3, atol=0.01)


def test_robust_weights_keep_an_outlier_out_of_the_season():
    x = 3 * np.sin(2 * np.pi * np.arange(240) / 12) + 0.1 * np.random.default_rng(0).normal(size=240)
    x[60] += 20
    plain, robust = stl(x, 12), stl(x, 12, robust=True)
    assert robust.weights[60] == 0
    assert robust.residual[60] > 19.5 > 16 > plain.residual[60]
    assert np.abs(robust.seasonal[48]) < 0.5 < np.abs(plain.seasonal[48])
    assert (plain.weights == 1).all()


def test_an_exact_fit_stays_where_it_is():
    # Two seasons are met exactly, and robust weights of rounding noise would wander.
    few = series(24, 12)
    parts, more = (stl(few, 12, robust=True, outer_iterations=k) for k in (15, 16))
    np.testing.assert_allclose(parts.seasonal, more.seasonal, atol=1e-9)
    assert (parts.weights == 1).all()
    assert np.isfinite(stl(np.ones(30), 5, robust=True).trend).all()


def test_loess_follows_lines_everywhere_and_means_only_at_its_degree():
    line = 2.0 * np.arange(1, 41) - 7
    np.testing.assert_allclose(Loess(40, 11, reach=1).smooth(line), 2.0 * np.arange(0, 42) - 7)
    np.testing.assert_allclose(Loess(40, 99).smooth(line), line)
    flat = Loess(40, 11, degree=0).smooth(line)
    np.testing.assert_allclose(flat[8:-8], line[8:-8])
    assert flat[0] > line[0] + 2
    weights = np.ones(40)
    weights[20] = 0
    bent = np.where(np.arange(40) == 20, 1e6, line)
    np.testing.assert_allclose(Loess(40, 11).smooth(bent, weights), line, atol=1e-9)


def test_loess_without_any_weight_keeps_the_value():
    y = np.arange(20.0) ** 2
    np.testing.assert_allclose(Loess(20, 5, reach=1).smooth(y, np.zeros(20)), [y[0], *y, y[-1]])


def test_blocks_do_not_show(monkeypatch):
    x = series(200, 10)
    whole = stl(x, 10, robust=True)
    monkeypatch.setattr("course_lib.statistics.loess.BLOCK", 50)
    np.testing.assert_allclose(stl(x, 10, robust=True).residual, whole.residual, atol=1e-12)


def test_the_detector_finds_what_is_odd_for_its_hour():
    t = np.arange(30 * 24)
    x = np.column_stack([10 * np.sin(2 * np.pi * t / 24), 5 * np.cos(2 * np.pi * t / 24)])
    x += 0.3 * np.random.default_rng(0).normal(size=x.shape)
    odd = np.random.default_rng(1).choice(len(t), 10, replace=False)
    x[odd, 0] = -0.9 * x[odd, 0] + 2
    y = np.isin(t, odd)
    fitted = STLResidual(24).fit(x)
    assert auroc(y, fitted.decision_scores_) > 0.99
    assert auroc(y, ZScore().fit(x).decision_scores_) < 0.6
    residual = stl(x, 24, 13, robust=True).residual
    expected = np.abs(residual) / (1.482602 * np.median(np.abs(residual - np.median(residual, axis=0)), axis=0))
    np.testing.assert_allclose(fitted.decision_scores_, expected.max(axis=1))
    np.testing.assert_allclose(fitted.decision_function(x), fitted.decision_scores_)


def test_what_is_refused(refuses):
    x = series(50, 5)
    with refuses("STL needs period to be a whole number of at least 2, but got 1"):
        stl(x, 1)
    with refuses("at least two periods, 60 values, long, but got 50"):
        stl(x, 30)
    with refuses("seasonal to be an odd number of at least 3, but got 8"):
        stl(x, 5, seasonal=8)
    with refuses("trend to be an odd number above the period 5, but got 5"):
        stl(x, 5, trend=5)
    with refuses("seasonal_degree to be 0 or 1, but got 2"):
        stl(x, 5, seasonal_degree=2)
    with refuses("STL needs finite values of shape (n,) or (n, n_features)"):
        stl(np.where(x > 10, np.nan, x), 5)
    with refuses("outer_iterations to be a whole number of at least 0"):
        stl(x, 5, outer_iterations=-1)
