"""Real sockets and files: every packet that was sent is found again in the counts."""

import asyncio
import json
import socket

import pytest

from course_lib.streaming.service import (
    Clock,
    Counters,
    EventQueue,
    IteratorSource,
    Limits,
    ReplaySource,
    TCPSource,
    UDPSource,
)
from course_lib.streaming.service.address import parse_address
from course_lib.streaming.service.kernel import kernel_drops


def payloads(block):
    return [payload for _, payload in block]


async def started(source, capacity=10_000, **limits):
    queue = EventQueue(capacity, Counters())
    await source.open(Clock(), Limits(**limits))
    return queue, asyncio.create_task(source.run(queue))


async def ended(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def sender(source):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((source.host, source.port))
    return sock


def test_datagrams_come_in_their_order_and_cut_where_they_are_too_long(run, until):
    async def story():
        source = UDPSource()
        queue, task = await started(source, bytes=100)
        with sender(source) as sock:
            for packet in (b"", b"one", b"x" * 100, b"x" * 50_000):
                sock.send(packet)
            await until(lambda: len(queue) == 4)
        block = payloads(await queue.take(10))
        assert block[:3] == [b"", b"one", b"x" * 100]
        assert len(block[3]) == 101  # one more than allowed: enough to be refused
        await ended(task)

    run(story())


def test_what_lies_in_the_socket_at_the_end_is_taken(run):
    async def story():
        source = UDPSource(chunk=16)
        queue, task = await started(source)
        await asyncio.sleep(0)
        with sender(source) as sock:
            for number in range(300):
                sock.send(b"%d" % number)
        await ended(task)  # the loop had no turn to read in
        assert payloads(queue._items) == [b"%d" % number for number in range(300)]

    run(story())


def test_the_kernels_own_drops_are_counted(run):
    """A tiny receive buffer, nobody who reads: what was sent is what came plus what the kernel threw away."""

    async def story():
        source = UDPSource(buffer=4096)
        queue, task = await started(source)
        if kernel_drops(source._socket) is None:
            pytest.skip("this system does not tell how many datagrams it dropped")
        await asyncio.sleep(0)
        with sender(source) as sock:
            for number in range(2000):
                sock.send(b"%0200d" % number)
        await ended(task)
        assert source.drops > 0
        assert len(queue) + source.drops == 2000
        assert source.report()["kernel_drops"] == source.drops

    run(story())


def test_a_system_that_tells_nothing_about_drops(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert kernel_drops(sock, tmp_path / "missing") is None
        (tmp_path / "udp").write_text("  sl  local_address\n")
        assert kernel_drops(sock, tmp_path / "udp") is None


def test_an_address_in_use(run):
    async def story():
        first, tcp = UDPSource(), TCPSource()
        _, task = await started(first)
        _, tcp_task = await started(tcp)
        for source in (UDPSource(f"127.0.0.1:{first.port}"), TCPSource(f"127.0.0.1:{tcp.port}")):
            with pytest.raises(OSError, match=r"port \d+ of 127.0.0.1 cannot be used \(.*in use"):
                await source.open(Clock(), Limits())
        await ended(task)
        await ended(tcp_task)

    run(story())


async def connect(source):
    return await asyncio.open_connection(source.host, source.port)


def test_lines_however_they_are_cut(run, until):
    async def story():
        source = TCPSource()
        queue, task = await started(source, bytes=50)
        text = b'{"a": 1}\n\r\n{"b": 2}\r\n' + b"x" * 51 + b"\nshort\n" + b"y" * 5000 + b"\nlast without an end"
        for size in (1, 7, 40, 10_000):
            _, writer = await connect(source)
            for start in range(0, len(text), size):
                writer.write(text[start : start + size])
                await writer.drain()
                if size < 50:
                    await asyncio.sleep(0)
            writer.close()
            await until(lambda: len(queue) == 6)
            *lines, last = payloads(await queue.take(100))
            assert lines[:2] == [b'{"a": 1}', b'{"b": 2}']
            assert len(lines[2]) > 50
            assert lines[3] == b"short"
            assert len(lines[4]) > 50
            assert last == b"last without an end"
        await ended(task)

    run(story())


def test_a_full_queue_makes_the_sender_wait_and_loses_nothing(run, until):
    async def story():
        source = TCPSource()
        queue, task = await started(source, capacity=100)
        _, writer = await connect(source)
        lines = 15_000
        writing = asyncio.create_task(write_all(writer, b"".join(b"%01500d\n" % number for number in range(lines))))
        await until(lambda: len(queue) == 100)
        await asyncio.sleep(0.05)
        assert not writing.done()
        assert len(queue) == 100
        taken = []
        while len(taken) < lines:
            taken += payloads(await queue.take(1000))
            assert len(queue) <= 100
        await writing
        assert taken == [b"%01500d" % number for number in range(lines)]
        assert (queue.counters.received, queue.counters.dropped) == (lines, 0)
        await ended(task)

    run(story())


def test_what_was_read_ahead_is_handed_over_at_the_end(run, until):
    """While one read waits for room, asyncio reads on: that was taken from the sender too."""

    async def story():
        source = TCPSource()
        queue, task = await started(source, capacity=1)
        _, writer = await connect(source)
        writer.write(b"1\n2\n3\n")
        await until(lambda: len(queue) == 1)
        writer.write(b"4\n5\nhalf")
        await writer.drain()
        await asyncio.sleep(0.1)
        await ended(task)
        writer.close()
        assert payloads(queue._items) == [b"1", b"2", b"3", b"4", b"5", b"half"]

    run(story())


async def write_all(writer, data):
    writer.write(data)
    await writer.drain()
    writer.close()


def test_connections_that_break_or_are_too_many(run, until):
    async def story():
        source = TCPSource(connections=2)
        queue, task = await started(source)
        _, first = await connect(source)
        _, second = await connect(source)
        await until(lambda: source.report()["open"] == 2)
        reader, _ = await connect(source)
        assert await reader.read() == b""
        assert source.refused == 1
        first.write(b"whole\nhal")
        await first.drain()
        await until(lambda: len(queue) == 1)
        first.transport.abort()
        await until(lambda: source.report()["open"] == 1)
        second.write(b"works\n")
        await until(lambda: b"works" in payloads(queue._items))
        await ended(task)
        assert source.report()["open"] == 0

    run(story())


def test_iterables_of_both_kinds(run):
    async def ticking():
        for number in range(5):
            await asyncio.sleep(0)
            yield {"key": "a", "x": number}

    async def story(events):
        queue = EventQueue(3, Counters())
        source = IteratorSource(events)
        await source.open(Clock(), Limits())
        task, taken = asyncio.create_task(source.run(queue)), []
        while len(taken) < 5:
            taken += payloads(await queue.take(2))
        await task
        return taken

    expected = [{"key": "a", "x": number} for number in range(5)]
    assert run(story(ticking())) == expected
    assert run(story(iter(expected))) == expected


@pytest.fixture
def recording(tmp_path):
    lines = [{"key": "a", "x": n, "t": 1000 + 60 * n} for n in range(10)]
    path = tmp_path / "record.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\nbroken\n" + "z" * 9000 + "\n")
    return path


def test_a_replay_at_full_speed(recording, run):
    async def story():
        queue, task = await started(ReplaySource(recording))
        await task
        block = payloads(await queue.take(1000))
        assert [json.loads(line)["x"] for line in block[:10]] == list(range(10))
        assert block[10] == b"broken"
        # The endless line comes in pieces, and no piece is longer than a little over the limit.
        assert max(map(len, block)) <= Limits().bytes + 2
        assert b"".join(block[11:]) == b"z" * 9000

    run(story())


def test_a_replay_keeps_the_events_distances(recording, run, hands, monkeypatch):
    """One minute of the file in a second: sleeping is replaced, so that the test need not."""
    real, slept = asyncio.sleep, []

    async def sleep(seconds):
        slept.append(seconds)
        hands.seconds += seconds
        await real(0)

    async def story():
        source, queue = ReplaySource(recording, speed=60), EventQueue(100, Counters())
        await source.open(hands.clock(), Limits())
        monkeypatch.setattr(asyncio, "sleep", sleep)
        await source.run(queue)
        arrivals = [arrived - hands.offset for arrived, _ in await queue.take(10)]
        assert arrivals == pytest.approx(list(range(10)))

    run(story())


def test_a_file_that_is_not_there(run, tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        run(ReplaySource(tmp_path / "nothing").open(Clock(), Limits()))


@pytest.mark.parametrize("speed", [-1, float("inf"), "fast", True])
def test_speeds(speed, refuses):
    with refuses("speed must be a number"):
        ReplaySource("x", speed)


def test_addresses(refuses):
    assert parse_address("127.0.0.1:9999") == ("127.0.0.1", 9999)
    assert parse_address("localhost:0") == ("127.0.0.1", 0)
    assert parse_address("[::1]:53") == ("::1", 53)
    assert parse_address("0.0.0.0:9999", allow_remote=True) == ("0.0.0.0", 9999)
    for text in ("127.0.0.1", ":80", "127.0.0.1:http", "127.0.0.1:70000", "127.0.0.1:²"):
        with refuses("is no address: write HOST:PORT"):
            parse_address(text)
    with refuses("is no numeric address"):
        parse_address("example.org:80")
    for host in ("0.0.0.0", "192.168.1.7", "[::]"):
        for kind in (UDPSource, TCPSource):
            with refuses("can be reached from other machines"):
                kind(f"{host}:0")
