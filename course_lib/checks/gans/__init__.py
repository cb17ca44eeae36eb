"""Checks of the exercise set on GANs: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.gans.collapse import gradient_penalty, recall_of_modes
from course_lib.checks.gans.encoders import ganomaly_score, izi_f_loss
from course_lib.checks.gans.family import gan_family
from course_lib.checks.gans.game import discriminator_loss, generator_loss, optimal_discriminator
from course_lib.checks.gans.questions import anogan_differences, difference_quiz, game_quiz, reading_the_game
from course_lib.checks.gans.scores import anogan_score, to_range
from course_lib.checks.gans.search import keep_best, latent_search

__all__ = [
    "anogan_differences",
    "anogan_score",
    "difference_quiz",
    "discriminator_loss",
    "game_quiz",
    "gan_family",
    "ganomaly_score",
    "generator_loss",
    "gradient_penalty",
    "izi_f_loss",
    "keep_best",
    "latent_search",
    "optimal_discriminator",
    "reading_the_game",
    "recall_of_modes",
    "to_range",
]
