"""The heart: blocks give the numbers of the loop, streams come and go, and everything that came is accounted for."""

import json
import math
import random

import pytest

from course_lib.streaming import HalfSpaceTrees, OnlineZScore, RollingQuantileThreshold
from course_lib.streaming.service import AlertPolicy, Counters, FixedThreshold, Limits, Scorer
from course_lib.streaming.service.scoring import BLOCK


def scorer_of(hands, detector=None, threshold=None, policy=None, **options):
    return Scorer(
        detector or OnlineZScore(alpha=0.05),
        threshold or FixedThreshold(4.0),
        policy or AlertPolicy(raise_after=1, clear_after=2, cooldown=3, group=2),
        Counters(),
        hands.clock(),
        **options,
    )


def traffic(seed, n, keys, hands):
    """(arrival, payload): sensors that take random turns, with spikes, gaps, broken packets and changes of width."""
    draw, time, events = random.Random(seed), hands.offset, []
    for _ in range(n):
        time += draw.expovariate(50.0)
        key = f"site-{draw.randrange(3)}/{draw.randrange(keys)}"
        x = [draw.gauss(20, 1) + (15 if draw.random() < 0.02 else 0), draw.gauss(0, 1)]
        kind = draw.random()
        if kind < 0.02:
            payload = draw.choice([b"{", b"\xff", b"[]"])
        elif kind < 0.05:
            payload = json.dumps({"key": key, "x": x[:1]}).encode()
        elif kind < 0.08:
            payload = json.dumps({"key": key, "x": [x[0], None]}).encode()
        elif kind < 0.1:
            payload = json.dumps({"key": key, "x": {"a": x[0], "b": x[1]}}).encode()
        else:
            payload = json.dumps({"key": key, "x": x}).encode()
        events.append((time, payload))
    return events


def play(scorer, events, sizes):
    """Every scored event, and the messages of incidents that opened."""
    seen, told, place = [], [], 0
    scorer.observer = seen.extend
    while place < len(events):
        size = next(sizes)
        block = events[place : place + size]
        scorer.counters.received += len(block)
        told += [m for m in scorer.process(block) if m.kind == "opened"]
        scorer.counters.check(0)
        place += size
    return seen, told, scorer.counters


def forever(*sizes):
    while True:
        yield from sizes


@pytest.mark.parametrize("keys", [1, 4, 40])
@pytest.mark.parametrize(
    "detector",
    [
        OnlineZScore(warm_up=3),
        OnlineZScore(alpha=0.02, warm_up=3),
        HalfSpaceTrees(n_trees=5, window_size=20, random_state=3),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_a_block_gives_what_the_loop_gives(detector, keys, hands):
    events = traffic(keys, 1500, keys, hands)
    limits = FixedThreshold(0.8) if isinstance(detector, HalfSpaceTrees) else FixedThreshold(4.0)
    options = {"max_keys": 110, "idle": 8.0}
    expected = play(scorer_of(hands, detector, limits, **options), events, forever(1))
    assert expected[2].flagged > 20 or keys == 40
    assert expected[2].malformed > 20
    assert (expected[2].evicted > 10) == (keys == 40)
    for sizes in (forever(7), forever(1, 64, 3, 200), forever(1500)):
        seen, told, counters = play(scorer_of(hands, detector, limits, **options), events, sizes)
        assert seen == expected[0]
        assert told == expected[1]
        assert counters == expected[2]


def test_an_adaptive_threshold_moves_within_a_block(hands):
    events = traffic(2, 1200, 2, hands)
    threshold = RollingQuantileThreshold(q=0.9, window=40, warm_up=20)
    expected = play(scorer_of(hands, threshold=threshold), events, forever(1))
    assert len({item.threshold for item in expected[0]}) > 100
    assert expected[2].flagged > 20
    assert play(scorer_of(hands, threshold=threshold), events, forever(150, 3)) == expected


@pytest.mark.parametrize("size", [1, 40])
def test_a_stream_that_is_forgotten_takes_its_alarm_with_it(size, hands, packet):
    """Its incident does not stay open for ever, and when it comes back its alarm can go on again."""
    policy = AlertPolicy(raise_after=1, clear_after=99, cooldown=0, group=0)
    calm = [packet("a", float(number % 3)) for number in range(30)]
    story = [*calm, packet("a", 500.0), packet("b"), *calm, packet("a", 500.0)]
    scorer = scorer_of(hands, policy=policy, max_keys=1)
    _, told, counters = play(scorer, [(hands.offset + n / 10, one) for n, one in enumerate(story)], forever(size))
    assert (counters.flagged, counters.alerted, counters.evicted) == (2, 2, 2)
    assert [message.number for message in told] == [1, 2]


def test_the_scores_are_those_of_one_detector_per_stream(hands):
    events = traffic(1, 400, 2, hands)
    seen, _, _ = play(scorer_of(hands), events, forever(50))
    alone = {}
    for item in seen:
        detector = alone.setdefault(item.event.key, OnlineZScore(alpha=0.05))
        assert item.score == detector.score_learn_one(item.event.x)
        assert item.flagged == (item.score > 4.0)
    assert len(alone) == 6


def test_ten_thousand_streams_and_no_more(hands, packet):
    scorer = scorer_of(hands, max_keys=10_000)
    for start in range(0, 12_000, 500):
        block = [(hands.offset + start, packet(f"k{number}", 1.0)) for number in range(start, start + 500)]
        scorer.counters.received += len(block)
        scorer.process(block)
    scorer.counters.check(0)
    assert len(scorer.table) == 10_000
    assert scorer.counters.evicted == 2000
    assert next(iter(scorer.table)).key == "k2000"


def test_the_stream_that_was_quiet_longest_goes_first(hands, packet):
    scorer = scorer_of(hands, max_keys=2)
    for time, key in enumerate("abacb"):
        scorer.process([(hands.offset + time, packet(key))])
    # b went for c, then a for b.
    assert [(stream.key, stream.detector.n_seen_) for stream in scorer.table] == [("c", 1), ("b", 1)]


def test_idle_streams_are_forgotten(hands, packet):
    scorer = scorer_of(hands, idle=10)
    scorer.process([(hands.offset, packet("a")), (hands.offset + 6, packet("b"))])
    scorer.tick(hands.offset + 12)
    assert [stream.key for stream in scorer.table] == ["b"]
    assert scorer.counters.evicted == 1


def test_silence_is_told_once_and_grouped(hands, packet):
    scorer = scorer_of(hands, silence=30, policy=AlertPolicy(group=60, clear_after=1))
    for key in ("plant/a", "plant/b", "mill/c"):
        scorer.process([(hands.offset, packet(key))])
    assert scorer.tick(hands.offset + 30) == []
    told = scorer.tick(hands.offset + 31)
    assert [message.text() for message in told] == [
        "Incident 1 opened: plant/a is silent.",
        "Incident 2 opened: mill/c is silent.",
    ]
    assert scorer.tick(hands.offset + 40) == []
    assert scorer.counters.silent == 3
    # Back, and silent again.
    scorer.process([(hands.offset + 50, packet("mill/c"))])
    scorer.tick(hands.offset + 90)
    assert scorer.counters.silent == 4


def test_a_clock_that_goes_back(hands, packet):
    """Cooldowns, idle times and latencies go on as if nothing had happened."""
    clock = hands.clock()
    hands.seconds = 100.0
    before = clock.now()
    hands.offset -= 5000  # somebody sets the wall clock
    assert clock.now() == before
    hands.seconds = 40.0  # what should never happen
    assert clock.now() == before
    assert clock.went_back == 1
    hands.seconds = 101.0
    assert clock.now() == before + 1

    scorer = scorer_of(hands, policy=AlertPolicy(raise_after=1, clear_after=1, cooldown=50, group=0))
    for number in range(30):
        scorer.process([(before, packet("a", [float(number % 3)]))])
    assert scorer.process([(before + 1, packet("a", [99.0]))]) != []
    scorer.process([(before + 2, packet("a", [1.0]))])
    assert scorer.process([(before - 4000, packet("a", [500.0]))]) == []
    assert scorer.policy.held["cooldown"] == 1
    assert scorer.latest == before + 2


def test_delay_from_the_sender_and_wait_inside(hands, packet):
    scorer = scorer_of(hands)
    clock = scorer.clock
    hands.seconds = 5.0
    arrived = clock.now() - 0.25
    scorer.process([(arrived, packet(sent=clock.now() - 1.0)), (arrived, packet()), (arrived, b"{")])
    assert scorer.wait.count == 2
    assert scorer.wait.percentile(50) == pytest.approx(0.25, rel=0.05)
    assert scorer.delay.count == 1
    assert scorer.delay.maximum == pytest.approx(1.0)
    scorer.process([(arrived, packet(sent=clock.now() + 60))])
    assert scorer.delay.negative == 1


def test_times_of_the_events_themselves(hands, packet):
    seen = []
    policy = AlertPolicy(raise_after=1, clear_after=1, cooldown=0, group=0)
    scorer = scorer_of(hands, policy=policy, event_time=True, observer=seen.extend)
    scorer.process([(hands.offset, packet(t=10)), (hands.offset, packet(t=70)), (hands.offset, packet(t=60))])
    assert [item.time for item in seen] == [10, 70, 70]
    scorer.process([(hands.offset, packet())])
    assert scorer.counters.reasons == {"no time": 1}


class Fragile(OnlineZScore):
    """Fails at 13, after it has learnt it."""

    def _learn(self, row, complete):
        super()._learn(row, complete)
        if row[0] == 13:
            raise ZeroDivisionError("thirteen")

    def _score_learn(self, X):
        if (X[:, 0] == 13).any():
            raise ZeroDivisionError("thirteen")
        return super()._score_learn(X)


@pytest.mark.parametrize("size", [1, 2 * BLOCK])
def test_a_detector_that_breaks_costs_its_own_stream_only(size, hands, packet, caplog):
    events = [
        (hands.offset, packet(key, x)) for x in (1, 2, 13, 4, 5, 6, 7, 8) for key in "ab" if (key, x) != ("b", 13)
    ]
    scorer = scorer_of(hands, Fragile())
    play(scorer, events, forever(size))
    states = {stream.key: stream.detector.n_seen_ for stream in scorer.table}
    assert states["b"] == 7
    assert states["a"] < 7
    assert scorer.counters.reasons["detector failed"] >= 1
    assert "ZeroDivisionError: thirteen" in caplog.text


def test_one_huge_number_does_not_spoil_the_stream(hands, packet):
    scorer = scorer_of(hands, OnlineZScore(), limits=Limits(magnitude=1e6))
    draw = random.Random(0)
    scorer.process([(hands.offset, packet(x=draw.gauss(0, 1))) for _ in range(100)])
    scorer.process([(hands.offset, packet(x=1e300))])
    assert scorer.counters.reasons == {"number too large": 1}
    seen = []
    scorer.observer = seen.extend
    scorer.process([(hands.offset, packet(x=30.0))])
    assert seen[0].score > 20


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"max_keys": 0}, "max_keys must be a whole number"),
        ({"idle": 0}, "idle must be a number of seconds"),
        ({"silence": -1}, "silence must be a number of seconds"),
        ({"detector": OnlineZScore(alpha=7)}, "alpha"),
        ({"threshold": FixedThreshold(math.nan)}, "value must be a finite number"),
    ],
)
def test_bad_settings_show_at_once(options, fragment, hands, refuses):
    with refuses(fragment):
        scorer_of(hands, **options)
