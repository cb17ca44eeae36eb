"""Checks of the exercise set on variational autoencoders: each tries an answer on fresh input and names mistakes."""

from course_lib.checks.variational_autoencoders.bounds import reconstruction_probability, two_bounds, vae_loss
from course_lib.checks.variational_autoencoders.choosing import dense_or_convolutional
from course_lib.checks.variational_autoencoders.collapse import count_active, free_bits
from course_lib.checks.variational_autoencoders.deciding import complexity_score, needs_a_person
from course_lib.checks.variational_autoencoders.questions import kl_quiz, role_of_kl
from course_lib.checks.variational_autoencoders.terms import bernoulli_log_likelihood, draw_code, kl_of_rows

__all__ = [
    "bernoulli_log_likelihood",
    "complexity_score",
    "count_active",
    "dense_or_convolutional",
    "draw_code",
    "free_bits",
    "kl_of_rows",
    "kl_quiz",
    "needs_a_person",
    "reconstruction_probability",
    "role_of_kl",
    "two_bounds",
    "vae_loss",
]
