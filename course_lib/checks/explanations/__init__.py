"""Checks of the exercise set on explanations: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.explanations.culprit import name_the_culprit
from course_lib.checks.explanations.nearby import integrated_gradients, local_slopes, smallest_repair
from course_lib.checks.explanations.parts import coalition_value, error_shares
from course_lib.checks.explanations.questions import trust_quiz, trusting_reasons
from course_lib.checks.explanations.shapley import kernel_weight, permutation_values, shapley_values
from course_lib.checks.explanations.trust import deletion_scores, precision_at

__all__ = [
    "coalition_value",
    "deletion_scores",
    "error_shares",
    "integrated_gradients",
    "kernel_weight",
    "local_slopes",
    "name_the_culprit",
    "permutation_values",
    "precision_at",
    "shapley_values",
    "smallest_repair",
    "trust_quiz",
    "trusting_reasons",
]
