"""Nearest neighbours of windows, against plain loops and on data whose truth is known."""

from itertools import pairwise

import numpy as np
import pytest

from course_lib.core import load
from course_lib.core.metrics import auroc
from course_lib.data import simulate
from course_lib.ml import KNN, WindowKNN


def series(n=120, n_features=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features)).cumsum(axis=0)


def by_loop(train, test, window, n_neighbors, method, breaks=()):
    """All training windows kept; scores of every window, spread over its rows."""
    shift, scale = train.mean(axis=0), train.std(axis=0)
    train, test = (train - shift) / scale, (test - shift) / scale
    known = [train[i : i + window].ravel() for i in range(len(train) - window + 1)]
    collected = [[] for _ in test]
    edges = [0, *breaks, len(test)]
    for begin, end in pairwise(edges):
        for i in range(begin, end - window + 1):
            nearest = np.sort(np.linalg.norm(known - test[i : i + window].ravel(), axis=1))[:n_neighbors]
            score = {"largest": nearest[-1], "mean": nearest.mean(), "median": np.median(nearest)}[method]
            for row in range(i, i + window):
                collected[row].append(score)
    return np.array([np.mean(scores) for scores in collected])


@pytest.mark.parametrize("method", ["largest", "mean", "median"])
@pytest.mark.parametrize(("window", "n_neighbors", "breaks"), [(1, 3, ()), (8, 5, ()), (8, 2, (30, 41))])
def test_scores_by_loop(method, window, n_neighbors, breaks):
    train, test = series(), series(seed=1)
    detector = WindowKNN(window, n_neighbors=n_neighbors, method=method, device="cpu").fit(train)
    expected = by_loop(train, test, window, n_neighbors, method, breaks)
    np.testing.assert_allclose(detector.decision_function(test, breaks=breaks or None), expected, rtol=1e-4)


def test_a_window_of_one_row_is_knn_of_scaled_rows():
    train, test = series(), series(seed=1)
    scaled = [(X - train.mean(axis=0)) / train.std(axis=0) for X in (train, test)]
    plain = KNN(device="cpu").fit(scaled[0])
    windows = WindowKNN(1, device="cpu").fit(train)
    np.testing.assert_allclose(windows.decision_scores_, plain.decision_scores_, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(windows.decision_function(test), plain.decision_function(scaled[1]), rtol=1e-3)


def test_it_finds_what_single_rows_hide():
    data = simulate.sensors(n=3000, n_sensors=2, random_state=0, point=0, contextual=0, collective=4)
    train = simulate.sensors(n=3000, n_sensors=2, random_state=0, point=0, contextual=0, collective=0)
    assert not train.y.any()
    y = data.y
    rows = KNN(device="cpu").fit(train.X).decision_function(data.X)
    stuck = WindowKNN(24, n_windows=500, random_state=0, device="cpu").fit(train.X - np.roll(train.X, 1, axis=0))
    moves = data.X - np.roll(data.X, 1, axis=0)
    # A stuck sensor is calmer than anything known: its windows of differences lie close to the centre, not far out.
    assert auroc(y, -stuck.decision_function(moves)) > 0.8 > auroc(y, rows)


def test_sines_and_noise():
    data = simulate.sines(100, 60, random_state=0)
    breaks = lambda X: np.arange(50, 50 * len(X), 50)  # noqa: E731
    detector = WindowKNN(50, device="cpu").fit(data.X_train.reshape(-1, 5), breaks=breaks(data.X_train))
    scores = detector.decision_function(data.X_test.reshape(-1, 5), breaks=breaks(data.X_test))
    assert auroc(data.y_test, scores.reshape(60, 50).mean(axis=1)) == 1.0


def test_the_sample_is_drawn_by_the_seed():
    train, test = series(400), series(50, seed=1)
    make = lambda seed: WindowKNN(10, n_windows=40, random_state=seed, device="cpu").fit(train)  # noqa: E731
    first, again, other = make(1), make(1), make(2)
    assert first.X_train_.shape == (40, 20)
    np.testing.assert_array_equal(first.decision_function(test), again.decision_function(test))
    assert not np.array_equal(first.decision_function(test), other.decision_function(test))


def test_no_kept_window_is_padded_or_crosses_a_break():
    train = series(40)
    kept = WindowKNN(8, scaling=None, device="cpu").fit(train, breaks=[3, 20]).X_train_
    whole = [train[i : i + 8].ravel() for i in [*range(3, 13), *range(20, 33)]]  # the first three rows are too short
    np.testing.assert_allclose(kept, whole, rtol=1e-6)


def test_a_longer_stride_is_close_and_covers_every_row():
    train, test = series(600), series(103, seed=1)
    every = WindowKNN(20, random_state=0, device="cpu").fit(train).decision_function(test)
    tenth = WindowKNN(20, scoring_stride=10, random_state=0, device="cpu").fit(train).decision_function(test)
    assert np.isfinite(tenth).all()
    assert np.corrcoef(every, tenth)[0, 1] > 0.95


def test_predict_and_saving_keep_the_breaks_and_scores(tmp_path):
    train, test = series(), series(60, seed=1)
    detector = WindowKNN(8, device="cpu", random_state=0).fit(train, breaks=[50])
    np.testing.assert_array_equal(detector.predict(train, breaks=[50]), detector.labels_)
    detector.save(tmp_path / "knn.safetensors")
    again = load(tmp_path / "knn.safetensors")
    np.testing.assert_array_equal(
        again.decision_function(test, breaks=[9]), detector.decision_function(test, breaks=[9])
    )
    assert not np.array_equal(detector.decision_function(test, breaks=[9]), detector.decision_function(test))


def test_constant_sensors_and_short_stretches_are_finite():
    train = np.column_stack([series(80, 1)[:, 0], np.ones(80)])
    detector = WindowKNN(20, device="cpu").fit(train)
    scores = detector.decision_function(train[:25], breaks=[5, 6])
    assert np.isfinite(scores).all()
    moved = train.copy()
    moved[40:, 1] = 9.0
    assert detector.decision_function(moved)[60] > detector.decision_function(train)[60] + 1


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"window": 0}, "window must be"),
        ({"window": 2.5}, "window must be"),
        ({"n_windows": 0}, "n_windows must be"),
        ({"scoring_stride": 0}, "scoring_stride must be"),
        ({"window": 117}, "has 4 whole windows of 117, and n_neighbors=5"),
        ({"window": 116}, "has 5 whole windows of 116, and n_neighbors=5"),
        ({"n_windows": 3}, "n_neighbors=5 needs more than 5 rows"),
        ({"scaling": "none"}, "scaling must be"),
        ({"method": "best"}, "method must be"),
    ],
)
def test_settings_that_do_not_fit(options, fragment, refuses):
    with refuses(fragment):
        WindowKNN(device="cpu", **options).fit(series())


def test_given_windows():
    detector = WindowKNN(8, device="cpu").fit(series())
    distances = detector.neighbor_distances(detector.X_train_[:3])
    assert distances.shape == (3, 5)
    with pytest.raises(ValueError, match=r"flattened windows of shape \(n, 16\)"):
        detector.neighbor_distances(series())
