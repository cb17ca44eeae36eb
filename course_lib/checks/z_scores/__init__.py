"""Checks of the exercise set on z-scores: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.z_scores.bound import values_needed
from course_lib.checks.z_scores.detectors import clean_and_fit, first_alarm
from course_lib.checks.z_scores.modified import modified_z
from course_lib.checks.z_scores.moving import ewma, moving_scores
from course_lib.checks.z_scores.questions import quiz, which_ruler
from course_lib.checks.z_scores.rulers import fences, robust_scale, z_scores

__all__ = [
    "clean_and_fit",
    "ewma",
    "fences",
    "first_alarm",
    "modified_z",
    "moving_scores",
    "quiz",
    "robust_scale",
    "values_needed",
    "which_ruler",
    "z_scores",
]
