"""The whole service in one process: faults from every side, and counts that add up at every moment."""

import asyncio
import json
import random
import socket
import threading

import numpy as np
import pytest

from course_lib.streaming.service import (
    AlertPolicy,
    CallbackSink,
    Delivery,
    Engine,
    FixedThreshold,
    IteratorSource,
    TCPSource,
    UDPSource,
)
from course_lib.streaming.z_score import OnlineZScore


def readings(n, keys=3, seed=0):
    draw = random.Random(seed)
    for number in range(n):
        spike = 30 if number % 97 == 96 else 0
        yield json.dumps({"key": f"k{number % keys}", "x": draw.gauss(0, 1) + spike}).encode()


def engine_of(sources, sinks=(), **options):
    policy = options.pop("policy", None) or AlertPolicy(raise_after=1, clear_after=1, cooldown=0, group=0)
    return Engine(OnlineZScore(), FixedThreshold(8.0), sources, sinks, policy=policy, **options)


async def work(engine):
    await engine.open()
    await engine.run()
    return engine.report()


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_an_iterator_goes_through_the_service(block, run):
    """Scores, flags and messages are those of a loop written by hand, whatever the size of the blocks."""
    expected, told = [], []
    detectors = {}
    for payload in readings(1000):
        event = json.loads(payload)
        score = detectors.setdefault(event["key"], OnlineZScore()).score_learn_one(event["x"])
        expected.append(score)
    scores, messages = [], []
    engine = engine_of(
        [IteratorSource(readings(1000))],
        [CallbackSink(messages.append)],
        block=block,
        queue=50,
        observer=lambda seen: (scores.extend(s.score for s in seen), told.extend(s for s in seen if s.flagged)),
    )
    report = run(work(engine))
    np.testing.assert_array_equal(scores, expected)
    assert report["scored"] == report["received"] == 1000
    assert report["flagged"] == len(told) == sum(score > 8 for score in expected) == 10
    assert report["alerted"] == 10
    assert sum(message.kind == "opened" for message in messages) == 10
    (sink,) = report["sinks"]
    assert sink["offered"] == sink["delivered"]


def test_hostile_datagrams(run, until):
    """Random bytes, enormous packets and good ones at once: each good one is scored, and each other one counted."""
    draw = random.Random(5)
    good = list(readings(300))
    bad = [draw.randbytes(draw.randrange(200)) for _ in range(300)]
    bad += [b"[" * 2048, b"x" * 60_000, b'{"key": "k", "x": 1e400}', b"", b'{"key": "\x00", "x": 1}'] * 10
    packets = good + bad
    draw.shuffle(packets)

    async def story():
        source = UDPSource()
        engine = engine_of([source])
        await engine.open()
        task = asyncio.create_task(engine.run())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((source.host, source.port))
            for packet in packets:
                sock.send(packet)
                if draw.random() < 0.02:
                    await asyncio.sleep(0)
                    engine.report()
            await until(lambda: engine.counters.received == len(packets))
        engine.stop()
        await task
        return engine.report()

    report = run(story())
    assert report["scored"] == 300
    assert report["malformed"] == len(bad)
    assert report["reasons"]["too long"] == 10
    assert report["waiting"] == 0


def test_an_overload_is_counted_exactly(run, until):
    """More than the queue holds arrives between two blocks: sent = scored + dropped + malformed + the kernel's."""

    async def story(drop):
        source = UDPSource(buffer=1 << 16, chunk=2000)
        engine = engine_of([source], queue=100, block=10, drop=drop)
        await engine.open()
        task = asyncio.create_task(engine.run())
        await asyncio.sleep(0)
        packets = [*readings(3000), *[b"broken"] * 500]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((source.host, source.port))
            for number, packet in enumerate(packets):
                sock.send(packet)
                if number % 700 == 0:
                    await asyncio.sleep(0)
        engine.stop()
        await task
        return engine.report()

    for drop in ("newest", "oldest"):
        report = run(story(drop))
        lost = report["sources"][0]["kernel_drops"]
        assert report["dropped"] > 0
        assert lost is None or report["received"] + lost == 3500
        assert report["received"] == report["scored"] + report["dropped"] + report["malformed"]
        assert report["scored"] > 0


def test_a_sink_that_hangs_holds_up_nothing(run):
    never = threading.Event()
    engine = engine_of(
        [IteratorSource(readings(3000))],
        [Delivery(CallbackSink(lambda message: never.wait(30)), timeout=60), CallbackSink(lambda message: 1 / 0)],
        grace=0.1,
    )
    report = run(work(engine), seconds=25)
    never.set()
    assert report["scored"] == 3000
    hanging, raising = report["sinks"]
    assert hanging["offered"] == raising["offered"] > 30
    for sink in (hanging, raising):
        assert sink["offered"] == sink["failed"] + sink["dropped"]
        assert sink["waiting"] == 0


def test_ten_thousand_streams_through_a_table_of_a_thousand(run):
    packets = [json.dumps({"key": f"k{number}", "x": 1.0}).encode() for number in range(10_000)]
    engine = engine_of([IteratorSource(packets)], max_keys=1000)
    report = run(work(engine))
    assert (report["streams"], report["evicted"], report["scored"]) == (1000, 9000, 10_000)


def test_stopping_scores_what_was_taken(run, until):
    async def story():
        source = TCPSource()
        engine = engine_of([source], queue=50, block=5)
        await engine.open()
        task = asyncio.create_task(engine.run())
        _, writer = await asyncio.open_connection(source.host, source.port)
        writer.write(b"\n".join(readings(20_000)) + b"\n")
        await until(lambda: engine.counters.scored > 100)
        engine.stop()
        engine.stop()
        await task
        writer.close()
        return engine.report()

    report = run(story())
    # The last thing that was read may be half a line.
    assert report["scored"] + report["malformed"] == report["received"] > 100
    assert report["malformed"] <= 1
    assert (report["waiting"], report["dropped"]) == (0, 0)


def test_a_source_that_fails_ends_the_service_after_the_rest_is_done(run):
    def failing():
        yield from readings(200)
        raise RuntimeError("cable pulled")

    engine = engine_of([IteratorSource(failing()), UDPSource()])

    async def story():
        await engine.open()
        with pytest.raises(RuntimeError, match="cable pulled"):
            await engine.run()

    run(story())
    assert engine.counters.scored == engine.counters.received > 0


def test_a_broken_scorer_ends_the_service_instead_of_hanging_it(run):
    """An observer that fails is a mistake of ours: it is raised, and no source waits for room that never comes."""
    engine = engine_of([IteratorSource(readings(5000))], queue=10, block=5, observer=lambda seen: 1 / 0)

    async def story():
        await engine.open()
        with pytest.raises(ZeroDivisionError):
            await engine.run()

    run(story())


def test_time_passes_for_streams_that_say_nothing(run, until, monkeypatch):
    monkeypatch.setattr("course_lib.streaming.service.engine.TICK", 0.01)
    messages = []

    async def story():
        source = UDPSource()
        engine = engine_of([source], [CallbackSink(messages.append)], silence=0.05)
        await engine.open()
        task = asyncio.create_task(engine.run())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b'{"key": "pump", "x": 1}', (source.host, source.port))
        await until(lambda: messages)
        engine.stop()
        await task

    run(story())
    assert messages[0].text() == "Incident 1 opened: pump is silent."


def test_snapshots_are_written_while_it_runs(run, until, tmp_path):
    async def story():
        source = UDPSource()
        engine = engine_of([source], snapshot=tmp_path / "s", every=0.02)
        await engine.open()
        task = asyncio.create_task(engine.run())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b'{"key": "pump", "x": 1}', (source.host, source.port))
        await until(lambda: (tmp_path / "s").is_file())
        engine.stop()
        await task

    run(story())


@pytest.mark.parametrize("setting", [{"block": 0}, {"every": 0}, {"grace": float("inf")}, {"queue": -1}])
def test_bad_settings(setting, refuses):
    with refuses("must be" if "queue" not in setting else "needs room"):
        engine_of([], **setting)
