"""`simulate.plant`: the truth is as it is described, and only there is the series changed."""

import numpy as np
import pytest

from course_lib.data.planting import GAP
from course_lib.data.simulate import KINDS, plant

PERIOD = 48


def season(n=2400, noise=0.3, seed=0):
    generator = np.random.default_rng(seed)
    return 20 + 5 * np.sin(2 * np.pi * np.arange(n) / PERIOD) + generator.normal(scale=noise, size=n)


def global_z(values):
    return np.abs(values - values.mean()) / values.std()


def seasonal_z(values):
    """Distance to the usual value at this time of the season, in robust deviations."""
    by_day = values[: len(values) // PERIOD * PERIOD].reshape(-1, PERIOD)
    usual = np.resize(np.median(by_day, axis=0), len(values))
    difference = values - usual
    return np.abs(difference) / (1.4826 * np.median(np.abs(difference)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_numbers_are_exact_and_nothing_else_changes(kind, count):
    series = season()
    before = series.copy()
    planted = plant(series, kind, count, period=PERIOD, length=15, random_state=3)
    np.testing.assert_array_equal(series, before)
    rows = 15 if kind == "collective" else 1
    assert len(planted.starts) == count
    assert planted.y.sum() == count * rows
    assert set(np.flatnonzero(planted.y)) == {start + step for start in planted.starts for step in range(rows)}
    assert (planted.kind == np.where(planted.y == 1, kind, "")).all()
    np.testing.assert_array_equal(planted.values[planted.y == 0], series[planted.y == 0])
    assert (planted.values[planted.starts + rows - 1] != series[planted.starts + rows - 1]).all()
    assert (np.diff(planted.starts) >= rows + GAP).all()


@pytest.mark.parametrize("seed", range(5))
def test_point_anomalies_are_extreme_against_all_values(seed):
    series = season(seed=seed)
    planted = plant(series, "point", 8, random_state=seed)
    there = planted.y == 1
    beyond = np.maximum(planted.values - series.max(), series.min() - planted.values)[there]
    assert ((beyond >= np.ptp(series)) & (beyond <= 1.5 * np.ptp(series))).all()
    np.testing.assert_array_equal(global_z(planted.values) > 3.5, there)


def test_point_anomalies_go_both_ways():
    series = season()
    planted = plant(series, "point", 20, random_state=0)
    high = planted.values[planted.y == 1] > series.max()
    assert 0 < high.sum() < 20


@pytest.mark.parametrize("seed", range(5))
def test_contextual_anomalies_are_ordinary_values_at_the_wrong_time(seed):
    series = season(seed=seed)
    planted = plant(series, "contextual", 8, period=PERIOD, random_state=seed)
    there = np.flatnonzero(planted.y)
    assert planted.values[there].min() >= series.min()
    assert planted.values[there].max() <= series.max()
    # The value is one that the series has half a season away.
    half = PERIOD // 2
    assert all(planted.values[row] in series[[max(row - half, 0), min(row + half, len(series) - 1)]] for row in there)
    assert global_z(planted.values).max() < 3
    np.testing.assert_array_equal(seasonal_z(planted.values) > 10, planted.y == 1)


@pytest.mark.parametrize("seed", range(5))
def test_collective_anomalies_are_runs_of_individually_ordinary_values(seed):
    series = season(seed=seed)
    planted = plant(series, "collective", 4, length=12, random_state=seed)
    for start in planted.starts:
        assert (planted.values[start : start + 12] == series[start]).all()
    assert global_z(planted.values).max() < 3
    # Each is near what stood there: nearer than in three of four stretches that might have been frozen.
    stretches = np.lib.stride_tricks.sliding_window_view(series, 12)
    moves = np.abs(stretches - stretches[:, :1]).max(axis=1)
    assert np.abs(planted.values - series).max() <= np.quantile(moves, 0.25)
    # Together they stand still, which ordinary readings never do for two rows.
    still = np.flatnonzero(np.diff(planted.values) == 0)
    assert len(still) == 4 * 11
    assert (planted.y[still] == 1).all()


def test_avoided_rows_stay_and_kinds_can_be_planted_one_after_another():
    series = season(600)
    first = plant(series, "collective", 3, length=20, random_state=0)
    avoid = first.y == 1
    avoid[:100] = True
    second = plant(first.values, "contextual", 6, period=PERIOD, avoid=avoid, random_state=1)
    third = plant(second.values, "point", 9, avoid=avoid | (second.y == 1), random_state=2)
    assert (first.y + second.y + third.y).max() == 1
    assert second.y[:100].sum() == third.y[:100].sum() == 0
    np.testing.assert_array_equal(third.values[avoid], first.values[avoid])


def test_ordinary_rows_lie_between_anomalies_however_crowded_it_is():
    planted = plant(season(300), "point", 45, random_state=0)
    assert np.diff(planted.starts).min() == 1 + GAP


def test_contextual_values_never_come_from_avoided_rows():
    series = season(960, noise=0.01)
    spoiled = plant(series, "point", 40, random_state=0)
    planted = plant(spoiled.values, "contextual", 10, period=PERIOD, avoid=spoiled.y, random_state=0)
    there = planted.y == 1
    assert planted.values[there].max() <= series.max()
    assert planted.values[there].min() >= series.min()


def test_same_seed_same_result_and_nothing_global_moves():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    results = [plant(season(), "point", 5, random_state=seed).values for seed in (1, 1, 2)]
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    generator = np.random.default_rng(1)
    np.testing.assert_array_equal(results[0], plant(season(), "point", 5, random_state=generator).values)
    # A generator goes on; it is not seeded again.
    assert not np.array_equal(results[0], plant(season(), "point", 5, random_state=generator).values)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_whole_numbers_and_lists_are_welcome():
    planted = plant([1, 2, 3, 2, 1, 2, 3, 2, 1], "point", random_state=0)
    assert planted.values.dtype == np.float64
    assert planted.y.sum() == 1


NOISE = np.random.default_rng(0).normal(size=500)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((season(), "spike"), {}, "kind must be 'point', 'contextual' or 'collective', but is 'spike'."),
        ((season(), "point", -1), {}, "count must be a whole number of at least 0, but is -1."),
        ((season(), "point", True), {}, "count must be a whole number of at least 0, but is True."),
        ((season(), "collective"), {"length": 1}, "length must be a whole number of at least 2, but is 1."),
        ((season(), "contextual"), {}, "needs period, the number of rows in one season."),
        ((season(90), "contextual"), {"period": 48}, "period=48 needs a series of at least 96 rows, but it has 90."),
        ((NOISE, "contextual"), {"period": 48}, "shows no clear season of period=48 rows"),
        ((season(), "contextual"), {"period": 24}, "shows no clear season of period=24 rows"),
        ((season(20), "point", 9), {}, "room for"),
        ((season(30), "collective"), {"length": 29}, "needs a series of at least 31 rows, but it has 30."),
        ((season(), "point"), {"avoid": [True]}, "avoid must have one entry a row, shape (2400,), but has shape (1,)."),
        ((season(9), "point"), {"avoid": np.ones(9)}, "room for 0 point anomalies, but 1 were asked for"),
        ((["a", "b", "c"], "point"), {}, "series must be numbers in one dimension"),
        ((np.ones((3, 3)), "point"), {}, "series must have one dimension, but has shape (3, 3)."),
        (([1, np.nan, 2], "point"), {}, "series must be finite, but row 1 is not."),
        ((np.ones(9), "point"), {}, "two different values"),
        ((season(), "point"), {"random_state": -1}, "random_state must be None, a whole number from 0 or a Generator"),
        ((season(), "point"), {"random_state": "1"}, "but is '1'."),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, options, message, refuses):
    with refuses(message):
        plant(*arguments, **options)
