"""A bounded queue: what it drops, whom it makes wait, and that the counts add up whatever happens."""

import asyncio
import random

import pytest

from course_lib.streaming.service import Counters, EventQueue


def items(*numbers):
    return [(0.0, number) for number in numbers]


def values(block):
    return [value for _, value in block]


def queue_of(capacity, drop="newest"):
    return EventQueue(capacity, Counters(), drop)


@pytest.mark.parametrize(("drop", "kept"), [("newest", [1, 2, 3]), ("oldest", [3, 4, 5])])
def test_what_goes_when_it_is_full(drop, kept, run):
    queue = queue_of(3, drop)
    queue.offer(items(1, 2))
    queue.offer(items(3, 4, 5))
    assert len(queue) == 3
    assert values(run(queue.take(10))) == kept
    assert (queue.counters.received, queue.counters.dropped) == (5, 2)


@pytest.mark.parametrize("drop", ["newest", "oldest"])
def test_one_offer_larger_than_the_queue(drop):
    queue = queue_of(3, drop)
    queue.offer(items(*range(10)))
    assert len(queue) == 3
    assert (queue.counters.received, queue.counters.dropped) == (10, 7)


def test_blocks_have_a_limit_and_keep_the_order(run):
    queue = queue_of(10)
    queue.offer(items(1, 2, 3, 4, 5))
    assert [values(run(queue.take(2))) for _ in range(3)] == [[1, 2], [3, 4], [5]]


def test_a_sender_that_can_wait_waits(run):
    async def story():
        queue = queue_of(4)
        put = asyncio.create_task(queue.put(items(*range(10))))
        await asyncio.sleep(0.01)
        assert len(queue) == 4
        assert queue.counters.received == 4
        assert not put.done()
        taken = []
        while len(taken) < 10:
            taken += values(await queue.take(3))
            await asyncio.sleep(0)
        await put
        assert taken == list(range(10))
        assert (queue.counters.received, queue.counters.dropped) == (10, 0)

    run(story())


def test_what_a_stopped_sender_had_in_its_hands_is_taken(run):
    async def story():
        queue = queue_of(2)
        put = asyncio.create_task(queue.put(items(*range(5))))
        await asyncio.sleep(0.01)
        put.cancel()
        await asyncio.gather(put, return_exceptions=True)
        queue.close()
        assert values(await queue.take(100)) == [0, 1, 2, 3, 4]
        assert queue.counters.received == 5
        assert await queue.take(100) == []

    run(story())


def test_take_waits_and_ends(run):
    async def story():
        queue = queue_of(2)
        taking = asyncio.create_task(queue.take(5))
        await asyncio.sleep(0.01)
        assert not taking.done()
        queue.offer(items(7))
        assert values(await taking) == [7]
        taking = asyncio.create_task(queue.take(5))
        await asyncio.sleep(0)
        queue.close()
        assert await taking == []

    run(story())


@pytest.mark.parametrize("drop", ["newest", "oldest"])
def test_the_counts_add_up_whatever_happens(drop, run):
    draw = random.Random(3)

    async def story():
        queue, taken = queue_of(7, drop), 0
        for _ in range(500):
            queue.offer(items(*range(draw.randrange(6))))
            if len(queue) and draw.random() < 0.5:
                taken += len(await queue.take(draw.randrange(1, 9)))
            assert len(queue) <= 7
            assert queue.counters.received == queue.counters.dropped + taken + len(queue)
        assert queue.counters.dropped > 0

    run(story())


def test_bad_settings(refuses):
    with refuses("at least 1, but got 0"):
        queue_of(0)
    with refuses("newest, oldest"):
        queue_of(5, "random")
