"""Multiple-choice questions that say why: shown in a notebook, graded by a task's check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.checks.notebook import in_notebook
from course_lib.checks.outcome import THEN_RUN, CheckFailed, NotYetSolved


@dataclass(frozen=True)
class Question:
    """One question with lettered choices, one of them right.

    Parameters
    ----------
    prompt : str
        The question; Markdown and formulas between dollar signs are welcome.
    choices : mapping of letter to text
        What can be chosen, ``{"a": "...", "b": "..."}``.
    answer : str
        The right letter. It does not appear in the question's repr.
    why : mapping of letter to sentence
        For each letter why it is right or wrong.

    Raises
    ------
    ValueError
        If the right letter is no choice, or a choice has no reason.
    """

    prompt: str
    choices: Mapping[str, str]
    answer: str = field(repr=False)
    why: Mapping[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        if self.answer not in self.choices:
            raise ValueError(f"The answer {self.answer!r} is none of the choices {', '.join(self.choices)}.")
        if set(self.why) != set(self.choices):
            odd = ", ".join(sorted(set(self.why) ^ set(self.choices)))
            raise ValueError(f"Every choice needs its reason, and only choices have one; look at {odd}.")


@dataclass(frozen=True)
class Quiz:
    """Named questions, answered together in one dictionary, ``{"q1": "b", "q2": "a"}``."""

    questions: Mapping[str, Question]

    def text(self) -> str:
        """The questions and their choices as Markdown that also reads well as plain text."""
        blocks = []
        for name, question in self.questions.items():
            choices = "\n".join(f"- ({letter}) {text}" for letter, text in question.choices.items())
            blocks.append(f"**{name}** {question.prompt}\n\n{choices}")
        return "\n\n".join(blocks)

    def show(self) -> None:
        """Show the questions: rendered in a notebook, printed elsewhere."""
        if not in_notebook():
            print(self.text())
            return
        from IPython.display import Markdown, display

        display(Markdown(self.text()))

    def grade(self, answers: Any) -> None:
        """Compare answers with the right letters; on success print why each is right.

        Parameters
        ----------
        answers : mapping of question name to letter
            None stands for a question not answered so far.

        Raises
        ------
        NotYetSolved
            If an answer is missing or None.
        CheckFailed
            If an answer is no letter of its question, or the wrong one: all wrong ones are explained at once.
        """
        if not isinstance(answers, Mapping):
            kind = type(answers).__name__
            raise CheckFailed(f"A dictionary of answers is expected, such as {{'q1': 'a'}}, and a {kind} came.")
        unknown = [str(name) for name in answers if name not in self.questions]
        if unknown:
            names = ", ".join(self.questions)
            raise CheckFailed(f"There is no question {', '.join(unknown)}: the questions are {names}.")
        waiting = [name for name in self.questions if answers.get(name) is None]
        if waiting:
            raise NotYetSolved(f"replace None by a letter for {', '.join(waiting)}, {THEN_RUN}")
        letters = {name: str(answers[name]).strip().strip("().").lower() for name in self.questions}
        wrong = [
            _verdict(name, letters[name], question)
            for name, question in self.questions.items()
            if letters[name] != question.answer
        ]
        if wrong:
            raise CheckFailed("\n".join(wrong))
        for name, question in self.questions.items():
            print(f"{name} ({question.answer}) {question.why[question.answer]}")


def _verdict(name: str, letter: str, question: Question) -> str:
    """One sentence on an answer that is not the right one."""
    if letter not in question.choices:
        choices = ", ".join(question.choices)
        return f"Question {name}: {letter!r} is none of the letters {choices}."
    return f"Question {name} ({letter}): {question.why[letter]}"
