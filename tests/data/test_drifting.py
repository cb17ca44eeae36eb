"""Simulated drift: where it says the change is, and anomalies where nobody can take them for the change."""

import numpy as np
import pytest

from course_lib.data import simulate


@pytest.mark.parametrize("change", ["abrupt", "gradual", "none"])
def test_the_change_is_where_it_says(change):
    data = simulate.drift(8_000, 4, random_state=1, change=change, size=5.0, width=1_000, anomalies=0)
    before, after = data.X[:4_000], data.X[5_000:]
    moved = np.linalg.norm(after.mean(axis=0) - before.mean(axis=0))
    if change == "none":
        assert (data.change, data.settled) == (8_000, 8_000)
        assert moved < 0.2
        return
    assert data.change == 4_000
    assert data.settled == (4_000 if change == "abrupt" else 5_000)
    assert moved == pytest.approx(5, abs=0.2)
    np.testing.assert_allclose(before.std(axis=0), 1, atol=0.06)
    halfway = np.linalg.norm(data.X[4_400:4_600].mean(axis=0) - before.mean(axis=0))
    assert halfway == pytest.approx(5 if change == "abrupt" else 2.5, abs=0.4)


def test_anomalies_lie_far_out_and_away_from_the_change():
    plain = simulate.drift(random_state=2, anomalies=0)
    data = simulate.drift(random_state=2, anomalies=30, distance=9.0)
    rows = np.flatnonzero(data.y)
    assert len(rows) == 30
    assert rows.min() >= 500
    assert not ((rows >= data.change - 500) & (rows < data.settled + 500)).any()
    assert (rows < data.change).any()
    assert (rows > data.settled).any()
    gap = np.linalg.norm(data.X - plain.X, axis=1)
    np.testing.assert_allclose(gap[rows], 9.0)
    assert (gap[data.y == 0] == 0).all()
    assert "10,000 events of 3 features, 30 anomalies, a change from row 5,000" in repr(data)


def test_the_same_seed_gives_the_same_stream():
    a, b = (simulate.drift(2_000, random_state=3, change="gradual", width=300, anomalies=5) for _ in range(2))
    np.testing.assert_array_equal(a.X, b.X)
    np.testing.assert_array_equal(a.y, b.y)
    assert not np.array_equal(a.X, simulate.drift(2_000, random_state=4, anomalies=5).X)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"n": 100}, "n must be"),
        ({"change": "sudden"}, "change must be 'abrupt', 'gradual' or 'none', but is 'sudden'."),
        ({"at": 10_000}, "at must lie inside the stream's 10000 rows"),
        ({"size": -1.0}, "size must be a finite number of at least 0"),
        ({"distance": float("nan")}, "distance must be a finite number"),
        ({"n": 1_500, "anomalies": 600}, "There is room for"),
    ],
)
def test_what_is_refused(arguments, fragment, refuses):
    with refuses(fragment):
        simulate.drift(**arguments)
