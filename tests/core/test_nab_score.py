"""NAB's score on hand-made cases, against its arithmetic written out row by row."""

import math

import numpy as np
import pytest

from course_lib.core.nab_score import (
    PROFILES,
    best_threshold,
    nab_score,
    normalised,
    row_weights,
    score_series,
    sigmoid_weight,
    window_rows,
)


class Series:
    def __init__(self, n, windows, probation=0):
        self.timestamps = np.datetime64("2024-01-01", "s") + np.arange(n) * np.timedelta64(300, "s")
        self.rows = windows
        self.windows = [(self.timestamps[first], self.timestamps[last]) for first, last in windows]
        self.probation = probation


def by_the_book(alarms, windows, probation, weights):
    """The published scorer's way: first hit of each window by its place, each false alarm by its distance."""
    tp, fp, fn = weights

    def scaled(position):
        return -1.0 if position > 3 else 2 / (1 + math.exp(5 * position)) - 1

    total, inside = 0.0, set()
    for first, last in windows:
        rows = range(first, last + 1)
        inside.update(rows)
        hits = [row for row in rows if alarms[row] and row >= probation]
        if hits:
            total += tp * scaled(-(last - hits[0] + 1) / len(rows)) / scaled(-1)
        else:
            total -= fn
    for row, alarm in enumerate(alarms):
        if alarm and row >= probation and row not in inside:
            before = [window for window in windows if window[1] < row]
            if before:
                first, last = before[-1]
                total += fp * scaled((row - last) / (last - first))
            else:
                total -= fp
    return total


def test_the_weights_of_the_paper():
    assert sigmoid_weight(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid_weight(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert sigmoid_weight(0.0) == 0.0
    assert sigmoid_weight(1.0) == pytest.approx(-0.98661, abs=1e-5)
    assert sigmoid_weight(3.01) == -1.0
    assert sigmoid_weight(1e9) == -1.0
    weights, window = row_weights(30, [(10, 19)])
    assert weights[10] == 1.0  # the first row of a window earns all there is
    assert (np.diff(weights[10:20]) < 0).all()
    assert 0 < weights[19] < 0.3
    assert (weights[:10] == -1).all()
    assert -0.6 < weights[20] < 0
    assert window.tolist() == [-1] * 10 + [0] * 10 + [-1] * 10


@pytest.mark.parametrize("profile", PROFILES)
def test_scores_are_the_published_arithmetic(profile):
    cost = PROFILES[profile]
    rng = np.random.default_rng(0)
    for share in (0.0, 0.01, 0.05, 0.3, 1.0):
        for windows in ([], [(40, 59)], [(30, 39), (45, 50), (120, 179)]):
            alarms = rng.random(200) < share
            for probation in (0, 35):
                expected = by_the_book(alarms, windows, probation, (cost.hit, cost.false_alarm, cost.miss))
                outcome = score_series(alarms, windows, probation, profile)
                assert outcome.score == pytest.approx(expected, abs=1e-12)
                assert outcome.windows == len(windows)


def test_counts_of_one_series():
    alarms = np.zeros(100, dtype=int)
    alarms[[3, 22, 25, 60, 61]] = 1
    outcome = score_series(alarms, [(20, 29), (70, 79)], probation=10)
    assert (outcome.windows, outcome.found, outcome.false_alarms) == (2, 1, 2)
    # Only the first alarm inside a window earns, and one in the probation costs nothing.
    alone = np.zeros(100, dtype=int)
    alone[[22, 60, 61]] = 1
    assert score_series(alone, [(20, 29), (70, 79)]).score == outcome.score


def test_a_silent_and_a_perfect_detector():
    series = [Series(100, [(20, 29), (60, 79)]), Series(50, []), Series(80, [(50, 57)])]
    silent = [np.zeros(len(one.timestamps)) for one in series]
    perfect = [np.isin(np.arange(len(one.timestamps)), [first for first, _ in one.rows]) for one in series]
    for profile in PROFILES:
        assert nab_score(series, silent, profile) == pytest.approx(0.0)
        assert nab_score(series, perfect, profile) == pytest.approx(100.0)
    nervous = [np.ones(len(one.timestamps)) for one in series]
    low_fp, standard, low_fn = (
        nab_score(series, nervous, name) for name in ("reward low FP rate", "standard", "reward low FN rate")
    )
    assert low_fp < standard < low_fn


def test_repeated_timestamps_count_where_they_stand_first():
    times = np.datetime64("2024-01-01", "s") + np.array([0, 1, 2, 2, 3, 4, 4, 5]) * np.timedelta64(60, "s")
    assert window_rows(times, [(times[2], times[5])]) == [(2, 5)]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_best_threshold_is_the_best(profile):
    rng = np.random.default_rng(1)
    series = [Series(120, [(40, 49), (80, 99)], probation=10), Series(60, [], probation=5), Series(90, [(30, 60)])]
    scores = [rng.random(len(one.timestamps)).round(2) for one in series]
    for one, values in zip(series, scores, strict=True):
        for first, last in one.rows:
            values[first:last] += 0.5 * (rng.random(last - first) < 0.2)
    cut, reached = best_threshold(series, scores, profile)
    assert nab_score(series, [values >= cut for values in scores], profile) == pytest.approx(reached)
    every = sorted({value for values in scores for value in values.tolist()})
    found = [nab_score(series, [values >= one for values in scores], profile) for one in every]
    assert reached == pytest.approx(max(found))
    hopeless = [np.where(np.arange(len(values)) < 25, 1.0, 0.0) for values in scores]
    cut, reached = best_threshold([Series(120, [(100, 101)]), *series[1:]], hopeless, "reward low FP rate")
    assert (reached, cut > 1.0) == (0.0, True)


def test_the_best_threshold_cuts_no_tie_and_leaves_the_probation_out():
    tied = np.isin(np.arange(60), [10, *range(30, 50)]).astype(float)  # one hit and twenty false alarms, all alike
    cut, reached = best_threshold([Series(60, [(10, 19)])], [tied])
    assert (reached, cut > 1.0) == (0.0, True)
    early = np.where(np.arange(60) < 20, 2.0, 0.0)
    early[30] = 1.0
    series = [Series(60, [(30, 39)], probation=20)]
    assert best_threshold(series, [early]) == (1.0, pytest.approx(100.0))
    assert nab_score(series, [early >= 1.0]) == pytest.approx(100.0)


def test_what_is_refused(refuses):
    with refuses("There is no NAB profile 'strict': choose from standard, reward low FP rate"):
        score_series([0, 1], [], profile="strict")
    with refuses("needs at least one series with an anomaly window"):
        normalised([score_series([0, 1], [])])
    with refuses("does not begin and end at a timestamp"):
        window_rows(np.arange(5), [(1, 9)])
    with refuses("needs labels 0 (normal) and 1 (anomaly)"):
        score_series([0, 2], [])
