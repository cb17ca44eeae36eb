"""Prove an exercise set: what tests call to show that its checks accept the solution and explain wrong answers."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import linecache
import os
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from authoring.exercise import split
from authoring.source import Cell, read_source
from course_lib.checks.card import find_card
from course_lib.checks.outcome import CheckFailed, NotYetSolved
from course_lib.quiz import Quiz

ROOT = Path(__file__).resolve().parents[1]
SKIPPED_TAGS = {"check", "slow"}


def solved_namespace(slug: str, root: Path = ROOT) -> dict[str, Any]:
    """Names that the solved cells of an exercise set define; cells tagged ``check`` or ``slow`` are not run.

    Parameters
    ----------
    slug : str
        The set, ``"10_autoencoders"``.
    root : Path
        The repository.
    """
    return _namespace(slug, root, lambda number: True)


def stub_namespace(slug: str, root: Path = ROOT) -> dict[str, Any]:
    """The same for the set as it is handed out; a cell of an open task may fail for want of an answer."""
    return _namespace(slug, root, lambda number: False)


def prove_independent(slug: str, root: Path = ROOT) -> None:
    """Show for each task that its check passes while every other task is unsolved.

    Raises
    ------
    AssertionError
        If a task depends on another one; the message names it.
    """
    source = read_source(root / "authoring" / "exercises" / f"{slug}.py", root)
    checks = {number: cell for number, cell in _by_task(split(source)[1]) if "check" in cell.tags and number}
    for number, cell in checks.items():
        try:
            names = _namespace(slug, root, lambda other, wanted=number: other == wanted)  # type: ignore[misc]
            _execute(cell, cell.text, names)
        except Exception as error:
            raise AssertionError(f"{slug}: task {number} needs another task's answer ({error}).") from error


def prove(
    check: Callable[..., None],
    solution: Any,
    stub: Any,
    wrong: Sequence[tuple[Any, str]],
    secrets: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2),
    at_least: int = 4,
) -> None:
    """Show that a check accepts the solution, leaves the stub open and explains each wrong answer in its own way.

    Parameters
    ----------
    check : callable
        Made by `course_lib.checks.task`.
    solution, stub : object
        What the learner hands to the check; a tuple stands for several answers.
    wrong : sequence of (answer, fragment)
        Answers that learners really give, and a part of the message that each must get.
    secrets : sequence of str
        Texts that no message may hold. The expressions that a solution function returns are secret anyway, and so is
        a number of more than two characters that is the solution.
    seeds : sequence of int
        Random inputs to try.
    at_least : int
        How many wrong answers there must be.

    Raises
    ------
    AssertionError
        If any of it does not hold.
    """
    assert len(wrong) >= at_least, f"{len(wrong)} wrong answers are tried, at least {at_least} are needed"
    hidden = {_squeezed(text) for text in [*secrets, *_expressions(solution)]}
    for seed in seeds:
        assert _outcome(check, solution, seed) is None, f"seed {seed}: the solution is refused"
        left = _outcome(check, stub, seed)
        assert isinstance(left, NotYetSolved), f"seed {seed}: the stub gives {left!r} instead of staying open"
        messages: dict[str, str] = {}
        for answer, fragment in wrong:
            outcome = _outcome(check, answer, seed)
            assert isinstance(outcome, CheckFailed), f"seed {seed}: the answer for {fragment!r} gives {outcome!r}"
            message = outcome.message
            assert fragment in message, f"seed {seed}: {fragment!r} is not in {message!r}"
            assert message not in messages, f"seed {seed}: {fragment!r} and {messages[message]!r} read the same"
            messages[message] = fragment
            told = [text for text in hidden if text in _squeezed(message)]
            assert not told, f"seed {seed}: {message!r} gives the answer away ({told[0]})"


def prove_quiz(check: Callable[..., None], quiz: Quiz, right: Mapping[str, str], stub: Any) -> None:
    """Prove the check of a quiz: every wrong letter of every question is rejected with its own reason."""
    wrong = [
        ({**right, name: letter}, reason)
        for name, question in quiz.questions.items()
        for letter, reason in question.why.items()
        if letter != question.answer
    ]
    prove(check, right, stub, wrong)


def _outcome(check: Callable[..., None], answer: Any, seed: int) -> Exception | None:
    """How a check ends for an answer, on the random input of a seed."""
    answers = answer if isinstance(answer, tuple) else (answer,)
    with _seeded(seed), contextlib.redirect_stdout(io.StringIO()):
        try:
            check(*answers)
        except Exception as error:
            return error
    return None


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Fix the checks' random inputs for a while."""
    before = os.environ.get("COURSE_CHECK_SEED")
    os.environ["COURSE_CHECK_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COURSE_CHECK_SEED"]
        else:
            os.environ["COURSE_CHECK_SEED"] = before


def _expressions(solution: Any) -> Iterator[str]:
    """What would give a solution away: the expressions its functions return, or the number that it is."""
    for answer in solution if isinstance(solution, tuple) else (solution,):
        if isinstance(answer, (int, float)) and len(repr(answer)) > 2:
            yield repr(answer)
        elif inspect.isfunction(answer):
            with contextlib.suppress(OSError, SyntaxError):
                tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
                returned = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value)
                yield from (ast.unparse(value) for value in returned if not isinstance(value, (ast.Name, ast.Constant)))


def _squeezed(text: str) -> str:
    """A text without spaces, so that formatting hides nothing."""
    return "".join(text.split())


def _by_task(cells: Sequence[Cell]) -> Iterator[tuple[str | None, Cell]]:
    """Code cells with the number of the task they belong to, None above the first card."""
    number = None
    for cell in cells:
        if cell.kind == "markdown":
            card = find_card(cell.text)
            number = card.number if card else number
        else:
            yield number, cell


def _namespace(slug: str, root: Path, solved: Callable[[str], bool]) -> dict[str, Any]:
    """Run a set with some of its tasks solved and give the names it defines."""
    stubs, solutions = split(read_source(root / "authoring" / "exercises" / f"{slug}.py", root))
    stub_text = {cell.line: cell.text for cell in stubs}
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in _by_task(solutions):
        if SKIPPED_TAGS & set(cell.tags):
            continue
        whole = number is None or solved(number)
        try:
            _execute(cell, cell.text if whole else stub_text.get(cell.line, ""), names)
        except Exception:
            if whole:
                raise
    return names


def _execute(cell: Cell, code: str, names: dict[str, Any]) -> None:
    """Run a cell quietly; its text is kept where `inspect.getsource` finds it."""
    filename = f"<line {cell.line}, {abs(hash(code))}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, filename, "exec"), names)
