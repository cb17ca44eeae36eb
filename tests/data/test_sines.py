"""The toy of the series lessons: sine waves, and readings without rhythm."""

import numpy as np
import pytest

from course_lib.core.metrics import auroc
from course_lib.data import simulate


def test_shapes_and_shares():
    data = simulate.sines(40, 50, 3, 20, random_state=0, anomalies=0.2)
    assert data.X_train.shape == (40, 20, 3)
    assert data.X_test.shape == (50, 20, 3)
    assert data.y_test.sum() == 10
    assert "10 of them noise" in repr(data)
    assert simulate.sines().X_train.shape == (500, 50, 5)
    assert simulate.sines(1, 2, 1, 4, anomalies=0.01).y_test.sum() == 1
    assert simulate.sines(1, 2, 1, 4, anomalies=0.99).y_test.sum() == 1


def test_the_seed_decides():
    a, b, c = (simulate.sines(20, 20, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.X_test, b.X_test)
    assert not np.array_equal(a.X_train, c.X_train)


def test_held_out_sines_are_new_ones():
    data = simulate.sines(200, 100, random_state=0)
    waves = data.X_test[data.y_test == 0].reshape(-1, 250)
    gaps = np.linalg.norm(waves[:, None] - data.X_train.reshape(1, 200, 250), axis=2)
    assert gaps.min() > 0.5


def test_one_reading_gives_nothing_away():
    data = simulate.sines(400, 400, random_state=0, anomalies=0.5)
    wave, noise = (np.sort(data.X_test[data.y_test == label].ravel()) for label in (0, 1))
    assert np.abs(wave - noise).mean() < 0.02  # the two distributions of single readings
    assert auroc(data.y_test, np.abs(data.X_test).max(axis=(1, 2))) < 0.65


def test_the_order_gives_all_away():
    data = simulate.sines(400, 400, random_state=0)
    steps = (np.diff(data.X_test, axis=1) ** 2).mean(axis=(1, 2))
    assert auroc(data.y_test, steps) == 1.0


def test_sensors_swing_together():
    wave = simulate.sines(1, 2, random_state=3, noise=0.0).X_train[0]
    # All five sensors are mixtures of one sine and one cosine.
    assert np.linalg.matrix_rank(wave, tol=1e-8) == 2
    assert np.abs(wave).max() <= 1


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"n_train": 0}, "n_train"),
        ({"n_test": 1}, "n_test"),
        ({"n_sensors": 0}, "n_sensors"),
        ({"length": 3}, "length"),
        ({"noise": -1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"anomalies": 0}, "anomalies"),
        ({"anomalies": 1.0}, "anomalies"),
    ],
)
def test_arguments_that_are_none(options, fragment, refuses):
    with refuses(fragment):
        simulate.sines(**options)
