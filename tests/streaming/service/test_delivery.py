"""Sinks that hang, fail and recover, a real HTTP server among them: nothing is lost without being counted."""

import asyncio
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from course_lib.streaming.service import AlertPolicy, CallbackSink, Delivery, JSONLinesSink, LogSink, WebhookSink


def messages(n):
    policy = AlertPolicy(raise_after=1, group_by="key")
    return [policy.observe(f"key-{number}", 0.0, 6.0, 3.0) for number in range(n)]


async def deliver(delivery, wanted, grace=5.0):
    task = asyncio.create_task(delivery.run())
    for message in wanted:
        delivery.offer(message)
    delivery.close()
    await asyncio.wait([task], timeout=grace)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    delivery.give_up()
    counts = delivery.counts
    assert counts.offered == counts.delivered + counts.failed + counts.dropped
    assert delivery.waiting == 0


@pytest.fixture
def server():
    """A real HTTP server; ``server.answers`` are the codes it gives one after the other, "hang" for none at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = server.answers.pop(0) if server.answers else 200
            if answer == "hang":
                server.released.wait(20)
                return
            server.bodies.append((answer, json.loads(body), self.headers["Content-Type"]))
            self.send_response(answer)
            if answer == 302:
                self.send_header("Location", f"{server.url}/elsewhere")
            self.end_headers()

        def do_GET(self):
            server.bodies.append(("GET", self.path, None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answers, server.bodies, server.released = [], [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_every_message_in_order(server, run):
    delivery = Delivery(WebhookSink(server.url))
    run(deliver(delivery, messages(5)))
    assert delivery.counts.delivered == 5
    assert [body["keys"] for _, body, _ in server.bodies] == [[f"key-{number}"] for number in range(5)]
    _, body, kind = server.bodies[0]
    assert kind == "application/json"
    assert body["text"] == "Incident 1 opened: key-0 scores 2.0 times its threshold."
    assert (body["kind"], body["number"], body["streams"], body["peak"]) == ("opened", 1, 1, 2.0)


def test_a_failing_server_is_tried_again(server, run):
    server.answers += [500, 503, 429]
    delivery = Delivery(WebhookSink(server.url), pause=0.01)
    run(deliver(delivery, messages(2)))
    assert (delivery.counts.delivered, delivery.counts.retried) == (2, 3)


def test_a_server_that_goes_on_failing_costs_its_messages_only(server, run, caplog):
    server.answers += [500] * 3
    delivery = Delivery(WebhookSink(server.url + "?token=secret"), attempts=3, pause=0.01)
    run(deliver(delivery, messages(2)))
    assert (delivery.counts.failed, delivery.counts.delivered) == (1, 1)
    assert "webhook: the server answered 500, 3 attempts; message 1 lost." in caplog.text
    assert "secret" not in caplog.text


def test_a_redirect_is_not_followed(server, run):
    server.answers += [302]
    delivery = Delivery(WebhookSink(server.url), attempts=1)
    run(deliver(delivery, messages(1)))
    assert delivery.counts.failed == 1
    assert [kind for kind, _, _ in server.bodies] == [302]


def test_nobody_listens(run, caplog):
    delivery = Delivery(WebhookSink("http://127.0.0.1:1/hook"), attempts=2, pause=0.01)
    run(deliver(delivery, messages(1)))
    assert (delivery.counts.failed, delivery.counts.retried) == (1, 1)
    assert caplog.messages == ["webhook: refused, 2 attempts; message 1 lost."]


def test_what_is_lost_at_the_end_is_said(run, caplog):
    delivery = Delivery(WebhookSink("http://127.0.0.1:1/hook"), pause=60)
    run(deliver(delivery, messages(3), grace=0.3))
    assert delivery.counts.failed == 3
    assert caplog.messages == ["webhook: refused; 3 messages lost at the end."]


def test_a_server_that_hangs_does_not_stop_the_loop(server, run):
    """The loop turns on, quickly, while the webhook waits for an answer that never comes."""
    server.answers += ["hang"] * 50

    async def story():
        delivery = Delivery(WebhookSink(server.url, timeout=15), timeout=0.2, attempts=1)
        task = asyncio.create_task(delivery.run())
        for message in messages(3):
            delivery.offer(message)
        turns = 0
        while delivery.counts.failed < 2:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 500
        assert sum(thread.name == "sink-webhook" for thread in threading.enumerate()) == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        delivery.give_up()
        assert delivery.counts.failed == 3

    run(story())


def test_a_function_that_never_returns(run):
    never = threading.Event()
    delivery = Delivery(CallbackSink(lambda message: never.wait(30)), timeout=0.05, attempts=2, pause=0.01)
    start = time.perf_counter()
    run(deliver(delivery, messages(3), grace=0.5))
    assert delivery.counts.failed == 3
    assert time.perf_counter() - start < 10
    never.set()


def test_a_function_that_raises_now_and_then(run):
    seen, calls = [], []

    def moody(message):
        calls.append(message)
        if len(calls) % 2:
            raise RuntimeError("not now")
        seen.append(message.number)

    delivery = Delivery(CallbackSink(moody), pause=0.01)
    run(deliver(delivery, messages(4)))
    assert seen == [1, 2, 3, 4]
    assert delivery.counts.retried == 4


def test_a_call_that_came_back_late_is_not_mixed_up_with_the_next(run):
    """A slow call is given up, and the next message waits for its end instead of running beside it."""
    active, most = [], []

    def slow(message):
        active.append(message)
        most.append(len(active))
        time.sleep(0.3 if len(most) == 1 else 0)
        active.remove(message)

    delivery = Delivery(CallbackSink(slow), timeout=0.2, attempts=5, pause=0.01)
    run(deliver(delivery, messages(3)))
    assert max(most) == 1
    assert delivery.counts.delivered == 3


def test_too_many_messages_drop_the_oldest(run):
    seen = []
    delivery = Delivery(CallbackSink(lambda message: seen.append(message.number)), capacity=3)
    for message in messages(10):
        delivery.offer(message)
    run(deliver(delivery, []))
    assert seen == [8, 9, 10]
    assert (delivery.counts.dropped, delivery.counts.delivered) == (7, 3)


def test_json_lines_survive_a_rotated_file(tmp_path, run):
    path = tmp_path / "alerts.jsonl"
    sink = JSONLinesSink(path)
    first, second = messages(2)
    run(deliver(Delivery(sink), [first]))
    path.rename(tmp_path / "alerts.1")
    run(deliver(Delivery(sink), [second]))
    (line,) = path.read_text().splitlines()
    assert json.loads(line) == second.as_dict()


def test_json_is_json_even_for_enormous_scores():
    policy = AlertPolicy(raise_after=1)
    message = policy.observe("a", 0.0, 1e308, 1e-308)
    assert "Infinity" not in json.dumps(message.as_dict())


def test_the_log(caplog, run):
    run(deliver(Delivery(LogSink()), messages(1)))
    assert caplog.messages == ["Incident 1 opened: key-0 scores 2.0 times its threshold."]


@pytest.mark.parametrize("url", ["ftp://a/b", "file:///etc/passwd", "127.0.0.1:80", "http://", "", None])
def test_addresses_that_are_no_webhook(url, refuses):
    with refuses("begins with http:// or https://"):
        WebhookSink(url)


@pytest.mark.parametrize("setting", [{"attempts": 0}, {"capacity": 0}, {"timeout": 0}, {"pause": float("nan")}])
def test_bad_settings(setting, refuses):
    with refuses(f"{next(iter(setting))} must be"):
        Delivery(LogSink(), **setting)
