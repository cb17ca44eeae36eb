"""Simulated sensors and card transactions: what was planted is there, as described, and nothing else is."""

import numpy as np
import pandas as pd
import pytest

from course_lib.data import simulate
from course_lib.data.card_transactions import _OCCASIONS

SEEDS = range(4)


def counts(kind):
    return {name: int((kind == name).sum()) for name in simulate.KINDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_sensors_hold_exactly_what_was_ordered(seed):
    data = simulate.sensors(1000, 4, seed, point=6, contextual=4, collective=3, collective_length=10, per_day=96)
    assert data.X.shape == (1000, 4)
    assert counts(data.kind) == {"point": 6, "contextual": 4, "collective": 30}
    assert (data.y == (data.kind != "")).all()
    assert ((data.sensor == -1) == (data.y == 0)).all()
    assert data.sensor.max() < 4
    assert data.y[:96].sum() == 0
    # One run stays in one sensor.
    runs = np.flatnonzero(np.diff(np.r_[0, data.kind == "collective", 0]))
    assert (np.diff(runs.reshape(-1, 2)) == 10).all()
    assert all(len(set(data.sensor[start:stop])) == 1 for start, stop in runs.reshape(-1, 2))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_global_z_score_finds_point_anomalies_in_sensors_and_no_others(seed):
    data = simulate.sensors(random_state=seed)
    z = np.abs(data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    rows, columns = np.nonzero(z > 3.5)
    assert set(rows) == set(np.flatnonzero(data.kind == "point"))
    assert (data.sensor[rows] == columns).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_contextual_readings_are_inside_the_range_and_far_from_their_time_of_day(seed):
    data = simulate.sensors(random_state=seed)
    ordinary = data.X[data.y == 0]
    of_day = np.median(data.X.reshape(-1, 144, 3), axis=0)
    off = np.abs(data.X - np.tile(of_day, (14, 1)))
    for row in np.flatnonzero(data.kind == "contextual"):
        column = data.sensor[row]
        assert ordinary[:, column].min() <= data.X[row, column] <= ordinary[:, column].max()
        assert off[row, column] > np.quantile(off[data.y == 0, column], 0.999)


@pytest.mark.parametrize("seed", SEEDS)
def test_stuck_readings_are_ordinary_for_their_time_but_stand_still(seed):
    data = simulate.sensors(random_state=seed)
    of_day = np.median(data.X.reshape(-1, 144, 3), axis=0)
    off = np.abs(data.X - np.tile(of_day, (14, 1)))
    rows = np.flatnonzero(data.kind == "collective")
    assert (off[rows, data.sensor[rows]] < off[data.y == 0].max()).all()
    stands_still = np.lib.stride_tricks.sliding_window_view(data.X, 24, axis=0).std(axis=-1) < 1e-9
    starts = rows[::24]
    assert set(zip(*np.nonzero(stands_still), strict=True)) == set(zip(starts, data.sensor[starts], strict=True))


def test_sensors_have_a_day_a_trend_noise_and_each_other():
    data = simulate.sensors(288 * 50, 3, 0, point=0, contextual=0, collective=0, per_day=288, trend=0.2, noise=0.5)
    assert data.y.sum() == 0
    assert data.timestamps[0] == np.datetime64("2024-01-01T00:00:00")
    assert (np.diff(data.timestamps) == np.timedelta64(5, "m")).all()
    days = data.X.reshape(50, 288, 3)
    course = days.mean(axis=0)
    assert (np.abs(course.argmax(axis=0) / 12 - 15) < 1).all()
    assert (np.abs(np.ptp(course, axis=0) / 10 - 1) < 0.3).all()
    slope = np.polyfit(np.arange(50), days.mean(axis=1), 1)[0]
    assert slope == pytest.approx(0.2, abs=0.06)
    assert np.corrcoef(data.X.T).min() > 0.8
    # Half the squared second difference of white noise is three times its variance; the rest hardly moves in a step.
    spread = np.sqrt((np.diff(data.X, 2, axis=0) ** 2).mean(axis=0) / 6)
    assert spread == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("make", [simulate.sensors, simulate.transactions])
def test_same_seed_same_data_and_nothing_global_moves(make):
    def content(data):
        table = data.X if hasattr(data, "X") else data.data.drop(columns="place").to_numpy(dtype=object)
        return np.column_stack([table, data.kind])

    before = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(content(make(random_state=1)), content(make(random_state=1)))
    assert not np.array_equal(content(make(random_state=1)), content(make(random_state=2)))
    assert not np.array_equal(content(make()), content(make()))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_transactions_are_a_table_in_the_order_of_time():
    cards = simulate.transactions(3000, 20, 0, days=7)
    table = cards.data
    assert table.columns.tolist() == ["timestamp", "customer", "place", "hour", "amount"]
    assert len(table) == len(cards.y) == len(cards.kind) == 3000
    assert table["timestamp"].is_monotonic_increasing
    assert table["timestamp"].dt.normalize().nunique() == 7
    assert (table["timestamp"].dt.hour == table["hour"]).all()
    assert sorted(table["customer"].unique()) == list(range(20))
    assert set(table["place"]) == {occasion[0] for occasion in _OCCASIONS}
    assert table["amount"].min() > 0
    assert (table["amount"].round(2) == table["amount"]).all()


def usual_amounts(cards):
    """Median of what the others pay at such a place and hour, times this customer's own level."""
    table = cards.data[["customer", "place", "amount"]].assign(late=cards.data["hour"] > 16)
    by_occasion = table.groupby(["place", "late"])["amount"].transform("median")
    level = (table["amount"] / by_occasion).groupby(table["customer"]).transform("median")
    return (by_occasion * level).to_numpy()


@pytest.mark.parametrize("seed", SEEDS)
def test_transactions_hold_exactly_what_was_ordered(seed):
    cards = simulate.transactions(2000, 30, seed, point=7, contextual=9, collective=4, collective_length=6)
    assert counts(cards.kind) == {"point": 7, "contextual": 9, "collective": 24}
    assert (cards.y == (cards.kind != "")).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_global_z_score_finds_point_amounts_and_misses_contextual_ones(seed):
    cards = simulate.transactions(random_state=seed)
    amount = cards.data["amount"].to_numpy()
    ordinary = amount[cards.kind == ""]
    assert (amount[cards.kind == "point"] > 3.5 * ordinary.max()).all()
    contextual = cards.kind == "contextual"
    low, high = np.quantile(ordinary, [0.04, 0.96])
    assert ((low <= amount[contextual]) & (amount[contextual] <= high)).all()
    for values in (amount, np.log(amount)):
        z = np.abs(values - values.mean()) / values.std()
        assert (z[cards.kind == "point"] > 3).all()
        assert (z[contextual] < 1.5).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_contextual_amounts_are_far_above_what_is_usual_there(seed):
    cards = simulate.transactions(random_state=seed)
    ratio = cards.data["amount"].to_numpy() / usual_amounts(cards)
    assert (ratio[cards.kind == "contextual"] > 2.5).all()
    assert (ratio[cards.kind == ""] > 2.5).mean() < 0.002


@pytest.mark.parametrize("seed", SEEDS)
def test_bursts_are_ordinary_one_by_one_and_crowded_together(seed):
    cards = simulate.transactions(random_state=seed)
    rows = cards.data[cards.kind == "collective"]
    ratio = (cards.data["amount"].to_numpy() / usual_amounts(cards))[cards.kind == "collective"]
    assert ((ratio > 0.4) & (ratio < 2.5)).all()
    # Eight payments of one customer within half an hour happen only there.
    table = cards.data.assign(one=1).set_index("timestamp")
    within = table.groupby("customer")["one"].rolling("30min").sum()
    assert set(within[within >= 8].index.get_level_values("customer")) == set(rows["customer"])
    for _, burst in rows.groupby(["customer", "place", rows["timestamp"].dt.normalize()]):
        assert len(burst) % 8 == 0
        assert burst["timestamp"].max() - burst["timestamp"].min() <= pd.Timedelta("16min")


def test_the_fewest_and_many():
    none = simulate.transactions(100, 1, 0, days=1, point=0, contextual=0, collective=0)
    assert none.y.sum() == 0
    assert none.data["customer"].unique().tolist() == [0]
    late = simulate.transactions(20_000, 5, 0, days=2, collective=100, collective_length=30)
    assert late.data["timestamp"].max() < pd.Timestamp("2024-01-03")
    assert counts(late.kind)["collective"] == 3000


def test_what_was_simulated_is_said():
    assert repr(simulate.sensors(random_state=0)) == (
        "Simulated thermometers: 14 days, 144 readings a day.\n"
        "  2,016 rows x 3 sensors; anomalous rows: 5 point, 5 contextual, 48 collective"
    )
    assert repr(simulate.transactions(random_state=0)) == (
        "Simulated card transactions: 50 customers, 30 days.\n"
        "  5,000 transactions; anomalous rows: 10 point, 10 contextual, 24 collective"
    )


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (simulate.sensors, {"n": 287}, "n must be a whole number of at least 288, but is 287."),
        (simulate.sensors, {"n": 500.0}, "n must be a whole number of at least 288, but is 500.0."),
        (simulate.sensors, {"n_sensors": 0}, "n_sensors must be a whole number of at least 1, but is 0."),
        (simulate.sensors, {"point": -1}, "point must be a whole number of at least 0, but is -1."),
        (simulate.sensors, {"collective": 50, "n": 400}, "collective anomalies, but"),
        (
            simulate.sensors,
            {"collective_length": 1},
            "collective_length must be a whole number of at least 2, but is 1.",
        ),
        (simulate.sensors, {"per_day": 3}, "per_day must be a whole number of at least 4, but is 3."),
        (simulate.sensors, {"noise": -1}, "noise must be a finite number of degrees, at least 0, but is -1."),
        (simulate.sensors, {"noise": 9, "random_state": 0}, "shows no clear season of period=144 rows"),
        (simulate.sensors, {"trend": np.inf}, "trend must be a finite number of degrees a day, but is inf."),
        (simulate.sensors, {"random_state": 1.5}, "a whole number from 0 or a Generator, but is 1.5."),
        (simulate.transactions, {"n": 99}, "n must be a whole number of at least 100, but is 99."),
        (simulate.transactions, {"n_customers": 0}, "n_customers must be a whole number of at least 1, but is 0."),
        (simulate.transactions, {"days": 0}, "days must be a whole number of at least 1, but is 0."),
        (simulate.transactions, {"n": 200, "point": 50}, "n=200 is too small for 50 point"),
        (simulate.transactions, {"n": 200, "collective": 6}, "6 x 8 collective rows"),
        (simulate.transactions, {"collective_length": 4}, "collective_length must be a whole number of at least 5"),
        (simulate.transactions, {"collective_length": 31}, "collective_length must be at most 30"),
        (simulate.transactions, {"random_state": True}, "a whole number from 0 or a Generator, but is True."),
    ],
)
def test_bad_arguments_are_one_sentence(make, options, message, refuses):
    with refuses(message):
        make(**options)
