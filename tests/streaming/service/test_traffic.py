"""The sender's traffic: in the service's format, repeatable, with exactly the anomalies that it says."""

import itertools
import json

import pytest

from course_lib.streaming.service import Limits, Malformed, parse
from course_lib.streaming.service.send import pace
from course_lib.streaming.service.traffic import Plan, Traffic


def test_packets_are_events_and_anomalies_are_where_it_says():
    traffic = Traffic(Plan(keys=12, features=3, anomalies=0.01, quiet=20, malformed=0.05, seed=4), lambda: 7.0)
    odd, broken = [], 0
    for number in range(6000):
        packet = traffic.packet()
        try:
            event = parse(packet, Limits())
        except Malformed:
            broken += 1
            continue
        record = json.loads(packet)
        assert (record["seq"], event.sent, len(event.x)) == (number, 7.0, 3)
        assert event.key == f"site-{number % 12 // 10}/sensor-{number % 12}"
        if min(event.x) > 26:
            odd.append((event.key, number))
    assert broken == traffic.broken > 200
    assert odd == traffic.planted
    assert 0.005 * 6000 < len(odd) < 0.02 * 6000
    runs = [number for key, number in odd if (key, number - 12) not in odd]
    assert len(runs) < len(odd) / 2
    assert min(number for _, number in odd) >= 20 * 12


@pytest.mark.parametrize(("share", "length"), [(0.02, 3), (0.3, 5), (0.1, 1), (1.0, 3), (0.0, 3)])
def test_the_share_of_planted_events_is_what_was_asked_for(share, length):
    traffic = Traffic(Plan(keys=3, anomalies=share, quiet=0, length=length, seed=2), lambda: 0.0)
    for _ in range(30_000):
        traffic.packet()
    assert len(traffic.planted) / 30_000 == pytest.approx(share, rel=0.15)


def test_same_seed_same_traffic():
    def some(seed):
        traffic = Traffic(Plan(malformed=0.1, anomalies=0.1, quiet=0, seed=seed), lambda: 0.0)
        return [traffic.packet() for _ in range(200)]

    assert some(1) == some(1) != some(2)


def test_the_pace_is_kept_and_refusals_are_counted(monkeypatch):
    moment = itertools.count(step=0.001)
    monkeypatch.setattr("time.perf_counter", lambda: next(moment))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    written = []

    def write(packets):
        written.extend(packets)
        return len(packets) - 1

    result = pace(Traffic(Plan(), lambda: 0.0), write, rate=5000, seconds=2.0)
    assert len(written) == pytest.approx(10_000, rel=0.01)
    assert result["sent"] + result["refused"] == len(written)
    assert result["refused"] > 0
