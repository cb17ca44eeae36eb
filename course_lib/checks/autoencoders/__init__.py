"""Checks of the exercise set on autoencoders: each tries an answer on fresh input and names the usual mistakes."""

from course_lib.checks.autoencoders.questions import budget_quiz, false_positive_budget, latent_quiz, latent_size
from course_lib.checks.autoencoders.rebuilding import build_autoencoder, pca_reconstruct, reconstruction_error
from course_lib.checks.autoencoders.thresholds import fit_detector, rates, threshold_for_budget
from course_lib.checks.autoencoders.training import early_stopping, train_epoch

__all__ = [
    "budget_quiz",
    "build_autoencoder",
    "early_stopping",
    "false_positive_budget",
    "fit_detector",
    "latent_quiz",
    "latent_size",
    "pca_reconstruct",
    "rates",
    "reconstruction_error",
    "threshold_for_budget",
    "train_epoch",
]
