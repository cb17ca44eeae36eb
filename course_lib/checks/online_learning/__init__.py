"""Checks of the exercise set on online learning: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.online_learning.changes import guarded_flags, page_hinkley, tail_limit
from course_lib.checks.online_learning.questions import choosing_quiz, choosing_what_to_learn
from course_lib.checks.online_learning.statistics import ewma_z_scores, merge, parabola, welford_step
from course_lib.checks.online_learning.structures import displacement, half_space_sum, k_means_step

__all__ = [
    "choosing_quiz",
    "choosing_what_to_learn",
    "displacement",
    "ewma_z_scores",
    "guarded_flags",
    "half_space_sum",
    "k_means_step",
    "merge",
    "page_hinkley",
    "parabola",
    "tail_limit",
    "welford_step",
]
