"""Check of task 17.10: a coroutine that survives senders which fail and hang."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from course_lib.checks import CheckFailed, NotYetSolved, expect, rng, task
from course_lib.checks.framework import OPEN

# Long enough for a busy machine, short enough for a learner.
TIMEOUT, PATIENCE = 0.05, 2.0


class Sender:
    """Does what its script says, one word for each call: "ok", "raise", "hang"; then "ok" for ever."""

    def __init__(self, script: Sequence[str]) -> None:
        self.script, self.calls, self.messages, self.running, self.beside = list(script), 0, list[Any](), 0, False
        self.raised: list[Exception] = []
        self.made: list[Coroutine[Any, Any, None]] = []

    def __call__(self, message: Any) -> Coroutine[Any, Any, None]:
        self.made.append(self._send(message))
        return self.made[-1]

    def close(self) -> None:
        """Put away what was never awaited: Python would complain about it where nobody looks for it."""
        for coroutine in self.made:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()

    async def _send(self, message: Any) -> None:
        self.calls += 1
        self.messages.append(message)
        self.beside = self.beside or self.running > 0
        word = self.script[self.calls - 1] if self.calls <= len(self.script) else "ok"
        self.running += 1
        try:
            if word == "raise":
                self.raised.append([ConnectionError("refused"), KeyError("odd"), ValueError("bad")][self.calls % 3])
                raise self.raised[-1]
            await asyncio.sleep(60.0 if word == "hang" else 0.0)
        finally:
            self.running -= 1


@task("17.10", "A sink that hangs", passed="Whatever the other side does, your service goes on.")
def deliver(answer: Callable[..., Any]) -> None:
    """True after a success, False after all attempts, never hanging."""
    draw = rng()
    words = ["raise", "hang"]
    stories = [["ok"], ["raise", "ok"], ["hang", "ok"]]
    stories += [["raise"] * 4, ["hang"] * 3, [str(word) for word in draw.choice(words, 3)] + ["ok"]]
    for story in stories:
        ok = "ok" in story
        attempts = len(story) if not ok else story.index("ok") + 1 + int(draw.integers(1, 3))
        sender, message = Sender(story), f"message {draw.integers(1000)}"
        try:
            value = _run(answer, sender, message, TIMEOUT, attempts)
        finally:
            sender.close()
        _judge(value, sender, message, story, attempts)
    sender = Sender(["hang", "hang"])
    ended = _run(answer, sender, "the last message", 10 * PATIENCE, 2, cancel=True)
    expect(
        ended,
        "Your coroutine was cancelled, as at the end of a service, and went on or returned: a bare except (or "
        "BaseException) swallows CancelledError as well, so catch Exception.",
    )


def _judge(value: Any, sender: Sender, message: str, story: list[str], attempts: int) -> None:
    needed = story.index("ok") + 1 if "ok" in story else attempts
    told = f"The sender was to {', then '.join(story)}, and {attempts} attempts were allowed:"
    expect(
        sender.calls > 0 or not sender.made,
        f"{told} you called send without awaiting what it gave: send(message) alone sends nothing yet.",
    )
    expect(sender.calls > 0, f"{told} you never called send.")
    expect(sender.messages[0] == message, f"{told} you did not hand the message to send.")
    expect(not sender.beside, f"{told} you started an attempt while the one before was still running.")
    expect(sender.calls >= needed, f"{told} you gave up after {sender.calls}.")
    expect(
        sender.calls <= needed,
        f"{told} you called it {sender.calls} times"
        + (", although the message had arrived: stop after a success." if "ok" in story else ": that is one too many."),
    )
    expect(value is not None, f"{told} you returned None: True after a success, False when all attempts have failed.")
    expect(isinstance(value, bool), f"{told} you returned {value!r}: True or False is asked for.")
    expect(value or "ok" not in story, f"{told} it arrived, and you returned False.")
    expect(not value or "ok" in story, f"{told} it never arrived, and you returned True.")


def _coroutine(answer: Callable[..., Any], sender: Sender, *arguments: Any) -> Any:
    """What the learner's function gives; whatever goes wrong in a plain function, the missing `async` comes first."""
    function = answer.args[0] if isinstance(answer, functools.partial) else answer
    try:
        coroutine = answer(sender, *arguments)
    except CheckFailed:
        if inspect.iscoroutinefunction(function):
            raise
        coroutine = None
    expect(inspect.isawaitable(coroutine), "Your deliver is a plain function: write it with `async def`.")
    return coroutine


def _run(answer: Callable[..., Any], sender: Sender, *arguments: Any, cancel: bool = False) -> Any:
    """Run the learner's coroutine in a loop of its own, in a thread: the notebook's own loop is running already.

    With `cancel` it is cancelled during its first attempt; then the result is whether that ended it.
    """
    outcome: dict[str, Any] = {}

    async def limited() -> Any:
        task = asyncio.ensure_future(_coroutine(answer, sender, *arguments))
        while cancel and not sender.running and not task.done():
            await asyncio.sleep(0)
        if cancel:
            task.cancel()
            await asyncio.wait([task], timeout=10 * TIMEOUT)
            ended = task.cancelled()
            task.cancel()
            return ended
        done, _ = await asyncio.wait([task], timeout=PATIENCE)
        outcome["hangs"] = not done
        return task.result() if done else task.cancel()

    def work() -> None:
        try:
            outcome["value"] = asyncio.run(limited())
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    expect(not thread.is_alive(), "Your coroutine blocks the loop: inside it wait with await, never with time.sleep.")
    expect(
        not outcome.get("hangs"),
        "With a sender that hangs your coroutine does not come back: give each attempt its time limit.",
    )
    if "error" in outcome:
        _explain(outcome["error"], sender)
    return outcome["value"]


def _explain(error: BaseException, sender: Sender) -> None:
    """Turn what came out of the learner's coroutine into a sentence."""
    if isinstance(error, (CheckFailed, NotYetSolved)):
        raise error
    if isinstance(error, NotImplementedError) and str(error).startswith("Task"):
        raise NotYetSolved(OPEN)
    kind = type(error).__name__
    if isinstance(error, TimeoutError):
        raise CheckFailed("The TimeoutError at the end of an attempt's time was not caught: that is a failure too.")
    if error in sender.raised:
        raise CheckFailed(f"The sender's {kind} came out of your coroutine: an attempt may fail with any exception.")
    raise CheckFailed(f"Your coroutine raised {kind}: {error}.") from error
