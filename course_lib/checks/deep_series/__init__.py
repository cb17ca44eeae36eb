"""Checks of both exercise sets on deep time series: fresh input for each answer, and a name for the usual mistakes."""

from course_lib.checks.deep_series.attention import attention, places, scoring_masks, usad_losses
from course_lib.checks.deep_series.questions import decoder_quiz, decoding, length_quiz, window_length
from course_lib.checks.deep_series.recurrent import decoder_inputs, lstm_step
from course_lib.checks.deep_series.scoring import chance_of_a_hit, delays, event_scores, point_adjust
from course_lib.checks.deep_series.sensors import alarm_rows, blamed, mahalanobis_scores
from course_lib.checks.deep_series.windows import make_windows, scores_per_row, starts_within

__all__ = [
    "alarm_rows",
    "attention",
    "blamed",
    "chance_of_a_hit",
    "decoder_inputs",
    "decoder_quiz",
    "decoding",
    "delays",
    "event_scores",
    "length_quiz",
    "lstm_step",
    "mahalanobis_scores",
    "make_windows",
    "places",
    "point_adjust",
    "scores_per_row",
    "scoring_masks",
    "starts_within",
    "usad_losses",
    "window_length",
]
