"""The check framework: what a learner is told, and that nobody is told the answer."""

import warnings

import IPython
import IPython.display
import numpy as np
import pytest
import torch

from course_lib.checks import (
    CheckFailed,
    NotYetSolved,
    attempt,
    expect,
    expect_close,
    expect_finite,
    expect_shape,
    expect_type,
    expect_unchanged,
    rng,
    task,
)

THEN_RUN = "run that cell, then this one."


@task("10.3", "Threshold", passed="You can now promise a number of false alarms.")
def threshold(answer):
    scores = rng().normal(size=501)
    value = answer(scores, 0.05)
    expect_close(
        value,
        np.quantile(scores, 0.95),
        "The threshold",
        mistakes=[(lambda: np.quantile(scores, 0.05), "You took the lower tail.")],
    )


def right(scores, budget):
    return np.quantile(scores, 1 - budget)


def stub(scores, budget):
    raise NotImplementedError("Task 10.3: write your solution here")


def needs_another_task(scores, budget):
    raise NotImplementedError("Task 10.2: write your solution here")


def library_is_incomplete(scores, budget):
    return torch.nn.Module()(torch.zeros(1))


def fails(scores, budget):
    return scores.mean(axis=7)


def in_place(scores, budget):
    scores.sort()
    return right(scores, budget)


def message_of(check, *answers):
    with pytest.raises(CheckFailed) as caught:
        check(*answers)
    return str(caught.value)


def test_success_is_one_line(capsys):
    threshold(right)
    assert capsys.readouterr().out == "Task 10.3 passed. You can now promise a number of false alarms.\n"
    assert (threshold.number, threshold.title) == ("10.3", "Threshold")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda scores, budget: np.quantile(scores, budget), "Task 10.3: You took the lower tail."),
        (lambda scores, budget: None, "Task 10.3: You returned None: does your function end with return?"),
        (lambda scores, budget: "high", "Task 10.3: Numbers are expected here, and the text 'high' came."),
        (lambda scores, budget: scores, "Shape () is expected, and shape (501,) came"),
        (lambda scores, budget: np.nan, "1 of 1 values is NaN or infinite"),
        (lambda scores, budget: 99, "The threshold is too large, by about"),
        (lambda scores, budget: -99, "The threshold is too small, by about"),
        (in_place, "changes its input in place (an array of shape (501,) and type float64)"),
        (fails, "Your function raised AxisError"),
        (fails, "The line: `return scores.mean(axis=7)`."),
        (fails, "It was given: an array of shape (501,) and type float64, the value 0.05."),
        (library_is_incomplete, "Your function raised NotImplementedError: Module [Module] is missing"),
        (0.5, "The check could not work with your answer, it stopped at TypeError"),
    ],
)
def test_each_failure_has_its_sentence(answer, message):
    assert message in message_of(threshold, answer)


def test_the_original_error_stays_chained():
    with pytest.raises(CheckFailed) as caught:
        threshold(fails)
    assert isinstance(caught.value.__cause__, np.exceptions.AxisError)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (stub, f"Task 10.3: replace the line with NotImplementedError above by your code, {THEN_RUN}"),
        (needs_another_task, f"Task 10.2: replace the line with NotImplementedError above by your code, {THEN_RUN}"),
        (None, f"Task 10.3: replace None above by your answer, {THEN_RUN}"),
    ],
)
def test_what_is_not_written_yet_is_open_not_wrong(answer, message):
    with pytest.raises(NotImplementedError) as caught:
        threshold(answer)
    assert not isinstance(caught.value, AssertionError)
    assert str(caught.value) == message


def test_a_notebook_shows_lines_instead_of_a_traceback():
    with pytest.raises(CheckFailed) as caught:
        threshold(lambda scores, budget: np.quantile(scores, budget))
    assert caught.value._render_traceback_() == ["Task 10.3 is not right yet.", "You took the lower tail."]
    with pytest.raises(NotYetSolved) as caught_open:
        threshold(stub)
    assert caught_open.value._render_traceback_() == [
        "Task 10.3 is still open.",
        "Replace the line with NotImplementedError above by your code, run that cell, then this one.",
    ]


def overflows(scores, budget):
    return np.quantile(scores, budget) + 0 * np.log(np.zeros(1) - 1)[0] + 0 * np.float64(1e308) * 1e308


def warns_otherwise(scores, budget):
    warnings.warn("a change is coming", FutureWarning, stacklevel=2)
    return right(scores, budget)


def test_warnings_about_numbers_leave_the_word_to_the_card():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        filters, state = list(warnings.filters), np.geterr()
        assert "NaN or infinite" in message_of(threshold, overflows)
        assert (warnings.filters, np.geterr()) == (filters, state)
        assert seen == []
        threshold(warns_otherwise)
        np.log(np.zeros(1))  # outside of the learner's function nothing is silenced
    assert [warning.category for warning in seen] == [FutureWarning, RuntimeWarning]


@pytest.fixture
def kernel(monkeypatch):
    """A Jupyter kernel, as far as a check looks at it; gives what is displayed."""

    class Shell:
        kernel = object()

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    return shown


def test_a_notebook_shows_success_in_green(kernel, capsys):
    threshold(right)
    line = capsys.readouterr().out
    assert line.endswith("m ✓ Task 10.3 passed. \x1b[0m You can now promise a number of false alarms.\n")
    assert line.startswith("\x1b[")
    assert kernel == []


def test_in_a_notebook_only_wrong_is_red(kernel):
    with pytest.raises(CheckFailed):
        threshold(in_place)
    assert kernel == []
    for answer in (stub, None):
        with pytest.raises(NotYetSolved):
            threshold(answer)
    assert [sorted(data) for data in kernel] == [["text/html", "text/plain"]] * 2
    assert all("<style" in data["text/html"] and not data["text/plain"] for data in kernel)


def test_long_messages_are_wrapped_and_keep_their_line_breaks():
    lines = CheckFailed("word " * 60 + "\nsecond")._render_traceback_()
    assert max(map(len, lines)) <= 100
    assert lines[-1] == "second"


def test_input_is_fresh_unless_the_environment_fixes_it(monkeypatch):
    monkeypatch.delenv("COURSE_CHECK_SEED", raising=False)
    assert rng().random() != rng().random()
    monkeypatch.setenv("COURSE_CHECK_SEED", "3")
    assert rng().random() == rng().random()


def test_hard_coding_what_was_seen_once_does_not_pass(monkeypatch):
    monkeypatch.setenv("COURSE_CHECK_SEED", "1")
    seen = []
    threshold(lambda scores, budget: seen.append(right(scores, budget)) or seen[0])
    monkeypatch.setenv("COURSE_CHECK_SEED", "2")
    assert "The threshold is too" in message_of(threshold, lambda scores, budget: seen[0])


def test_attempt_protects_a_class_of_the_learner_too():
    class Net(torch.nn.Module):
        def __init__(self, width):
            super().__init__()
            self.width = width

        def forward(self, x):
            return None

    @task("1.1", "A network", passed="Yes.")
    def network(answer):
        attempt(attempt(answer, 3), torch.zeros(2, 3))

    assert message_of(network, Net) == "Task 1.1: You returned None: does your function end with return?"


@pytest.mark.parametrize(
    "value", [[1, 2, 3], (1.0, 2.0, 3.0), np.arange(1, 4), torch.arange(1, 4), [torch.tensor(1), 2, np.float32(3)]]
)
def test_values_of_many_kinds_are_welcome(value):
    assert expect_close(value, [1, 2, 3], "It").shape == (3,)
    assert expect_shape(value, (3,), "hint").sum() == 6
    assert expect_finite(value, "hint").sum() == 6


def test_a_tensor_with_gradients_is_a_value():
    assert expect_close(torch.ones(2, requires_grad=True) * 2, [2, 2], "It").tolist() == [2, 2]


def test_the_general_message_tells_the_size_not_the_answer():
    answer = np.array([[0.0, 1.0], [2.5678, 3.0]])
    with pytest.raises(CheckFailed) as caught:
        expect_close(np.array([[0.0, 1.0], [2.8678, 3.0]]), answer, "The loss")
    assert (
        str(caught.value)
        == "The loss: 1 of 4 values is wrong, by up to about 0.3; the first wrong one is at position (1, 0)."
    )
    assert "2.5678" not in str(caught.value)


def test_the_general_message_has_no_size_for_yes_and_no():
    with pytest.raises(
        CheckFailed, match=r"^The flags: 1 of 2 values is wrong; the first wrong one is at position 1\.$"
    ):
        expect_close([True, True], np.array([True, False]), "The flags")


def test_an_array_in_the_place_of_a_number_is_told_so():
    with pytest.raises(CheckFailed, match=r"^Shape \(\) is expected, and shape \(3,\) came: return one number\.$"):
        expect_close(np.ones(3), 1.0, "The score")


def test_the_first_matching_mistake_decides_and_shapes_may_differ():
    mistakes = [(9.0, "nine"), (lambda: [0, 0], "flat"), ([0, 0], "late")]
    with pytest.raises(CheckFailed, match=r"^flat$"):
        expect_close(np.zeros(2), np.ones((2, 1)), "It", mistakes)


def test_a_mistake_that_gives_the_right_result_is_no_mistake():
    expect_close(1.0, 1.0, "It", [(1.0, "wrong")])


def test_type_and_condition():
    expect(True, "never")
    expect_type(3, int, "never")
    with pytest.raises(CheckFailed, match=r"^You returned the value 3\.0: return an integer\.$"):
        expect_type(3.0, (int, np.integer), "return an integer.")
    with pytest.raises(CheckFailed, match=r"^said$"):
        expect(False, "said")


def test_ragged_rows_are_refused():
    with pytest.raises(CheckFailed, match="a list of length 2 came"):
        expect_shape([[1], [1, 2]], (2,), "hint")


def test_changed_tensors_are_noticed_and_nan_is_no_change():
    tensor, array = torch.zeros(3), np.array([np.nan, 1.0])
    with expect_unchanged(tensor, array):
        _ = tensor + 1
    with pytest.raises(CheckFailed, match="a tensor of shape"), expect_unchanged(tensor):
        tensor += 1
