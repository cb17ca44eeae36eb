"""Quizzes: each wrong choice has its own reason, and nothing shows the right letter beforehand."""

import pytest

from course_lib.checks import CheckFailed, NotYetSolved, task
from course_lib.quiz import Question, Quiz

QUIZ = Quiz(
    {
        "q1": Question(
            "How wide is the code?",
            {"a": "as wide as the input", "b": "narrower"},
            answer="b",
            why={"a": "Then it may copy.", "b": "It has to leave something out."},
        ),
        "q2": Question(
            "What is $5\\%$ of 200?",
            {"a": "10", "b": "40", "c": "5"},
            answer="a",
            why={"a": "0.05 times 200.", "b": "That is 20%.", "c": "That is 5 pieces."},
        ),
    }
)


@task("10.7", "Latent size", passed="You can argue for a size.")
def latent_size(answers):
    QUIZ.grade(answers)


def test_right_answers_pass_and_say_why(capsys):
    latent_size({"q1": "b", "q2": " (A) "})
    assert capsys.readouterr().out.splitlines() == [
        "q1 (b) It has to leave something out.",
        "q2 (a) 0.05 times 200.",
        "Task 10.7 passed. You can argue for a size.",
    ]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"q1": "a", "q2": "a"}, "Task 10.7: Question q1 (a): Then it may copy."),
        ({"q1": "a", "q2": "c"}, "Task 10.7: Question q1 (a): Then it may copy.\nQuestion q2 (c): That is 5 pieces."),
        ({"q1": "b", "q2": "d"}, "Task 10.7: Question q2: 'd' is none of the letters a, b, c."),
        ({"q1": "b", "q2": 1}, "Task 10.7: Question q2: '1' is none of the letters a, b, c."),
        ({"q1": "b", "q3": "a"}, "Task 10.7: There is no question q3: the questions are q1, q2."),
        (["b", "a"], "Task 10.7: A dictionary of answers is expected, such as {'q1': 'a'}, and a list came."),
    ],
)
def test_all_wrong_answers_are_explained(answers, message, capsys):
    with pytest.raises(CheckFailed) as caught:
        latent_size(answers)
    assert str(caught.value) == message
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("answers", "open_ones"),
    [({"q1": None, "q2": None}, "q1, q2"), ({"q1": "a"}, "q2"), ({"q1": None, "q2": "b"}, "q1")],
)
def test_unanswered_questions_are_open(answers, open_ones):
    with pytest.raises(NotYetSolved) as caught:
        latent_size(answers)
    assert str(caught.value) == f"Task 10.7: replace None by a letter for {open_ones}, run that cell, then this one."


def test_nothing_shows_the_right_letter():
    shown = repr(QUIZ) + QUIZ.text()
    assert "leave something out" not in shown
    assert "answer" not in shown
    other = Question(QUIZ.questions["q1"].prompt, QUIZ.questions["q1"].choices, "a", QUIZ.questions["q1"].why)
    assert repr(other) == repr(QUIZ.questions["q1"])


def test_plain_python_prints_the_questions(capsys):
    QUIZ.show()
    out = capsys.readouterr().out
    assert "**q2** What is $5\\%$ of 200?" in out
    assert "- (c) 5" in out


def test_a_notebook_renders_the_questions(monkeypatch, capsys):
    import IPython
    import IPython.display

    class Shell:
        kernel = object()

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    QUIZ.show()
    assert [item.data for item in shown] == [QUIZ.text()]
    assert capsys.readouterr().out == ""


def test_a_question_must_be_complete():
    with pytest.raises(ValueError, match="'d' is none of the choices a, b"):
        Question("?", {"a": "1", "b": "2"}, "d", {"a": "x", "b": "y"})
    with pytest.raises(ValueError, match="look at b, c"):
        Question("?", {"a": "1", "b": "2"}, "a", {"a": "x", "c": "y"})
