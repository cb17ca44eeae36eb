"""Figures of explanations: what is drawn, not how it looks."""

import matplotlib
import numpy as np
import pytest

from course_lib import plots
from course_lib.explain import Explanation, deletion_curve


@pytest.fixture(autouse=True)
def no_window():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


VALUES = np.array([[3.0, -1.0, 0.5], [0.0, 1.0, -4.0]])
EXPLAINED = Explanation(VALUES, 1.0, VALUES.sum(axis=1) + 1, VALUES * 10, ("a", "b", "c"), "test")


def test_bars_show_the_largest_contributions_and_tell_their_signs_apart():
    ax = plots.contribution_bars(EXPLAINED, 0, title="Row 0", most=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b = -10", "a = 30"]
    assert [bar.get_width() for bar in ax.patches] == [-1, 3]
    assert [bar.get_hatch() for bar in ax.patches] == [None, "///"]
    assert ax.get_xlabel() == "contribution to the score"


def test_the_summary_has_a_dot_for_each_row_and_the_strongest_feature_on_top():
    ax = plots.contribution_summary(EXPLAINED, title="All rows", most=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c"]
    dots = ax.collections[1].get_offsets()
    assert dots[:, 0].tolist() == [0.5, -4.0]
    assert np.abs(dots[:, 1] - 1).max() < 0.5


def test_a_map_over_time_has_one_line_a_feature():
    ax = plots.contribution_map(np.arange(12.0).reshape(4, 3), ["a", "b", "c"], title="Over time")
    assert ax.images[0].get_array().shape == (3, 4)
    assert ax.images[0].get_array()[2, 3] == 11
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]


def test_image_maps_lie_under_their_pictures():
    axes = plots.image_map(np.zeros((3, 4, 5)), np.ones((3, 4, 5)), labels=["x", "y", "z"], title="t")
    assert axes.shape == (2, 3)
    assert axes[1, 2].images[0].get_array().shape == (4, 5)
    assert axes[0, 1].get_title() == "y"


def test_deletion_curves_show_three_orders():
    curve = deletion_curve(lambda rows: rows.sum(axis=1), VALUES, EXPLAINED, np.zeros((2, 3)), random_state=0)
    ax = plots.deletion_curves(curve, title="Deletion")
    assert len(ax.get_lines()) == 3
    assert ax.get_lines()[0].get_ydata().tolist() == curve.explained.tolist()
    assert ax.get_xlabel() == "features replaced by ordinary values"
