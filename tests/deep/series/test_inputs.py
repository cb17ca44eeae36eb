"""Trends, constant sensors, wild readings, missing ones, and parameters out of range."""

import numpy as np
import pytest

from course_lib.core.windows import breaks_in_time
from course_lib.deep import LSTMVAE, USAD, Forecaster, LSTMAutoencoder, TransformerAutoencoder

PLAIN = {"window": 6, "stride": 2, "epochs": 1, "device": "cpu", "random_state": 0, "verbose": False}


def test_a_difference_takes_a_trend_away(small, series):
    slope = np.array([0.3, -0.1, 2.0])
    tilted = series + slope * np.arange(60)[:, None]
    flat, steep = small(difference=1).fit(series), small(difference=1).fit(tilted)
    np.testing.assert_allclose(flat.decision_scores_, steep.decision_scores_, rtol=1e-2, atol=1e-3)
    plain = small().fit(series).decision_function(series + slope * np.arange(1000, 1060)[:, None])
    later = steep.decision_function(series + slope * np.arange(1000, 1060)[:, None])
    assert np.median(plain) > 3 * np.median(later)


def test_differences_by_hand(series):
    model = LSTMAutoencoder(4, 2, difference=3, **PLAIN).fit(series, breaks=[20, 22])
    found = model._differenced(series, [20, 22])
    expected = series.copy()
    expected[3:20] = series[3:20] - series[:17]
    expected[:3] = expected[3]
    expected[20:22] = series[21] - series[20]  # a stretch shorter than the lag: as far back as it goes
    expected[25:] = series[25:] - series[22:57]
    expected[22:25] = expected[25]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"difference": 2}, {"distance": "mahalanobis"}, {"scaling": None}])
@pytest.mark.parametrize("kind", [LSTMAutoencoder, LSTMVAE, Forecaster, TransformerAutoencoder])
def test_what_was_expected_plus_the_residual_is_the_series(kind, options, series):
    own = {"warm_up": 2} if kind is Forecaster else {}
    model = kind(**own, **options, clip=None, **PLAIN).fit(series, breaks=[31])
    expected = model.expected(series, breaks=[31])
    assert expected.shape == series.shape
    seen = model._to_tensor(model._differenced(series, [31]))
    rest = model._spread(model.residuals, seen, [31])
    np.testing.assert_allclose(series - expected, rest * model.scale_, rtol=1e-3, atol=1e-4)


def test_expected_is_close_to_the_readings_it_learnt(on_sines, sines, name):
    if name == "USAD":
        assert not hasattr(on_sines, "expected")
        return
    good = sines.X_test[sines.y_test == 0]
    assert on_sines.expected(good).shape == good.shape
    assert ((on_sines.expected(good) - good) ** 2)[:, 11:].mean() < 0.15 * good.var()


def test_a_sensor_that_was_constant_and_moves(small, series):
    steady = np.c_[series, np.full(60, 7.0)]
    fitted = small().fit(steady)
    assert np.isfinite(fitted.decision_scores_).all()
    assert fitted.scale_[3] == np.median(fitted.scale_[:3])
    moved = steady.copy()
    moved[30:33, 3] += 4 * fitted.scale_[3]
    before, after = fitted.sensor_errors(steady), fitted.sensor_errors(moved)
    rise = (after - before)[30:33].mean(axis=0)
    assert rise.argmax() == 3
    assert rise[3] > 1
    scores = fitted.decision_function(moved)
    assert scores[30:33].min() > np.quantile(fitted.decision_scores_, 0.9)
    moved[30:33, 3] = 1e300
    assert np.isfinite(fitted.decision_function(moved)).all()


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((30, 3)),
        np.full((30, 1), 1e9),
        np.tile(np.arange(3.0), (40, 1)),
        np.repeat(np.eye(4), 10, axis=0)[:, :1],
        np.arange(20.0)[:, None] * [1, 1, 2],
        np.random.default_rng(0).normal(size=(25, 2)) * [1e-12, 1e12],
    ],
    ids=["zeros", "one constant", "constants", "a step", "rank one", "scales"],
)
@pytest.mark.parametrize("distance", ["squared", "mahalanobis"])
def test_degenerate_series_get_finite_scores(small, name, X, distance):
    options = {} if name == "USAD" else {"distance": distance}
    fitted = small(**options).fit(X)
    assert np.isfinite(fitted.decision_scores_).all()
    assert np.isfinite(fitted.decision_function(X[:1])).all()
    assert np.isfinite(fitted.decision_function(X * -3 + 1)).all()


def test_missing_readings(small, series, refuses):
    holes = series.copy()
    holes[20:24, 1] = np.nan
    with refuses("X contains NaN (first in row 20, column 1; 4 of 180 values"):
        small().fit(holes)
    # What the message asks for: drop the rows, and say where.
    kept = np.flatnonzero(np.isfinite(holes).all(axis=1))
    fitted = small().fit(holes[kept], breaks=breaks_in_time(kept))
    assert fitted.decision_scores_.shape == (56,)


def test_a_series_too_short(small, series, refuses):
    with refuses("No stretch of the series is as long as a window: the longest has 5 timestamps and window is 6"):
        small().fit(series[:15], breaks=[5, 10])
    with refuses("held-out ones: choose a window shorter than 6"):
        small(stride=1, validation_share=0.5).fit(series[:8])
    with refuses("patience needs held-out windows to watch, but a validation_share of 0.1 of 4 windows holds none out"):
        small(stride=2, validation_share=0.1, patience=2).fit(series[:12])


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"window": 1}, "window must be a whole number of at least 2, but is 1"),
        ({"window": 6.0}, "window must be a whole number of at least 2, but is 6.0"),
        ({"stride": 0}, "stride must be a whole number of at least 1, but is 0"),
        ({"stride": 7}, "stride must be a whole number from 1 to the 6 timestamps"),
        ({"scoring_stride": 7}, "scoring_stride must be a whole number from 1 to the 6 timestamps"),
        ({"scoring_stride": 1.5}, "scoring_stride must be a whole number"),
        ({"difference": -1}, "difference must be a whole number of at least 0, but is -1"),
        ({"clip": 0}, "clip must be None or above 0, but is 0"),
        ({"distance": "cosine"}, "distance must be 'squared' or 'mahalanobis', but is 'cosine'"),
        ({"decoder": "student"}, "decoder must be 'free' or 'teacher', but is 'student'"),
        ({"generate": True}, "generate=True is for decoder='teacher'"),
        ({"latent_size": 0}, "latent_size must be a whole number of at least 1, but is 0"),
        ({"scaling": "rank"}, "scaling must be None or one of"),
    ],
)
def test_parameters_of_a_series(options, fragment, series, refuses):
    with refuses(fragment):
        LSTMAutoencoder(**{**PLAIN, **options}).fit(series)


@pytest.mark.parametrize(
    ("model", "fragment"),
    [
        (LSTMVAE(kl_weight=-1, **PLAIN), "kl_weight must be at least 0, but is -1"),
        (LSTMVAE(distance="angle", **PLAIN), "distance must be 'likelihood' or 'squared' or 'mahalanobis'"),
        (Forecaster("gru", warm_up=2, **PLAIN), "architecture must be 'lstm' or 'tcn', but is 'gru'"),
        (Forecaster(warm_up=0, **PLAIN), "warm_up must be a whole number of at least 1, but is 0"),
        (Forecaster(warm_up=6, **PLAIN), "warm_up must be below window"),
        (Forecaster(warm_up=5, **PLAIN), "stride must be a whole number from 1 to the 1 timestamps"),
        (Forecaster("tcn", dilations=(), warm_up=2, **PLAIN), "dilations must be a tuple"),
        (Forecaster("tcn", dilations=4, warm_up=2, **PLAIN), "dilations must be a tuple"),
        (TransformerAutoencoder(30, 4, **PLAIN), "n_heads must divide model_size, but they are 4 and 30"),
        (TransformerAutoencoder(mask_share=1.0, **PLAIN), "mask_share must lie between 0 and 1"),
        (TransformerAutoencoder(dropout=1.0, **PLAIN), "dropout must be at least 0 and below 1"),
        (USAD(scaling="standard", **PLAIN), "scaling must be 'minmax'"),
        (USAD(alpha=0, beta=0, **PLAIN), "alpha and beta must be at least 0, not both 0"),
        (USAD(contest=2, **PLAIN), "contest must lie between 0 and 1"),
        (USAD(hidden_sizes=8, **PLAIN), "hidden_sizes must be a tuple of widths"),
    ],
)
def test_own_parameters(model, fragment, series, refuses):
    with refuses(fragment):
        model.fit(series)


def test_other_sensors_are_refused(small, series, refuses):
    fitted = small().fit(series)
    with refuses("X has 2 features"):
        fitted.sensor_errors(series[:, :2])
