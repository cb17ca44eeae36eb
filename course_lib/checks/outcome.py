"""The two ways in which a check can end without passing, and how they look to the learner."""

from __future__ import annotations

import textwrap

PAGE_WIDTH = 100
# A cell that was edited and not run still holds the old definition, and the screen does not show that.
THEN_RUN = "run that cell, then this one."


class _Outcome(Exception):
    """An exception that a notebook shows as a few plain lines instead of a traceback.

    Parameters
    ----------
    message : str
        Sentences for the learner; line breaks are kept.
    task : str, optional
        Number such as ``"10.3"``. The `task` decorator fills it in.
    """

    headline = ""

    def __init__(self, message: str, task: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.task = task

    def __str__(self) -> str:
        return f"Task {self.task}: {self.message}" if self.task else self.message

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython prints in place of a traceback."""
        lines = [f"Task {self.task} {self.headline}"] if self.task else []
        for line in (self.message[:1].upper() + self.message[1:]).splitlines():
            lines.extend(textwrap.wrap(line, PAGE_WIDTH) or [""])
        return lines


class CheckFailed(_Outcome, AssertionError):
    """An answer is there and not right: what was expected, what came, which mistake usually does that."""

    headline = "is not right yet."


class NotYetSolved(_Outcome, NotImplementedError):
    """The learner has not written this task's answer so far."""

    headline = "is still open."
