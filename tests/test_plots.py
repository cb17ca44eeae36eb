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


def test_importing_and_drawing_change_no_settings():
    before = dict(matplotlib.rcParams)
    plots.image_grid(np.zeros((3, 16)))
    plots.training_curves({"loss": [2.0, 1.0]}, title="t")
    assert dict(matplotlib.rcParams) == before


def test_images_are_square_again_and_spare_places_are_empty():
    axes = plots.image_grid(np.arange(3 * 16).reshape(3, 16) / 48, columns=2, labels=["a", "b", "c"])
    assert axes.shape == (2, 2)
    assert axes[0, 1].images[0].get_array().shape == (4, 4)
    assert axes[1, 0].get_xlabel() == "c"
    assert not axes[1, 1].axison


def test_reconstructions_show_the_squared_error_and_mark_anomalies():
    original, rebuilt = np.full((2, 4), 0.9), np.full((2, 4), 0.4)
    axes = plots.reconstructions(original, rebuilt, labels=["a", "b"], anomalous=[False, True], title="t")
    assert np.allclose(axes[2, 0].images[0].get_array(), 0.25)
    frames = [matplotlib.colors.to_hex(ax.spines["left"].get_edgecolor()) for ax in axes[0]]
    assert frames == [plots.NORMAL.lower(), plots.ANOMALY.lower()]


def test_a_histogram_keeps_classes_apart_and_draws_each_threshold():
    scores, y = np.r_[np.zeros(50) + 0.1, np.ones(50)], np.repeat([0, 1], 50)
    ax = plots.score_histogram(scores, y, thresholds={"a": 0.5, "b": 0.7}, title="t")
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [0.5, 0.7]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["normal", "anomaly", "a: 0.5000", "b: 0.7000"]


def test_training_curves_count_epochs_from_one():
    history = {"loss": [3.0, 2.0, 1.0], "validation_loss": [3.0, 2.5, 2.6]}
    ax = plots.training_curves(history, best=2, reference=("PCA", 0.5), title="t")
    training, validation, best, reference = ax.get_lines()
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert validation.get_ydata().tolist() == history["validation_loss"]
    assert reference.get_ydata()[0] == 0.5
    assert best.get_xdata()[0] == 2
    assert ax.get_yscale() == "log"


def test_an_hourglass_marks_its_waist():
    ax = plots.hourglass([9, 4, 1, 4, 9], title="t")
    colors = [matplotlib.colors.to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert colors.index(plots.ANOMALY.lower()) == 2
    assert colors.count(plots.NORMAL.lower()) == 4


def test_snapshots_lie_over_the_real_points_on_one_scale():
    real = np.array([[-1.0, 0.0], [1.0, 2.0]])
    frames = [np.zeros((3, 2)), np.full((3, 2), 50.0)]
    axes = plots.snapshots(frames, real, labels=["before", "after"], title="t")
    assert [ax.get_title() for ax in axes] == ["before", "after"]
    for ax, frame in zip(axes, frames, strict=True):
        below, above = ax.get_lines()
        assert np.array_equal(below.get_xydata(), real)
        assert np.array_equal(above.get_xydata(), frame)
        assert ax.get_xlim()[0] < -1 < 1 < ax.get_xlim()[1] < 50
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["real", "generated"]


def test_lines_differ_in_style_and_log_axes_show_the_values_of_x():
    x = [1, 10, 300]
    ax = plots.lines(x, {"a": [1, 2, 3], "b": [3, 2, 1]}, xlabel="rows", ylabel="s", title="t", log="xy")
    first, second = ax.get_lines()
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "10", "300"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_one_long_line_has_no_legend_and_no_markers():
    ax = plots.lines(np.arange(50), {"a": np.arange(50)}, xlabel="rows", ylabel="s", title="t")
    assert ax.get_legend() is None
    assert ax.get_lines()[0].get_marker() in ("", "None")
    assert ax.get_xscale() == "linear"


def test_a_service_is_drawn_again_and_again_on_the_same_axes():
    log = [[0.0, 5, 10, 5, 0], [0.5, 100, 210, 60, 50], [1.0, 20, 260, 140, 100]]
    axes = plots.service([], capacity=100, title="Nothing so far")
    again = plots.service(log, capacity=100, title="Full, then empty", axes=axes)
    assert again is axes
    assert axes[0].get_title() == "Full, then empty"
    assert len(axes[0].collections) == 1
    received, scored, dropped = axes[1].get_lines()
    assert [line.get_label() for line in (received, scored, dropped)] == ["received", "scored", "dropped"]
    assert received.get_ydata().tolist() == [400, 100]
    assert dropped.get_ydata().tolist() == [100, 100]
    assert received.get_xdata().tolist() == [0.5, 1.0]
