"""Which flagged events reach people: each rule on a hand-made story, and all of them on random ones."""

import random

import pytest

from course_lib.streaming.service import AlertPolicy

PLAIN = {"raise_after": 1, "clear_after": 1, "release": 1.0, "cooldown": 0, "group": 0, "group_by": "key"}


def play(policy, scores, key="a", threshold=3.0, start=0, step=1.0):
    """Numbers of the events that were told."""
    told = []
    for number, score in enumerate(scores):
        if policy.observe(key, start + number * step, score, threshold):
            told.append(number)
    return told


def test_an_alarm_needs_flagged_events_in_a_row():
    policy = AlertPolicy(**{**PLAIN, "raise_after": 3})
    assert play(policy, [5, 5, 1, 5, 5, 5, 5]) == [5]
    assert policy.held == {"too few in a row": 4, "ongoing": 1}
    assert policy.alerted == 1


def test_a_score_equal_to_its_threshold_is_not_flagged():
    assert play(AlertPolicy(**PLAIN), [3.0, 3.0]) == []


def test_hysteresis_makes_one_alarm_of_a_trembling_score():
    trembling = [4, 2.9, 4, 2.8, 4, 2.9, 4, 1, 1, 1, 4]
    assert play(AlertPolicy(**PLAIN), trembling) == [0, 2, 4, 6, 10]
    # 2.9 is below 3, but not below 0.8 * 3.
    assert play(AlertPolicy(**{**PLAIN, "release": 0.8}), trembling) == [0, 10]
    assert play(AlertPolicy(**{**PLAIN, "release": 0.8, "clear_after": 4}), trembling) == [0]


def test_calm_events_count_only_in_a_row():
    policy = AlertPolicy(**{**PLAIN, "release": 0.5, "clear_after": 2})
    # The 2 between the calm ones is below the threshold and not calm.
    assert play(policy, [4, 1, 2, 1, 4, 1, 1, 4]) == [0, 7]


def test_cooldown_counts_from_the_end_of_the_alarm():
    policy = AlertPolicy(**{**PLAIN, "cooldown": 10})
    scores = [4, 4, 4, 1] + [4, 1] * 4 + [4] * 3
    # On at 0, off at 3: quiet until 13.
    assert play(policy, scores) == [0, 13]
    assert policy.held == {"ongoing": 3, "cooldown": 5}


def test_what_lasts_is_told_again_after_the_cooldown():
    policy = AlertPolicy(**{**PLAIN, "cooldown": 5})
    assert play(policy, [4, 1, 4, 4, 4, 4, 4, 4]) == [0, 6]


def test_alarms_of_one_group_are_one_incident():
    policy = AlertPolicy(**{**PLAIN, "group": 60, "group_by": "prefix"})
    assert policy.observe("plant/a", 0, 5, 3).number == 1
    assert policy.observe("plant/b", 30, 6, 3) is None
    assert policy.observe("mill/a", 31, 5, 3).number == 2
    assert policy.observe("plain", 31, 5, 3).number == 3
    assert policy.observe("other", 31, 5, 3).number == 4
    assert policy.held == {"grouped": 1}
    for key in ("plant/a", "plant/b", "mill/a", "plain", "other"):
        policy.observe(key, 32, 0, 3)
    assert policy.tick(80) == []
    closed = policy.tick(1000)
    assert [message.kind for message in closed] == ["closed"] * 4
    plant = closed[0]
    assert (plant.keys, plant.flagged, plant.first, plant.last) == (("plant/a", "plant/b"), 2, 0, 30)
    assert plant.peak == pytest.approx(2.0)
    assert policy.tick(2000) == []


@pytest.mark.parametrize(("group_by", "incidents"), [("key", 3), ("prefix", 2), ("all", 1)])
def test_what_can_be_one_incident(group_by, incidents):
    policy = AlertPolicy(**{**PLAIN, "group": 60, "group_by": group_by})
    told = [policy.observe(key, 0, 5, 3) for key in ("a/1", "a/2", "b/1")]
    assert sum(message is not None for message in told) == incidents


def test_an_incident_stays_open_while_an_alarm_is_on():
    policy = AlertPolicy(**{**PLAIN, "group": 10})
    policy.observe("a", 0, 5, 3)
    assert policy.tick(1000) == []
    policy.observe("a", 1001, 1, 3)
    assert len(policy.tick(1002)) == 1


def test_an_incident_that_lasts_too_long_is_told_again():
    policy = AlertPolicy(**{**PLAIN, "group": 100, "group_by": "all", "longest": 50})
    told = [time for time in range(0, 120, 10) if policy.observe(f"key-{time}", time, 5, 3)]
    assert told == [0, 60]


def test_a_silent_stream():
    policy = AlertPolicy(group=60, group_by="all")
    assert policy.silent("a", 100).text() == "Incident 1 opened: a is silent."
    assert policy.silent("a", 101) is None
    assert policy.silent("b", 102) is None
    assert policy.alerted == 0
    for number in range(10):
        policy.observe("a", 200 + number, 0, 3)
        policy.observe("b", 200 + number, 0, 3)
    assert [message.keys for message in policy.tick(500)] == [("a", "b")]


def test_a_forgotten_stream_does_not_keep_its_incident_open():
    policy = AlertPolicy(**PLAIN)
    policy.observe("a", 0, 5, 3)
    policy.forget("a")
    policy.forget("never seen")
    assert len(policy.tick(10)) == 1
    assert not policy.knows("a")


def test_no_memory_is_left_of_quiet_streams():
    policy = AlertPolicy(**{**PLAIN, "cooldown": 10})
    for number in range(1000):
        policy.observe(f"key-{number}", 0, 5, 3)
        policy.observe(f"key-{number}", 1, 1, 3)
        policy.observe(f"key-{number}", 20, 1, 3)
    policy.tick(100)
    assert policy.to_state()["alarms"] == {}
    assert policy.to_state()["incidents"] == []
    assert policy.to_state()["latest"] == {}


def random_story(seed, n=600):
    draw, time = random.Random(seed), 0.0
    for _ in range(n):
        time += draw.expovariate(0.2)
        score = draw.choice([0.5, 2.7, 3.5, 9.0])
        yield f"{draw.choice('ab')}/{draw.randrange(4)}", time, score, draw.choice([3.0, 3.0, float("inf")])


@pytest.mark.parametrize("seed", range(10))
def test_every_flagged_event_is_told_or_held_for_a_reason(seed):
    policy = AlertPolicy(raise_after=2, clear_after=2, cooldown=200, group=15, longest=100)
    flagged = told = 0
    for event in random_story(seed):
        flagged += event[2] > event[3]
        told += policy.observe(*event) is not None
    assert told == policy.alerted > 0
    assert flagged == policy.alerted + sum(policy.held.values())
    assert set(policy.held) == {"too few in a row", "ongoing", "cooldown", "grouped"}


@pytest.mark.parametrize("shift", [0.0, -500.0])
def test_a_policy_goes_on_where_another_stopped(shift):
    story = list(random_story(5))
    whole, first, second = (AlertPolicy(raise_after=2, clear_after=2, cooldown=20, group=15) for _ in range(3))
    for event in story[:300]:
        whole.observe(*event)
        first.observe(*event)
    second.from_state(first.to_state(), shift)
    for key, time, score, threshold in story[300:]:
        a, b = whole.observe(key, time, score, threshold), second.observe(key, time + shift, score, threshold)
        assert (a is None) == (b is None)
        if a is not None:
            assert (a.number, a.keys, a.first) == (b.number, b.keys, pytest.approx(b.first - shift))


@pytest.mark.parametrize(
    ("setting", "fragment"),
    [
        ({"raise_after": 0}, "raise_after must be a whole number"),
        ({"clear_after": 1.5}, "clear_after must be a whole number"),
        ({"release": 0}, "release must be a share"),
        ({"release": 1.2}, "release must be a share"),
        ({"cooldown": -1}, "cooldown must be a number of seconds"),
        ({"group": float("nan")}, "group must be a number of seconds"),
        ({"longest": "1h"}, "longest must be a number of seconds"),
        ({"group_by": "site"}, "prefix, key, all"),
    ],
)
def test_bad_settings(setting, fragment, refuses):
    with refuses(fragment):
        AlertPolicy(**setting)


def test_a_message_with_many_streams_is_short():
    policy = AlertPolicy(**{**PLAIN, "group": 60, "group_by": "all"})
    for number in range(5000):
        policy.observe(f"key-{number}", 0, 5, 3)
        policy.observe(f"key-{number}", 0, 0, 3)
    (closed,) = policy.tick(100)
    assert "and 4980 more" in closed.text()
    assert len(closed.as_dict()["keys"]) == 20
    assert closed.as_dict()["streams"] == 5000
    assert len(closed.text()) < 600
