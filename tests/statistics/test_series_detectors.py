"""Moving average, rolling median and EWMA as detectors: they look at the past only."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.data import DownloadError, load_nab
from course_lib.statistics import EWMA, MovingAverage, RollingMedian

DETECTORS = [MovingAverage(window=20), RollingMedian(window=20), EWMA(alpha=0.1)]
IDS = [type(detector).__name__ for detector in DETECTORS]
WALK = np.random.default_rng(0).normal(size=(400, 2)).cumsum(axis=0)


def loop(X, describe, min_past=10):
    """One timestamp after the other, from the definition."""
    robust = 1.482602 * np.median(np.abs(X - np.median(X, axis=0)), axis=0)
    scores = np.zeros(len(X))
    for t in range(min_past, len(X)):
        centre, scale = describe(X[:t])
        scores[t] = (np.abs(X[t] - centre) / np.maximum(scale, 0.01 * robust)).max()
    return scores


def moments(past):
    return past[-20:].mean(axis=0), past[-20:].std(axis=0)


def median(past):
    table = pd.DataFrame(past)
    gaps = (table - table.rolling(20, min_periods=1).median()).abs()
    return table[-20:].median().to_numpy(), 1.482602 * gaps[-20:].median().to_numpy()


def decaying(past):
    mean, variance, lacking = past[0], 0.0, 1.0
    for value in past[1:]:
        variance = 0.9 * (variance + 0.1 * (value - mean) ** 2)
        mean, lacking = 0.9 * mean + 0.1 * value, lacking * 0.9
    return mean, np.sqrt(variance / (1 - lacking))


@pytest.mark.parametrize(
    ("detector", "describe"), list(zip(DETECTORS, [moments, median, decaying], strict=True)), ids=IDS
)
def test_scores_are_those_of_the_definition(detector, describe):
    np.testing.assert_allclose(detector.fit(WALK).decision_scores_, loop(WALK, describe), rtol=1e-8)


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_the_future_and_the_value_itself_change_nothing_before(detector):
    fitted = detector.fit(WALK)
    changed = WALK.copy()
    changed[250:] += 1000
    before, after = fitted.decision_function(WALK), fitted.decision_function(changed)
    np.testing.assert_allclose(after[:250], before[:250], rtol=1e-9)
    # The jump is measured against a past that does not hold it: far above what |z| allows within one window.
    assert after[250] > 50
    assert after[250] > 10 * after[:250].max()


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_a_new_level_is_accepted_after_a_while(detector):
    level = np.random.default_rng(1).normal(size=(600, 1))
    level[300:] += 30
    scores = detector.fit(level).decision_scores_
    assert scores[300] > 10
    assert np.median(scores[450:]) < 2


def test_one_spike_blinds_the_average_and_not_the_median():
    series = np.random.default_rng(2).normal(size=(300, 1))
    series[150] += 100  # and ten timestamps later a smaller one
    series[160] += 12
    assert MovingAverage(20).fit(series).decision_scores_[160] < 2
    assert RollingMedian(20).fit(series).decision_scores_[160] > 6


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_the_first_timestamps_score_zero(detector):
    for min_past in (1, 5, 50):
        scores = clone(detector).set_params(min_past=min_past).fit(WALK).decision_scores_
        assert (scores[:min_past] == 0).all()
        assert (scores[min_past:] > 0).all()
    short = detector.fit(WALK).decision_function(WALK[:7])
    np.testing.assert_array_equal(short, np.zeros(7))


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_a_past_without_variation_gives_large_but_finite_scores(detector):
    stuck = np.random.default_rng(3).normal(size=(400, 1))
    stuck[100:200] = 1.0
    stuck[199] = 1.5
    fitted = detector.fit(stuck)
    assert np.isfinite(fitted.decision_scores_).all()
    assert 20 < fitted.decision_scores_[199] < 100  # 0.5 of a deviation, in hundredths of one
    constant = detector.fit(np.full((50, 1), 0.1))
    assert not constant.decision_scores_.any()
    assert np.isfinite(constant.decision_function([[0.1]] * 20 + [[5.0]] * 20)).all()


def test_the_least_scale_is_not_moved_by_outliers_in_training():
    series = np.random.default_rng(4).normal(size=(500, 1))
    spoilt = series.copy()
    spoilt[::100] = 1e9
    np.testing.assert_allclose(EWMA().fit(spoilt).floor_, EWMA().fit(series).floor_, rtol=0.1)


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_predict_equals_labels_and_a_file_keeps_everything(detector, tmp_path):
    fitted = detector.fit(WALK)
    np.testing.assert_array_equal(fitted.predict(WALK), fitted.labels_)
    assert 0 < fitted.labels_.mean() <= 0.1
    fitted.save(tmp_path / "detector.safetensors")
    loaded = load(tmp_path / "detector.safetensors")
    np.testing.assert_array_equal(loaded.decision_function(WALK * 2), fitted.decision_function(WALK * 2))


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_bad_parameters(detector, refuses):
    for wrong in (0, -1, 2.5, True, None):
        with refuses("min_past must be a whole number of at least 1"):
            clone(detector).set_params(min_past=wrong).fit(WALK)
        if "window" in detector.get_params():
            with refuses("window must be a whole number of at least 1"):
                clone(detector).set_params(window=wrong).fit(WALK)
    if "alpha" in detector.get_params():
        with refuses("alpha must lie above 0"):
            clone(detector).set_params(alpha=0).fit(WALK)


def test_alpha_of_one_compares_with_the_value_before():
    fitted = EWMA(alpha=1).fit(WALK[:, :1])
    steps = np.abs(np.diff(WALK[:, 0])) / fitted.floor_
    np.testing.assert_allclose(fitted.decision_scores_[10:], steps[9:])


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_the_planted_spikes_of_a_daily_wave_rank_first(detector):
    rng = np.random.default_rng(5)
    y = np.zeros(2000, dtype=int)
    y[rng.choice(np.arange(50, 2000), 12, replace=False)] = 1
    series = 10 * np.sin(np.arange(2000) * 2 * np.pi / 500) + rng.normal(0, 0.5, 2000) + y * 6
    scores = detector.fit(series[:, None]).decision_scores_
    assert auroc(y, scores) > 0.97
    # Against the whole series these values are nothing special.
    assert auroc(y, np.abs(series - series.mean())) < 0.8
    assert np.median(scores[y == 1]) > 3


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_a_million_points_on_a_large_offset(detector):
    noise = np.random.default_rng(6).normal(size=(1_000_000, 1))
    scores = detector.fit(1e9 + noise).decision_scores_
    assert scores.max() < 15
    # The offset itself rounds the values to about 1e-7, nothing else may add to that.
    np.testing.assert_allclose(scores, detector.fit(noise).decision_scores_, atol=1e-5)


def nab(name):
    try:
        return load_nab(name, offline=True).values
    except DownloadError as error:
        pytest.skip(f"real data: {error}")


@pytest.mark.parametrize("detector", DETECTORS, ids=IDS)
def test_scores_of_a_real_series_with_steps_and_ties(detector):
    values = nab("machine_temperature_system_failure")
    scores = detector.fit(values[:, None]).decision_scores_
    assert np.isfinite(scores).all()
    # The failure of February begins with a fall that the three hours before do not know.
    assert scores[19232:19800].max() > 6
    assert np.median(scores) < 1.5
