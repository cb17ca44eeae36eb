"""Metrics that count events, against cases counted by hand and against plain loops."""

import numpy as np
import pytest

from course_lib.core.metrics import (
    best_event_f1,
    best_f1,
    count_events,
    detection_delays,
    events,
    point_adjust,
    range_precision,
    range_recall,
)

Y = np.array([0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1])
FLAGS = np.array([0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1])


def cases(n=40, seeds=25):
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        y = np.repeat(rng.integers(0, 2, n // 4), 4)
        y[:2] = [0, 1]
        yield y, rng.integers(0, 12, n) / 4.0


def test_events_by_hand():
    assert events(Y).tolist() == [[1, 4], [7, 9], [11, 12]]
    assert events([1, 1, 1]).tolist() == [[0, 3]]
    assert events([0, 0]).shape == events([]).shape == (0, 2)


def test_counts_by_hand():
    counts = count_events(Y, FLAGS)
    assert (counts.events, counts.found) == (3, 2)
    # Alarms: rows 2-4 touch an event, row 6 does not, rows 9-11 do.
    assert (counts.alarms, counts.false_alarms) == (3, 1)
    assert (counts.flagged_rows, counts.flagged_inside) == (7, 3)
    assert counts.recall == pytest.approx(2 / 3)
    assert counts.precision == pytest.approx(3 / 7)
    assert counts.f1 == pytest.approx(2 * (2 / 3) * (3 / 7) / (2 / 3 + 3 / 7))


def test_an_alarm_that_never_ends_earns_the_share_of_anomalies():
    counts = count_events(Y, np.ones(12, dtype=int))
    assert (counts.recall, counts.precision, counts.false_alarms) == (1, 0.5, 0)


def test_silence_and_nothing_to_find():
    silent = count_events(Y, np.zeros(12, dtype=int))
    assert (silent.recall, silent.precision, silent.f1, silent.alarms) == (0, 0, 0, 0)
    calm = count_events(np.zeros(12, dtype=int), FLAGS)
    assert (calm.recall, calm.precision, calm.f1, calm.false_alarms) == (0, 0, 0, 3)


def test_delays_by_hand():
    np.testing.assert_array_equal(detection_delays(Y, FLAGS), [1, np.nan, 0])
    assert detection_delays([0, 0], [1, 1]).shape == (0,)
    # A hit before the event does not count as an early one.
    np.testing.assert_array_equal(detection_delays([0, 0, 1, 1], [0, 1, 0, 1]), [1])


def test_point_adjust_fills_events_that_were_hit_once():
    assert point_adjust(Y, FLAGS).tolist() == [0, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1]
    scores = np.arange(12.0)[::-1]
    assert point_adjust(Y, scores).tolist() == [11, 10, 10, 10, 7, 6, 5, 4, 4, 2, 1, 0]
    assert scores[2] == 9
    assert point_adjust(np.zeros(12, dtype=int), scores).tolist() == scores.tolist()


def test_adjusting_scores_and_then_cutting_is_cutting_and_then_adjusting():
    for y, scores in cases():
        for cut in np.unique(scores):
            np.testing.assert_array_equal(
                point_adjust(y, scores) >= cut, point_adjust(y, (scores >= cut).astype(int)) == 1
            )


def test_point_adjustment_is_a_trap():
    rng = np.random.default_rng(0)
    y = np.zeros(20_000, dtype=int)
    for start in range(500, 20_000, 4_000):
        y[start : start + 300] = 1
    noise = rng.random(20_000)
    assert best_f1(y, point_adjust(y, noise))[0] > 0.8
    assert best_f1(y, noise)[0] < 0.2
    assert best_event_f1(y, noise)[0] < 0.25


@pytest.mark.parametrize("kind", ["rows", "events"])
def test_best_f1_over_every_threshold(kind):
    for y, scores in cases():
        values = {}
        for cut in np.unique(scores):
            flagged = (scores >= cut).astype(int)
            hits = (flagged & y).sum()
            values[cut] = 2 * hits / (flagged.sum() + y.sum()) if kind == "rows" else count_events(y, flagged).f1
        f1, threshold = (best_f1 if kind == "rows" else best_event_f1)(y, scores)
        assert f1 == pytest.approx(max(values.values()))
        assert values[threshold] == pytest.approx(f1)


@pytest.mark.parametrize("metric", [best_f1, best_event_f1])
def test_best_f1_of_perfect_constant_and_useless_scores(metric, refuses):
    assert metric(Y, Y * 2.5) == (1.0, 2.5)
    assert metric(Y, np.ones(12))[0] == pytest.approx(2 / 3)
    assert metric([0, 0, 0, 1], [4, 3, 2, 1.0])[0] == pytest.approx(0.4)
    with refuses("every label in y is 0"):
        metric(np.zeros(4), np.ones(4))
    with refuses("y needs shape (3,)"):
        metric([0, 1], [1.0, 2, 3])


def reward_by_sentence(ranges_of, met, alpha, bias):
    """The published formula, row by row."""
    total, ranges = 0.0, events(ranges_of)
    for first, end in ranges:
        length, weight, most, pieces, before = end - first, 0.0, 0.0, 0, 0
        for i in range(1, length + 1):
            delta = {"flat": 1, "front": length - i + 1, "back": i, "middle": i if i <= length / 2 else length - i + 1}
            hit = met[first + i - 1]
            most += delta[bias]
            weight += delta[bias] * hit
            pieces += hit and not before
            before = hit
        cardinality = 1 if pieces <= 1 else 1 / pieces
        total += alpha * (weight > 0) + (1 - alpha) * cardinality * weight / most
    return total / len(ranges)


@pytest.mark.parametrize("bias", ["flat", "front", "middle", "back"])
@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_ranges_by_the_published_formula(bias, alpha):
    for y, scores in cases():
        flags = (scores > 1).astype(int)
        assert range_recall(y, flags, alpha=alpha, bias=bias) == pytest.approx(
            reward_by_sentence(y, flags, alpha, bias)
        )
        assert range_precision(y, flags, bias=bias) == pytest.approx(reward_by_sentence(flags, y, 0, bias))


def test_ranges_by_hand():
    # Two thirds of the first event in one piece, nothing of the second, all of the third.
    assert range_recall(Y, FLAGS) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert range_recall(Y, FLAGS, alpha=0.5) == pytest.approx((0.5 * 2 + 0.5 * (2 / 3 + 1)) / 3)
    assert range_precision(Y, FLAGS) == pytest.approx((2 / 3 + 0 + 1 / 3) / 3)
    assert range_recall([1, 1, 1, 1], [1, 0, 0, 0], bias="front") == pytest.approx(0.4)
    assert range_recall([1, 1, 1, 1], [1, 0, 0, 0], bias="back") == pytest.approx(0.1)
    assert range_recall([1, 1, 1, 1], [1, 0, 1, 0]) == pytest.approx(0.25)  # half of it, in two pieces


def test_ranges_of_nothing():
    assert range_recall([0, 0, 0], [1, 1, 1]) == 0
    assert range_precision([1, 1, 0], [0, 0, 0]) == 0


@pytest.mark.parametrize(
    ("options", "fragment"), [({"alpha": -0.1}, "alpha"), ({"alpha": True}, "alpha"), ({"bias": "centre"}, "bias")]
)
def test_range_options(options, fragment, refuses):
    with refuses(fragment):
        range_recall([0, 1], [0, 1], **options)


@pytest.mark.parametrize("metric", [count_events, detection_delays, range_recall, range_precision])
def test_predictions_that_are_scores_are_named(metric, refuses):
    with refuses("predictions needs labels 0 (normal) and 1 (anomaly)"):
        metric([0, 1, 1], [0.2, 0.7, 0.1])
