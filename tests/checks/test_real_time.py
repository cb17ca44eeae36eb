"""Wrong answers that learners really give to the exercise set on the real-time detector, each with its message."""

import asyncio
import json
import math
import time
from collections import OrderedDict

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, prove_quiz, solved_namespace, stub_namespace
from course_lib.checks import CheckFailed, real_time
from course_lib.checks.real_time.alerts import _one_early, _since_first, grouped, starts

SLUG = "17_real_time_detector"
SOLVED, STUB = solved_namespace(SLUG), stub_namespace(SLUG)


def in_place(queue, events, capacity):
    queue.extend(events)
    return queue[-capacity:], max(0, len(queue) - capacity)


def reader(**holes):
    """`read_event` of somebody who forgot one thing."""

    def read(packet, longest):
        if len(packet) > longest and "length" not in holes:
            return "malformed"
        caught = tuple({ValueError, RecursionError, AttributeError, OverflowError, TypeError} - {holes.get("caught")})
        try:
            record = json.loads(packet)
            key, x = record.get("key"), record.get("x")
            if "text" in holes and isinstance(x, str):
                x = float(x)
            number = isinstance(x, (int, float)) and ("bool" in holes or not isinstance(x, bool))
            if "nan" in holes:
                number = number and not math.isinf(x)
            elif "inf" in holes:
                number = number and not math.isnan(x)
            else:
                number = number and math.isfinite(x)
        except caught:
            return "malformed"
        good = number and ("key" in holes or isinstance(key, str)) and ("empty" in holes or key != "")
        return (key, x if "float" in holes else float(x)) if good else "malformed"

    return read


def in_characters(packet, longest):
    """Counts what is left after decoding."""
    try:
        return reader(length=1)(packet, longest) if len(packet.decode()) <= longest else "malformed"
    except ValueError:
        return "malformed"


def bare_percentile(counts, ends, q):
    return ends[np.argmax(100 * np.cumsum(counts) > q * counts.sum())]


class Table:
    """`Streams` with one thing wrong."""

    def __init__(self, make, limit):
        self.make, self.limit, self.table = make, limit, OrderedDict()

    def full(self):
        return len(self.table) == self.limit

    def get(self, key):
        if key not in self.table:
            if self.full():
                self.table.popitem(last=False)
            self.table[key] = self.make()
        self.table.move_to_end(key)
        return self.table[key]


class Endless(Table):
    def full(self):
        return False


class FirstComeFirstGone(Table):
    def get(self, key):
        if key not in self.table:
            if self.full():
                self.table.popitem(last=False)
            self.table[key] = self.make()
        return self.table[key]


class OneTooFew(Table):
    def full(self):
        return len(self.table) == self.limit - 1


class NewestGone(Table):
    def get(self, key):
        if key not in self.table:
            if self.full():
                self.table.popitem(last=True)
            self.table[key] = self.make()
        self.table.move_to_end(key)
        return self.table[key]


class EachTimeNew(Table):
    def get(self, key):
        return self.make()


class Shared(Table):
    def __init__(self, make, limit):
        super().__init__(make, limit)
        self.only = None

    def get(self, key):
        self.only = self.make() if self.only is None else self.only
        return self.only


class Eager(Table):
    def __init__(self, make, limit):
        super().__init__(make, limit)
        self.spare = [make() for _ in range(limit)]


class ClearsAll(Table):
    def get(self, key):
        if key not in self.table and self.full():
            self.table.clear()
        return super().get(key)


class Uncalled(Table):
    def get(self, key):
        self.table.setdefault(key, self.make)
        return self.table[key]


class MakesPairs(Table):
    def get(self, key):
        self.spare = self.make()
        return super().get(key)


class MakesTwice(Table):
    def get(self, key):
        self.table.setdefault(key, self.make())
        return self.table[key]


def delivery(**holes):
    """`deliver` of somebody who forgot one thing."""

    async def deliver(send, message, timeout, attempts):
        for _ in range(attempts + holes.get("more", 0)):
            try:
                coroutine = send(holes.get("message", message))
                if "limit" in holes:
                    await coroutine
                else:
                    await asyncio.wait_for(coroutine, timeout)
            except holes.get("caught", Exception):
                continue
            if "stop" not in holes:
                return holes.get("good", True)
        return holes.get("bad", "stop" in holes)

    return deliver


async def gives_up(send, message, timeout, attempts):
    try:
        await asyncio.wait_for(send(message), timeout)
    except Exception:
        return False
    return True


async def never_calls(send, message, timeout, attempts):
    return True


async def blocks(send, message, timeout, attempts):
    time.sleep(4)
    return True


async def beside(send, message, timeout, attempts):
    tasks = []
    for _ in range(attempts):
        tasks.append(asyncio.ensure_future(send(message)))
        done, _ = await asyncio.wait([tasks[-1]], timeout=timeout)
        if done and not tasks[-1].exception():
            return True
    return False


async def without_await(send, message, timeout, attempts):
    send(message)
    return True


def plain_run(send, message, timeout, attempts):
    coroutine = delivery()(send, message, timeout, attempts)
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()  # a second loop is refused before it awaits anything


def flags(scores, high):
    return np.flatnonzero(scores > high).tolist()


def rises(scores, high):
    above = scores > high
    return np.flatnonzero(above & ~np.r_[False, above[:-1]]).tolist()


WRONG = {
    "offer": [
        (lambda q, e, c: ((q + e)[:c], max(0, len(q + e) - c)), "dropped the newest"),
        (lambda q, e, c: ((q + e)[-c:], len(q + e) - c), "never fewer than 0"),
        (lambda q, e, c: (q + e, 0), "more than there is room for"),
        (in_place, "changed a list"),
        (lambda q, e, c: (q + e)[-c:], "things: the pair (waiting, dropped)"),
        (lambda q, e, c: ((e + q)[:c], max(0, len(q + e) - c)), "in another order"),
        (lambda q, e, c: ((q + e)[-c:], 0), "you report 0 dropped"),
        (lambda q, e, c: (q + e, 0) if len(q + e) <= c else ([], len(q + e)), "dropped everything"),
        (lambda q, e, c: (len((q + e)[-c:]), 0), "the first of the pair is the list"),
    ],
    "queue_size": [
        (lambda r, d: math.ceil(r * d), "round the other way"),
        (lambda r, d: r * d, "a whole number"),
        (lambda r, d: max(1, math.floor(r / d)), "divided the rate by the delay"),
        (lambda r, d: math.floor(r * d), "no room at all"),
        (lambda r, d: max(1, math.floor(r)), "the delay is left out"),
        (lambda r, d: max(1, math.floor(d / r)), "divided the delay by the rate"),
        (lambda r, d: max(1, math.floor(r * d / 2)), "smaller than it could be"),
        (lambda r, d: max(1, math.floor(r * d * 2)), "too long."),
    ],
    "read_event": [
        (reader(bool=1), "True is an int"),
        (reader(nan=1), "lets NaN through"),
        (reader(inf=1), "makes infinity"),
        (reader(text=1), "not a text that looks like one"),
        (reader(key=1), "key"),
        (reader(empty=1), "must not be empty"),
        (reader(length=1), "longer than `longest`"),
        (reader(float=1), "return it as a float"),
        (reader(caught=RecursionError), "RecursionError, which is no ValueError"),
        (reader(caught=ValueError), "ValueError"),
        (reader(caught=AttributeError), "before you look into it"),
        (reader(caught=OverflowError), "too large for a float"),
        (lambda p, n: "malformed", "You call"),
        (lambda p, n: reader()(p, n - 1), "exactly `longest` bytes"),
        (in_characters, "count characters"),
    ],
    "percentile": [
        (bare_percentile, "at least, not more than"),
        (lambda c, e, q: e[max(0, np.argmax(100 * np.cumsum(c) >= q * c.sum()) - 1)], "one bucket too early"),
        (lambda c, e, q: float(np.argmax(100 * np.cumsum(c) >= q * c.sum())), "the number of the bucket"),
        (lambda c, e, q: np.percentile(e, q), "percentile of the ends"),
        (lambda c, e, q: (c * e).sum() / c.sum(), "mean delay"),
        (lambda c, e, q: e[np.argmax(np.cumsum(c) >= q * c.sum())], "took q for a share"),
        (lambda c, e, q: np.percentile(np.repeat(e, c), q), "mixes two ends"),
        (lambda c, e, q: e[np.argmax(100 * c >= q * c.sum())], "single counts"),
        (lambda c, e, q: e, "not one for each bucket"),
    ],
    "streams": [
        (Endless, "still knew an old key"),
        (FirstComeFirstGone, "what counts is the latest get"),
        (OneTooFew, "You keep fewer than"),
        (NewestGone, "forgot the one used last"),
        (EachTimeNew, "gave another detector"),
        (Shared, "share one detector"),
        (Eager, "before any key has come"),
        (ClearsAll, "forgot the one used last"),
        (Uncalled, "the function make itself"),
        (MakesTwice, "has its detector already"),
        (MakesPairs, "one is enough"),
    ],
    "lost": [
        (lambda n: n.sort() or n[-1] - n[0] + 1 - len(set(n)), "changed the list"),
        (lambda n: max(n) - min(n) + 1 - len(n), "doubles as if they filled gaps"),
        (lambda n: max(n) - min(n) - len(set(n)), "one short"),
        (lambda n: n[-1] - n[0] + 1 - len(set(n)), "trusted their order"),
        (lambda n: max(n) + 1 - len(set(n)), "counted from 0"),
        (lambda n: max(n) - len(set(n)), "counted from 1"),
        (lambda n: len(n) - len(set(n)), "the missing ones are asked for"),
        (lambda n: sorted(set(range(min(n), max(n))) - set(n)), "an int"),
    ],
    "alarms": [
        (lambda s, h, low: flags(s, h), "every score above"),
        (lambda s, h, low: rises(s, h), "the first of each row"),
        (lambda s, h, low: starts(s, low, low), "only use the lower line"),
        (lambda s, h, low: starts(s, h - 1e-9, low), "equal to the upper line"),
        (lambda s, h, low: starts(s, h, low + 1e-9), "equal to the lower line"),
        (lambda s, h, low: starts(s, h, low, on=True), "on at the beginning"),
        (lambda s, h, low: [place + 1 for place in starts(s, h, low)], "counted from 1"),
        (lambda s, h, low: starts(s, h, low)[:1], "first alarm only"),
        (lambda s, h, low: [p + 1 for p in starts(s[1:], h, low)], "the second score"),
        (lambda s, h, low: len(starts(s, h, low)), "the list of positions"),
    ],
    "incidents": [
        (lambda t, g: grouped(t, g, lambda x: np.diff(x) >= g), "still belongs"),
        (lambda t, g: grouped(t, g, _since_first(g)), "from the first alarm"),
        (lambda t, g: grouped(t, g, lambda x: np.diff(x // g) != 0), "fixed pieces"),
        (lambda t, g: _one_early(t, g), "one alarm too early"),
        (lambda t, g: grouped(t, g)[:, :2], "third column is missing"),
        (lambda t, g: grouped(t, g)[:, [0, 2, 1]], "another order"),
        (lambda t, g: grouped(t, g)[:-1], "last incident is missing"),
        (lambda t, g: grouped(t, g) - [0, 0, 1], "one too small"),
        (lambda t, g: grouped(t, g).T, "exchanged"),
        (lambda t, g: len(grouped(t, g)), "how many incidents"),
    ],
    "silent": [
        (
            lambda last, n, s: sorted((k for k in last if n - last[k] > s), key=last.get, reverse=True),
            "turn the order round",
        ),
        (lambda last, n, s: sorted((k for k in last if n - last[k] >= s), key=last.get), "more than, not at least"),
        (lambda last, n, s: sorted((k for k in last if n - last[k] <= s), key=last.get), "the keys that speak"),
        (lambda last, n, s: sorted(last, key=last.get), "all keys"),
        (lambda last, n, s: sorted((k for k in last if n - last[k] > s), key=last.get)[:1], "one key only"),
        (lambda last, n, s: [k for k in last if n - last[k] > s], "not in the order of their silence"),
        (lambda last, n, s: [n - last[k] for k in last if n - last[k] > s], "other things than keys"),
        (lambda last, n, s: len(last), "the list of keys"),
    ],
    "deliver": [
        (delivery(caught=ConnectionError), "may fail with any exception"),
        (delivery(limit=1), "give each attempt its time limit"),
        (delivery(caught=(ConnectionError, KeyError, ValueError)), "TimeoutError"),
        (delivery(stop=1), "stop after a success"),
        (delivery(more=1), "one too many"),
        (gives_up, "you gave up after 1"),
        (delivery(bad=True), "you returned True"),
        (delivery(good=False), "you returned False"),
        (delivery(bad=None), "you returned None"),
        (delivery(message="another"), "did not hand the message"),
        (never_calls, "never called send"),
        (beside, "still running"),
        (lambda send, message, timeout, attempts: True, "async def"),
        (plain_run, "async def"),
        (without_await, "without awaiting"),
        (delivery(caught=BaseException), "swallows CancelledError"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_function_tasks(name):
    solved = {"streams": "Streams"}.get(name, name)
    # Where two mistakes rightly meet the same sentence, one of them stands for both.
    wrong = {fragment: (answer, fragment) for answer, fragment in WRONG[name]}
    prove(getattr(real_time, name), SOLVED[solved], STUB[solved], list(wrong.values()), seeds=(0, 1))


def test_whole_numbers_of_numpy_are_whole_numbers():
    real_time.queue_size(lambda rate, delay: max(np.int64(1), np.floor(rate * delay).astype(int)))


def test_plain_function_that_returns_nothing():
    with pytest.raises(CheckFailed, match="async def"):
        real_time.deliver(lambda send, message, timeout, attempts: None)


def test_a_coroutine_that_blocks_the_loop():
    with pytest.raises(CheckFailed, match="blocks the loop"):
        real_time.deliver(blocks)


def test_concept_questions():
    prove_quiz(real_time.five_challenges, real_time.quiz, SOLVED["answers"], STUB["answers"])


def test_the_figures_in_the_questions():
    waiting = (8000 - 5000) * 10
    assert waiting == 30_000
    assert waiting / 5000 == 6
    assert 100_000 / 5000 == 20
    assert pytest.approx(3, abs=0.01) == (999 * 1 + 2000) / 1000


def test_tasks_do_not_depend_on_each_other():
    prove_independent(SLUG)


@pytest.mark.parametrize("seed", range(15))
def test_the_solution_passes_and_mistakes_differ_for_any_seed(seed, monkeypatch):
    """Random input must never make a mistake look right."""
    monkeypatch.setenv("COURSE_CHECK_SEED", str(seed))
    for name, wrong in WRONG.items():
        if name == "deliver":
            continue  # real time passes in it: three seeds above are enough
        check = getattr(real_time, name)
        check(SOLVED[{"streams": "Streams"}.get(name, name)])
        for answer, fragment in wrong:
            with pytest.raises(CheckFailed) as caught:
                check(answer)
            assert fragment in str(caught.value), (name, fragment)
