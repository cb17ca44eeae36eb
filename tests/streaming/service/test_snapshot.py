"""What a crash costs: a snapshot restores every stream to the digit, and a bad file restores nothing."""

import asyncio
import random

import numpy as np
import pytest

from course_lib.streaming.half_space_trees import HalfSpaceTrees
from course_lib.streaming.service import AlertPolicy, Counters, Engine, FixedThreshold, Scorer
from course_lib.streaming.service.snapshot import read_snapshot, write_snapshot
from course_lib.streaming.z_score import OnlineZScore

KIND = {"detector": "any"}


def scorer_of(hands, detector=None, **options):
    policy = AlertPolicy(raise_after=1, clear_after=2, cooldown=30)
    return Scorer(
        detector or OnlineZScore(alpha=0.1), FixedThreshold(3.0), policy, Counters(), hands.clock(), **options
    )


def events(hands, packet, n, seed=0, keys=9):
    draw = random.Random(seed)
    return [
        (hands.offset + i / 10, packet(f"s/{draw.randrange(keys)}", [draw.gauss(0, 1), draw.gauss(5, 2)]))
        for i in range(n)
    ]


@pytest.mark.parametrize(
    "detector", [OnlineZScore(alpha=0.1), HalfSpaceTrees(n_trees=3, window_size=10, random_state=1)]
)
def test_scores_after_a_restart_are_those_without_one(detector, hands, packet, tmp_path, run):
    stream = events(hands, packet, 600)
    whole, before, after = (scorer_of(hands, detector) for _ in range(3))
    expected, restored = [], []
    whole.process(stream[:300])
    before.process(stream[:300])
    hands.seconds = 30.0
    run(write_snapshot(before, tmp_path / "s", KIND))
    assert read_snapshot(after, tmp_path / "s", KIND) == 9
    assert [s.key for s in after.table] == [s.key for s in whole.table]
    whole.observer, after.observer = expected.extend, restored.extend
    told = [[m.number for m in s.process(stream[300:]) if m.kind == "opened"] for s in (whole, after)]
    np.testing.assert_array_equal([s.score for s in restored], [s.score for s in expected])
    assert told[0] == told[1]


def test_silence_already_told_is_not_told_again(hands, packet, tmp_path, run):
    before, after = scorer_of(hands, silence=10), scorer_of(hands, silence=10)
    before.process([(hands.offset, packet())])
    assert len(before.tick(hands.offset + 20)) == 1
    run(write_snapshot(before, tmp_path / "s", KIND))
    read_snapshot(after, tmp_path / "s", KIND)
    assert after.tick(hands.offset + 25) == []


def test_a_wall_clock_that_was_set_back_before_the_restart(hands, packet, tmp_path, run):
    before = scorer_of(hands, silence=1e9)
    hands.seconds = 10.0
    before.process([(before.clock.now(), packet())])
    run(write_snapshot(before, tmp_path / "s", KIND))
    hands.offset -= 10_000
    after = scorer_of(hands)
    read_snapshot(after, tmp_path / "s", KIND)
    (stream,) = after.table
    assert stream.last == pytest.approx(after.clock.now())


def test_a_snapshot_from_a_larger_table_keeps_to_the_limit(hands, packet, tmp_path, run):
    before = scorer_of(hands)
    before.process(events(hands, packet, 100))
    run(write_snapshot(before, tmp_path / "s", KIND))
    assert read_snapshot(scorer_of(hands, max_keys=4), tmp_path / "s", KIND) == 4


def test_scoring_goes_on_while_many_streams_are_written(hands, packet, tmp_path, run):
    scorer = scorer_of(hands)
    scorer.process([(hands.offset, packet(f"k{number}")) for number in range(3000)])

    async def story():
        writing = asyncio.create_task(write_snapshot(scorer, tmp_path / "s", KIND))
        await asyncio.sleep(0)
        turns = 0
        while not writing.done():
            scorer.process([(hands.offset + 1, packet("k1")), (hands.offset + 1, packet(f"new-{turns}"))])
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20

    run(story())
    assert read_snapshot(scorer_of(hands), tmp_path / "s", KIND) == 3000


def test_damaged_files_are_told_apart(hands, packet, tmp_path, run):
    scorer, path = scorer_of(hands), tmp_path / "s"
    scorer.process(events(hands, packet, 50))
    run(write_snapshot(scorer, path, KIND))
    good = path.read_bytes()
    draw = random.Random(1)
    for content in [b"", good[:10], good[:-1], good + b"x", *(flipped(good, draw) for _ in range(20))]:
        path.write_bytes(content)
        fresh = scorer_of(hands)
        with pytest.raises(ValueError, match="cut off or was changed"):
            read_snapshot(fresh, path, KIND)
        assert len(fresh.table) == 0
    path.write_bytes(good)
    with pytest.raises(ValueError, match="other detectors, thresholds or settings"):
        read_snapshot(scorer_of(hands), path, {"detector": "another"})


def flipped(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("alpha", [0.1, 0.2])
def test_an_engine_starts_afresh_where_it_must(alpha, tmp_path, run, packet, caplog):
    """A broken snapshot, or one of other settings, is put aside with a sentence; the service starts all the same."""
    path = tmp_path / "s"

    async def story(alpha, content=None):
        if content is not None:
            path.write_bytes(content)
        engine = Engine(OnlineZScore(alpha=alpha), FixedThreshold(3.0), snapshot=path)
        await engine.open()
        engine.handle([(engine.clock.now(), packet())])
        await engine.run()
        return engine.restored

    assert run(story(0.1)) == 0
    assert run(story(0.1)) == 1
    content = path.read_bytes()
    assert run(story(alpha, content if alpha != 0.1 else content[:-3])) == 0
    assert (tmp_path / "s.unreadable").is_file()
    assert "all streams start afresh" in caplog.text
    assert run(story(alpha)) == 1


def test_a_full_disk_is_no_reason_to_stop(tmp_path, run, packet, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("in the way of a folder")

    async def story():
        engine = Engine(OnlineZScore(), FixedThreshold(3.0), snapshot=blocked / "s")
        engine.handle([(engine.clock.now(), packet())])
        await engine.run()

    run(story())
    assert "The snapshot could not be written" in caplog.text
