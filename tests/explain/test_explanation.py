"""The record that every explainer returns."""

import numpy as np
import pandas as pd
import pytest

from course_lib.explain import Explanation
from course_lib.explain.feature_names import names_of


def explanation(**changes):
    parts = {
        "values": [[1.0, -3.0, 0.5], [0.0, 0.0, 0.0]],
        "base_value": 2.0,
        "scores": [0.5, 2.25],
        "data": [[10, 20, 30], [1, 2, 3]],
        "feature_names": ("a", "b", "c"),
        "method": "by hand",
    }
    return Explanation(**(parts | changes))


def windows():
    values = np.arange(12.0).reshape(1, 4, 3) - [0, 3, 8]
    return explanation(values=values, scores=[30.0], data=np.arange(12.0).reshape(1, 4, 3), base_value=np.array([1.0]))


def test_shares_are_of_the_absolute_values_and_zeros_stay_zeros():
    np.testing.assert_allclose(explanation().shares(), [[1 / 4.5, 3 / 4.5, 0.5 / 4.5], [0, 0, 0]])
    assert windows().shares().sum() == pytest.approx(1)


def test_top_is_by_value_not_by_size():
    assert explanation().top(2) == [["a", "c"], ["a", "b"]]
    assert explanation().top(9)[0] == ["a", "c", "b"]
    assert windows().top(1) == [["a"]]  # sums over the window: 18, 10, -6


def test_gap_is_what_is_left_unexplained():
    np.testing.assert_allclose(explanation().gap(), [0.5 - 2 + 1.5, 0.25])
    np.testing.assert_allclose(windows().gap(), [30 - 1 - 22])


def test_a_row_as_a_table():
    table = explanation().to_frame(0)
    assert list(table.columns) == ["feature", "value", "contribution", "share"]
    assert table["feature"].tolist() == ["a", "c", "b"]
    assert table["value"].tolist() == [10, 30, 20]
    assert table["contribution"].tolist() == [1.0, 0.5, -3.0]
    assert table["share"].sum() == pytest.approx(1)
    assert explanation().to_frame(1)["share"].tolist() == [0, 0, 0]
    table = windows().to_frame()
    assert table["contribution"].tolist() == [18, 10, -6]
    assert table["value"].tolist() == [4.5, 5.5, 6.5]  # means over the window


def test_lists_become_arrays_and_nothing_can_be_put_in_later():
    one = explanation(extra={"r2": 1})
    assert one.values.dtype == one.scores.dtype == np.float64
    assert len(one) == 2
    assert one.extra == {"r2": 1}
    assert isinstance(one.base_value, float)
    with pytest.raises(AttributeError):
        one.method = "another"


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"values": [1.0, 2.0]}, "(n, d)"),
        ({"scores": [1.0]}, "2 rows are explained"),
        ({"base_value": [1.0, 2.0, 3.0]}, "base_value"),
        ({"data": [[1, 2], [3, 4]]}, "data need the shape"),
        ({"feature_names": ("a", "b")}, "name 3 features"),
        ({"scores": [np.nan, 1.0]}, "finite"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, fragment, refuses):
    with refuses(fragment):
        explanation(**changes)


def test_names_come_from_the_caller_or_the_columns_or_are_counted(refuses):
    table = pd.DataFrame(np.zeros((2, 2)), columns=["speed", 7])
    assert names_of(table) == ("speed", "7")
    assert names_of(table, ["a", "b"]) == ("a", "b")
    assert names_of(np.zeros((2, 5, 3))) == ("x0", "x1", "x2")
    with refuses("name 2 features, but there are 1"):
        names_of(table, "speed")
