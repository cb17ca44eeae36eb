"""Figures: what is drawn, not how it looks."""

import matplotlib
import numpy as np
import pytest

from course_lib import plots


@pytest.fixture(autouse=True)
def no_window():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_series_shows_windows_and_flagged_values():
    times = np.datetime64("2024-01-01", "s") + np.arange(10) * np.timedelta64(3600, "s")
    values = np.arange(10.0)
    flagged = values > 7
    ax = plots.series(
        times, values, ylabel="degrees", title="Two are high", windows=[(times[2], times[4])], flagged=flagged
    )
    line, crosses = ax.get_lines()
    assert len(line.get_xdata()) == 10
    assert crosses.get_ydata().tolist() == [8, 9]
    assert len(ax.patches) == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["labelled anomaly", "flagged"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("time", "degrees", "Two are high")


def test_a_plain_series_needs_no_legend():
    ax = plots.series(range(3), [1.0, 2.0, 1.0], ylabel="x", title="t", xlabel="hours")
    assert ax.get_legend() is None
    assert ax.get_xlabel() == "hours"
