"""Figures that look alike in every lesson: normal is a light, solid blue, anomaly a dark, hatched orange.

The two colours differ for colour-blind readers and, by their lightness, in grey print. Nothing here changes the
settings of matplotlib; every function returns the axes it drew on.
"""

from course_lib.plots.explanations import (
    contribution_bars,
    contribution_map,
    contribution_summary,
    deletion_curves,
    image_map,
)
from course_lib.plots.generated import snapshots
from course_lib.plots.images import image_grid, reconstructions
from course_lib.plots.lines import lines
from course_lib.plots.networks import hourglass, training_curves
from course_lib.plots.scores import scatter, score_histogram, score_map
from course_lib.plots.series import series
from course_lib.plots.service import service
from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL

__all__ = [
    "ANOMALY",
    "NEUTRAL",
    "NORMAL",
    "contribution_bars",
    "contribution_map",
    "contribution_summary",
    "deletion_curves",
    "hourglass",
    "image_grid",
    "image_map",
    "lines",
    "reconstructions",
    "scatter",
    "score_histogram",
    "score_map",
    "series",
    "service",
    "snapshots",
    "training_curves",
]
