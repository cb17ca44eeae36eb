"""Baselines: residuals from their definitions, scikit-learn's rules, context, and what a model finds in the rest."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from course_lib.core.metrics import auroc
from course_lib.data import DownloadError, load_nab, simulate
from course_lib.hybrid import (
    Fences,
    GroupBaseline,
    Residual,
    RollingMedianBaseline,
    SeasonalBaseline,
    Standardise,
    STLBaseline,
)
from course_lib.ml import KNN, PCA
from course_lib.statistics import ModifiedZScore, ZScore, stl

DRAW = np.random.default_rng(0)
X, NEW = DRAW.normal(5, 3, size=(200, 3)), DRAW.normal(5, 9, size=(50, 3))
PERIOD = 24
T = np.arange(20 * PERIOD + 7)
WAVE = np.column_stack([10 * np.sin(2 * np.pi * T / PERIOD), 3 * np.cos(4 * np.pi * T / PERIOD) + 0.01 * T])
SERIES = WAVE + 0.1 * DRAW.normal(size=WAVE.shape)


@parametrize_with_checks([Standardise(), Fences(), GroupBaseline((0,), min_rows=2)])
def test_scikit_learn_rules(estimator, check):
    check(estimator)


def test_standardise_and_fences_are_their_formulas():
    np.testing.assert_allclose(Standardise().fit_transform(X), stats.zscore(X))
    np.testing.assert_allclose(Standardise(scaled=False).fit(X).transform(NEW), NEW - X.mean(axis=0))
    low, high = np.percentile(X, [25, 75], axis=0)
    beyond = Fences(k=1.0).fit(X).transform(NEW)
    for (i, j), value in np.ndenumerate(NEW):
        iqr = high[j] - low[j]
        above, below = value - (high[j] + iqr), (low[j] - iqr) - value
        expected = above / iqr if above > 0 else -below / iqr if below > 0 else 0
        assert beyond[i, j] == pytest.approx(expected, abs=1e-12)
    assert (beyond > 0).any()
    assert (beyond < 0).any()
    np.testing.assert_allclose(Fences(1.0, scaled=False).fit(X).transform(NEW), beyond * (high - low))


def test_rolling_median_compares_with_the_past_only():
    baseline = RollingMedianBaseline(window=7, min_past=3, scaled=False).fit(SERIES)
    past = pd.DataFrame(SERIES).rolling(7, min_periods=1).median().shift(1).to_numpy()
    residuals = baseline.transform(SERIES)
    np.testing.assert_allclose(residuals[3:], (SERIES - past)[3:])
    assert (residuals[:3] == 0).all()
    scaled = clone(baseline).set_params(scaled=True).fit(SERIES).transform(SERIES)
    np.testing.assert_allclose(scaled, residuals / stats.median_abs_deviation(residuals, scale="normal"), rtol=1e-6)


def test_the_seasonal_profile_is_found_through_a_trend_and_outliers():
    spoilt = SERIES.copy()
    spoilt[DRAW.integers(0, len(T), 25)] += 40
    profile = SeasonalBaseline(PERIOD).fit(spoilt).profile_
    wanted = WAVE[:PERIOD] - [0, 0.01] * T[:PERIOD, None]
    # The trend within one period, 0.24, stays in the profile.
    assert np.abs(profile - (wanted - np.median(wanted, axis=0))).max() < 0.35


def test_the_season_goes_on_where_it_is_told_to():
    n = 10 * PERIOD + 5
    baseline = SeasonalBaseline(PERIOD, scaled=False).fit(SERIES[:n])
    later = SERIES[n:]
    assert np.abs(baseline.transform(later, start=n)[PERIOD:]).max() < 1.2
    assert np.abs(baseline.transform(later)[PERIOD:]).max() > 5
    together = baseline.transform(SERIES)
    np.testing.assert_allclose(baseline.transform(later, start=n)[PERIOD + 1 :], together[n + PERIOD + 1 :], atol=1e-9)


def test_a_contextual_anomaly_stands_out_of_the_season_and_not_of_the_values():
    odd = SERIES.copy()
    odd[300, 0] = odd[300 + PERIOD // 2, 0]  # the value of half a day later: ordinary, only not now
    odd[300, 0] -= np.sign(odd[300, 0])
    assert np.argmax(ZScore().fit(odd).decision_scores_) != 300
    for baseline in (SeasonalBaseline(PERIOD), STLBaseline(PERIOD)):
        fitted = Residual(baseline, ModifiedZScore()).fit(odd)
        assert np.argmax(fitted.decision_scores_) == 300, baseline


def test_a_season_that_explains_everything_leaves_no_rounding_noise_to_blow_up():
    assert np.abs(SeasonalBaseline(PERIOD).fit_transform(WAVE[:, :1])).max() < 1e-6


def test_the_level_is_the_median_of_the_values_just_before():
    baseline = SeasonalBaseline(PERIOD, level_window=5, scaled=False).fit(SERIES)
    left, residuals = SERIES - baseline.profile_[T % PERIOD], baseline.transform(SERIES)
    expected = [left[t] - np.median(left[max(t - 5, 0) : t], axis=0) for t in T[1:]]
    np.testing.assert_allclose(residuals[1:], expected, atol=1e-9)
    assert (residuals[0] == 0).all()


def test_two_periods_are_enough_for_a_profile():
    baseline = SeasonalBaseline(PERIOD).fit(SERIES[: 2 * PERIOD])
    assert np.abs(baseline.profile_[:, 0] - WAVE[:PERIOD, 0]).max() < 1


def test_stl_is_taken_of_the_series_it_is_given():
    baseline = STLBaseline(PERIOD, seasonal=9, robust=False, scaled=False).fit(SERIES)
    other = SERIES[5 : 5 + 8 * PERIOD] * 2
    np.testing.assert_allclose(baseline.transform(other), stl(other, PERIOD, seasonal=9).residual)


def test_groups_have_a_median_and_a_spread_of_their_own():
    group = DRAW.integers(0, 3, 300)
    rows = np.column_stack([group, DRAW.normal(size=300) * (1 + group) + 50 * group])
    baseline = GroupBaseline(0).fit(rows)
    new = np.array([[0.0, 50.0], [1, 50], [2, 50], [7, 50]])
    for (g, value), residual in zip(new, baseline.transform(new), strict=True):
        own = rows[group == g, 1] if g < 3 else rows[:, 1]
        expected = (value - np.median(own)) / stats.median_abs_deviation(own, scale="normal")
        assert residual[1] == pytest.approx(expected, rel=1e-5)
        assert residual[0] == 0
    assert baseline.transform(new)[:3, 1].round().tolist() != [0, 0, 0]
    alone = np.vstack([rows, [9, 1000]])
    np.testing.assert_allclose(GroupBaseline(0).fit(alone).transform([[9, 1000]])[0, 1] > 5, True)


def test_groups_of_two_columns_and_groups_without_spread():
    rows = np.array([[a, b, 10 * a + b] for a in (0, 1) for b in (0, 1) for _ in range(6)], dtype=float)
    left = GroupBaseline((0, 1)).fit(rows).transform([[1, 1, 11], [1, 0, 11], [0, 0, 1]])
    np.testing.assert_allclose(left[:, :2], 0)
    assert left[0, 2] == 0
    spread = stats.median_abs_deviation(rows[:, 2], scale="normal")
    assert left[1, 2] == left[2, 2] == pytest.approx(1 / spread, rel=1e-5)  # that of all rows stands in for none


def test_a_group_counts_from_min_rows_on():
    rows = np.column_stack([np.repeat([0.0, 1, 2], [5, 4, 50]), DRAW.normal(size=59)])
    assert GroupBaseline(0).fit(rows).groups_.ravel().tolist() == [0, 2]
    assert GroupBaseline(0, min_rows=4).fit(rows).groups_.ravel().tolist() == [0, 1, 2]


def test_a_purchase_that_is_odd_for_its_customer_is_found():
    cards = simulate.transactions(point=0, contextual=20, collective=0, random_state=0)
    table = cards.data
    rows = np.column_stack([pd.factorize(table["place"])[0], np.log(table["amount"])])
    context = Residual(GroupBaseline(0), ModifiedZScore()).fit(rows)
    assert auroc(cards.y, context.decision_scores_) > 0.9
    assert auroc(cards.y, ModifiedZScore().fit(rows[:, 1:]).decision_scores_) < 0.8


def test_residual_hands_over_what_the_baseline_leaves():
    hybrid = Residual(Standardise(), PCA(0.6)).fit(X)
    np.testing.assert_allclose(hybrid.residuals(NEW), (NEW - X.mean(axis=0)) / X.std(axis=0))
    np.testing.assert_allclose(
        hybrid.decision_function(NEW), PCA(0.6).fit(stats.zscore(X)).decision_function(hybrid.residuals(NEW))
    )
    assert hybrid.get_params()["baseline__scaled"] is True
    assert not hasattr(hybrid.baseline, "spread_"), "the given baseline is a pattern and never fitted"
    season = Residual(SeasonalBaseline(PERIOD), ZScore()).fit(SERIES[:245])
    assert season.predict(SERIES[245:], start=245).mean() < 0.3 < season.predict(SERIES[245:]).mean()


def test_standardised_neighbours_beat_raw_ones_when_a_column_is_in_other_units():
    rows = np.column_stack([DRAW.normal(size=500), DRAW.normal(size=500) * 1000])
    rows[:10, 0] += 8
    y = np.arange(500) < 10
    assert auroc(y, Residual(Standardise(), KNN()).fit(rows).decision_scores_) > 0.99
    assert auroc(y, KNN().fit(rows).decision_scores_) < 0.75


def test_a_real_series_is_easier_with_its_day_taken_off():
    try:
        taxi = load_nab("nyc_taxi")
    except DownloadError:
        pytest.skip("real data: NAB is not here; COURSE_DATA_DIR says where the data are")
    rows = taxi.values[:, None]
    day = Residual(SeasonalBaseline(7 * 48), ModifiedZScore()).fit(rows)
    quality = auroc(taxi.y, day.decision_scores_)
    assert quality > 0.6
    assert quality > auroc(taxi.y, ModifiedZScore().fit(rows).decision_scores_) + 0.05


def test_what_is_refused(refuses):
    with refuses("Residual needs a baseline such as Standardise()", TypeError):
        Residual(ZScore(), PCA()).fit(X)
    with refuses("Residual needs a fresh course_lib detector, but got the class PCA", TypeError):
        Residual(Standardise(), PCA).fit(X)
    with refuses("k must be a number of at least 0, but is -1"):
        Fences(k=-1).fit(X)
    with refuses("min_past must be a whole number of at least 1"):
        RollingMedianBaseline(min_past=0).fit(X)
    with refuses("period must be a whole number of at least 2"):
        SeasonalBaseline(1).fit(X)
    with refuses("A period of 150 needs at least 300 rows, but the series has 200"):
        STLBaseline(150).fit(X)
    with refuses("start must be a whole number of rows, but is 0.5"):
        SeasonalBaseline(5).fit(X).transform(X, start=0.5)
    with refuses("column must name columns from 0 to 2, but is 3"):
        GroupBaseline(3).fit(X)
    with refuses("min_rows must be a whole number"):
        GroupBaseline(0, min_rows=0).fit(X)
