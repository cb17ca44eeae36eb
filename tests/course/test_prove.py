"""The prover itself: it must refuse a check that is wrong in any of the ways it looks for."""

import numpy as np
import pytest

from authoring.prove import prove, prove_independent, solved_namespace, stub_namespace
from course_lib.checks import expect, expect_close, rng, task

SLUG = "10_tiny"


def scale(answer):
    x = rng().normal(size=4)
    expect_close(answer(x), 2 * x, "It", [(x**2, "That is the square."), (x, "That is the input.")])


CHECK = task("1.1", "Scale", passed="Good.")(scale)
WRONG = [(lambda x: x**2, "square"), (lambda x: x, "input")]


def right(x):
    return x + x


def stub(x):
    raise NotImplementedError("Task 1.1: write your solution here")


def test_a_good_check_is_proved():
    prove(CHECK, right, stub, WRONG, at_least=2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"wrong": WRONG[:1]}, "1 wrong answers are tried, at least 2 are needed"),
        ({"solution": lambda x: 3 * x}, "seed 0: the solution is refused"),
        ({"stub": right}, "seed 0: the stub gives None instead of staying open"),
        ({"stub": lambda x: None}, "instead of staying open"),
        ({"wrong": [WRONG[0], (right, "fine")]}, "seed 0: the answer for 'fine' gives None"),
        ({"wrong": [WRONG[0], (WRONG[1][0], "cube")]}, "'cube' is not in 'That is the input.'"),
        ({"wrong": [WRONG[0], WRONG[0]]}, "'square' and 'square' read the same"),
        ({"secrets": ["is the  input"]}, "gives the answer away (istheinput)"),
    ],
)
def test_what_a_check_can_lack(arguments, sentence):
    arguments = {"solution": right, "stub": stub, "wrong": WRONG} | arguments
    with pytest.raises(AssertionError) as caught:
        prove(CHECK, at_least=2, **arguments)
    assert sentence in str(caught.value)


def test_a_message_with_the_solutions_expression_gives_the_answer_away():
    @task("1.1", "Scale", passed="Good.")
    def tells(answer):
        expect(np.all(answer(np.ones(2)) == 2), "Return x+x instead.")

    with pytest.raises(AssertionError, match="gives the answer away"):
        prove(tells, right, stub, [(lambda x: x, "instead")], at_least=1)


def test_a_check_that_depends_on_luck_is_found():
    @task("1.1", "Scale", passed="Good.")
    def lucky(answer):
        first = answer(np.ones(2))[0]
        expect(rng().integers(3) or first == 1, "No.")

    with pytest.raises(AssertionError, match="the solution is refused"):
        prove(lucky, right, stub, [], seeds=range(30), at_least=0)


def test_namespaces_of_a_set(tiny):
    solved, open_ = solved_namespace(SLUG, tiny), stub_namespace(SLUG, tiny)
    assert solved["double"](3) == 6
    assert (solved["share"], open_["share"]) == (0.5, None)
    with pytest.raises(NotImplementedError, match=r"^Task 10.1: write your solution here$"):
        open_["double"](3)
    wrong = [(lambda x: x**2, "square"), (lambda x: x, "wrong"), (lambda x: 2.0, "Shape"), (lambda x: None, "None")]
    prove(solved["check"].double, solved["double"], open_["double"], wrong)
    wrong = [(2.0, "Upside down."), (50, "per cent"), ("half", "Numbers are expected"), (0.7, "too large")]
    prove(solved["check"].share, solved["share"], open_["share"], wrong, secrets=["0.5"])


def test_an_error_outside_the_tasks_is_not_hidden(tiny):
    path = tiny / "authoring/exercises/10_tiny.py"
    text = path.read_text(encoding="utf-8").replace("class check:", "missing\n\n\nclass check:")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NameError):
        stub_namespace(SLUG, tiny)


def test_tasks_that_depend_on_each_other_are_found(tiny):
    prove_independent(SLUG, tiny)
    path = tiny / "authoring/exercises/10_tiny.py"
    text = path.read_text(encoding="utf-8").replace("share = 0.5", "share = double(0.25)")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError) as caught:
        prove_independent(SLUG, tiny)
    assert "10.2 needs another task's answer" in str(caught.value)


def test_the_seed_of_the_environment_is_given_back(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "77")
    prove(CHECK, right, stub, WRONG, at_least=2)
    before = rng().random()
    assert before == np.random.default_rng(77).random()
