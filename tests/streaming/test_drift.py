"""Drift detectors: the same places as river's on the same streams, and what they are for."""

import numpy as np
import pytest

from course_lib import streaming
from course_lib.streaming import ADWIN, KSWIN, PageHinkley

PAIRS = [
    (ADWIN(), "ADWIN", {}),
    (ADWIN(delta=0.05, clock=1, max_buckets=3, min_window_length=10, grace_period=40), "ADWIN", None),
    (PageHinkley(), "PageHinkley", {}),
    (PageHinkley(min_instances=10, delta=0.1, threshold=10, mode="down"), "PageHinkley", None),
    (PageHinkley(threshold=20, alpha=0.99, mode="up"), "PageHinkley", None),
    (KSWIN(random_state=3), "KSWIN", {"seed": 3}),
    (KSWIN(alpha=0.05, window_size=60, stat_size=20, random_state=4), "KSWIN", {"seed": 4}),
]


def changing(seed=0):
    rng = np.random.default_rng(seed)
    parts = rng.normal(0, 1, 700), rng.normal(1.5, 1, 600), rng.normal(1.5, 5, 500), rng.random(600), np.zeros(200)
    return np.concatenate(parts)


@pytest.mark.parametrize(("pattern", "name", "params"), PAIRS, ids=lambda one: str(one)[:40])
def test_changes_are_found_where_river_finds_them(pattern, name, params):
    drift = pytest.importorskip("river.drift", reason="river is in the extra 'dev'")
    own = {key: value for key, value in pattern.get_params().items() if key != "random_state"}
    theirs = getattr(drift, name)(**{**own, **(params or {})})
    ours, found = pattern.clone(), []
    values = changing()
    for place, value in enumerate(values.tolist()):
        theirs.update(value)
        ours.update(value)
        assert ours.drift_detected == theirs.drift_detected, place
        if ours.drift_detected:
            found.append(place)
        if name == "ADWIN":
            assert (ours.width_, ours.total_, ours.squares_) == (theirs.width, theirs.total, theirs.variance)
            assert ours.mean_ == theirs.estimation
    assert found
    np.testing.assert_array_equal(pattern.clone().update_many(values), found)


@pytest.mark.parametrize("pattern", [pair[0] for pair in PAIRS], ids=lambda one: str(one)[:40])
def test_saved_in_the_middle_it_finds_the_same(pattern, tmp_path):
    values = changing(1)
    detector = pattern.clone()
    detector.update_many(values[:733])
    detector.save(tmp_path / "drift")
    loaded = streaming.load(tmp_path / "drift")
    np.testing.assert_array_equal(loaded.update_many(values[733:]), detector.update_many(values[733:]))


def test_a_jump_is_found_soon_and_nothing_else():
    delays = {kind: [] for kind in (ADWIN, PageHinkley, KSWIN)}
    false = dict.fromkeys(delays, 0)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        values = np.concatenate([rng.normal(size=1500), rng.normal(3, 1, 300)])
        for kind in delays:
            params = {"random_state": seed, "alpha": 1e-4} if kind is KSWIN else {}
            found = kind(**params).update_many(values)
            false[kind] += int((found < 1500).sum())
            delays[kind].append(found[found >= 1500][0] - 1500)
    assert max(max(delay) for delay in delays.values()) < 60
    assert false[ADWIN] == 0
    assert false[PageHinkley] <= 2
    assert false[KSWIN] <= 2


def test_only_some_see_a_spread_that_grows():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(size=600), rng.normal(0, 6, 400)])
    assert (KSWIN(random_state=0).update_many(values) >= 600).sum() >= 1
    assert len(ADWIN().update_many(values[:600])) == 0


@pytest.mark.parametrize(
    ("detector", "fragment"),
    [
        (ADWIN(delta=1.0), "delta must be a number between 0 and 1"),
        (ADWIN(clock=0), "clock must be a whole number of at least 1"),
        (PageHinkley(mode="sideways"), "mode must be 'both', 'up' or 'down'"),
        (PageHinkley(alpha=0.0), "alpha must lie above 0"),
        (KSWIN(window_size=50), "window_size must be a whole number of at least 60"),
    ],
)
def test_parameters_are_checked(detector, fragment, refuses):
    with refuses(fragment):
        detector.update(1.0)


def test_only_finite_numbers(refuses):
    detector = ADWIN()
    with refuses("ADWIN needs finite numbers, but got nan"):
        detector.update(float("nan"))
    assert detector.mean_ == 0.0
