"""Checks of the exercise set on isolation forests: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.isolation_forest.cuts import draw_samples, goes_left, random_cut
from course_lib.checks.isolation_forest.forests import end_slots, flag
from course_lib.checks.isolation_forest.lengths import anomaly_scores, average_path_length, path_length
from course_lib.checks.isolation_forest.questions import choice_quiz, choosing_a_forest, reading_scores, score_quiz

__all__ = [
    "anomaly_scores",
    "average_path_length",
    "choice_quiz",
    "choosing_a_forest",
    "draw_samples",
    "end_slots",
    "flag",
    "goes_left",
    "path_length",
    "random_cut",
    "reading_scores",
    "score_quiz",
]
