"""Checks of the exercise set on hybrid detectors: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.hybrid_detectors.baselines import group_residual, seasonal_residual
from course_lib.checks.hybrid_detectors.features import deep_features
from course_lib.checks.hybrid_detectors.normalising import probability, rank_normalise
from course_lib.checks.hybrid_detectors.questions import combining_quiz, kinds_quiz, when_to_combine, which_part
from course_lib.checks.hybrid_detectors.rules import agreement_weights, average_of_maximum
from course_lib.checks.hybrid_detectors.stacking import stack
from course_lib.checks.hybrid_detectors.stages import cascade
from course_lib.checks.hybrid_detectors.together import alarms

__all__ = [
    "agreement_weights",
    "alarms",
    "average_of_maximum",
    "cascade",
    "combining_quiz",
    "deep_features",
    "group_residual",
    "kinds_quiz",
    "probability",
    "rank_normalise",
    "seasonal_residual",
    "stack",
    "when_to_combine",
    "which_part",
]
