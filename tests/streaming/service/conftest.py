"""What the tests of the real-time detector share: a clock in their hands, packets, async tests with an end."""

import asyncio
import json

import pytest

from course_lib.streaming.service import Clock


class Hands:
    """Time that stands still until it is moved."""

    def __init__(self, wall=1_000_000.0):
        self.seconds, self.offset = 0.0, wall

    def clock(self):
        return Clock(wall=lambda: self.offset + self.seconds, monotonic=lambda: self.seconds)


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def packet():
    def make(key="a", x=1.0, **fields):
        return json.dumps({"key": key, "x": x, **fields}).encode()

    return make


@pytest.fixture
def run():
    """``run(coroutine)`` in a loop of its own; whatever hangs fails within seconds."""

    def go(coroutine, seconds=20.0):
        async def limited():
            async with asyncio.timeout(seconds):
                return await coroutine

        return asyncio.run(limited())

    return go


@pytest.fixture
def until():
    """``await until(condition)``: look again and again, since nobody knows how busy this machine is."""

    async def wait(condition, seconds=15.0):
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    return wait
