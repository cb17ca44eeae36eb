"""What turns a plain function into the check of one task."""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.checks.expectations import describe, expect_unchanged
from course_lib.checks.notebook import calm_next_error, print_passed
from course_lib.checks.outcome import THEN_RUN, CheckFailed, NotYetSolved

__all__ = ["CheckFailed", "NotYetSolved", "attempt", "task"]

# The stub's sentence: other libraries raise NotImplementedError too (torch, for a module without forward).
_STUB = re.compile(r"Task (?P<number>\d+\.\d+): .*", re.DOTALL)
OPEN = f"replace the line with NotImplementedError above by your code, {THEN_RUN}"


def task(number: str, title: str, passed: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn a function that inspects a learner's answers into the check of a task.

    Functions among the answers are handed on wrapped in `attempt`, so that the check may simply call them.

    Parameters
    ----------
    number : str
        The task's number, for example ``"10.3"``.
    title : str
        Its name on the task card.
    passed : str
        One sentence, printed on success: what the learner can now do with it.

    Returns
    -------
    callable
        Decorator. The check it makes takes the learner's answers, prints one line on success, and otherwise
        raises `NotYetSolved` (an answer is None, or a stub ran) or `CheckFailed`.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def check(*answers: Any) -> None:
            try:
                if any(answer is None for answer in answers):
                    raise NotYetSolved(f"replace None above by your answer, {THEN_RUN}")
                function(*(_watched(answer) for answer in answers))
            except (CheckFailed, NotYetSolved) as outcome:
                outcome.task = outcome.task or number
                if isinstance(outcome, NotYetSolved):
                    calm_next_error()
                raise
            except Exception as error:
                raise CheckFailed(
                    f"The check could not work with your answer, it stopped at {_named(error)} "
                    "Is it of the kind that the task asks for?",
                    number,
                ) from error
            print_passed(number, passed)

        check.number, check.title = number, title  # type: ignore[attr-defined]
        return check

    return decorate


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a learner's function and turn what goes wrong inside it into a sentence.

    Parameters
    ----------
    function : callable
        The learner's function, class or bound method.
    *args, **kwargs
        What to call it with. Arrays and tensors among them must come back unchanged.

    Returns
    -------
    object
        What the function returned, never None.

    Raises
    ------
    NotYetSolved
        If the function is still (or calls) a stub.
    CheckFailed
        If it raises, returns None, or changes its input in place.
    """
    given = [*args, *kwargs.values()]
    try:
        with expect_unchanged(*given), _silenced():
            value = function(*args, **kwargs)
    except (CheckFailed, NotYetSolved):
        raise
    except Exception as error:
        stub = _STUB.fullmatch(str(error)) if isinstance(error, NotImplementedError) else None
        if stub:
            raise NotYetSolved(OPEN, stub["number"]) from None
        inputs = ", ".join(describe(value) for value in given) or "no input"
        what = f"Your function raised {_named(error)}{_place(function, error)} It was given: {inputs}."
        raise CheckFailed(what) from error
    if value is None:
        raise CheckFailed("You returned None: does your function end with return?")
    return value


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """No warnings about NaN or overflow: they would show a path of the kernel above the card that names the mistake."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _watched(answer: Any) -> Any:
    """The answer itself, or, for a function, one that runs through `attempt`; classes stay what they are."""
    if not inspect.isroutine(answer) and not isinstance(answer, functools.partial):
        return answer
    return functools.partial(attempt, answer)


def _named(error: Exception) -> str:
    """Type and first line of an error, ending in a full stop."""
    text = f"{type(error).__name__}: {error}".strip().splitlines()[0].rstrip(":. ")
    return f"{text}."


def _place(function: Any, error: Exception) -> str:
    """The line of the learner's own function that failed, as a sentence; empty where it cannot be told."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line for frame in frames if frame.filename == code.co_filename and frame.line]
    return f" The line: `{lines[-1]}`." if lines else ""
