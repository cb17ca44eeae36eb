"""The concept questions of task 12.12: the role of the KL term."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

kl_quiz = Quiz(
    {
        "q1": Question(
            "You drop the KL term (beta = 0) and train as long as it takes. What does the encoder do?",
            {
                "a": "Its means and variances go to 0 and 1, since nothing pulls them away.",
                "b": "Its variances shrink towards 0 and its means spread out: an ordinary autoencoder.",
                "c": "Nothing changes, since the KL term has no gradient.",
                "d": "Training fails, because the loss is no longer a bound.",
            },
            answer="b",
            why={
                "a": "That is what the KL term alone would do: the likelihood gains from codes that tell rows apart.",
                "b": "Noise in the code only hurts the reconstruction, so without a price it is switched off.",
                "c": "Its gradient pulls every mean to 0 and every variance to 1, at every step.",
                "d": "Any loss can be minimised: this one just is no bound of the log-likelihood.",
            },
        ),
        "q2": Question(
            "Why can you draw new images from codes of the standard normal?",
            {
                "a": "Because the decoder was trained on codes of the standard normal.",
                "b": "Because a normal distribution fits every kind of data.",
                "c": "Because the reconstruction term keeps codes of different images apart.",
                "d": "Because the KL term draws the codes of the data together until they roughly fill it.",
            },
            answer="d",
            why={
                "a": "In training the decoder only sees draws from the encoder's clouds, one for each image.",
                "b": "The data need not be normal at all: the decoder bends normal codes into images.",
                "c": "Apart is the opposite: gaps between clouds are where samples go wrong.",
                "d": "Codes of the prior then land where the decoder has been trained.",
            },
        ),
        "q3": Question(
            "You raise beta step by step. What do you see?",
            {
                "a": "Images get blurrier, one latent unit after another falls silent, the KL goes to 0.",
                "b": "Images get sharper, because the codes become cleaner.",
                "c": "The KL grows with beta, because it is multiplied by it.",
                "d": "Only training gets slower, the optimum stays where it was.",
            },
            answer="a",
            why={
                "a": "Information gets more expensive than the reconstruction it buys: in the end posterior collapse.",
                "b": "Sharp images need information in the code, and that is what beta makes expensive.",
                "c": "The product may grow, but an expensive thing is bought less: the KL itself falls.",
                "d": "Another weight is another loss, with another optimum.",
            },
        ),
        "q4": Question(
            "An anomaly gets a code near 0 with variances near 1. Which score can still find it?",
            {
                "a": "The KL term: an anomaly always has an expensive code.",
                "b": "None: a normal code means a normal image.",
                "c": "One with the reconstruction: the image decoded from there is a normal one, and differs.",
                "d": "The distance of the mean from the origin.",
            },
            answer="c",
            why={
                "a": "Such a code costs next to nothing: the encoder was never told to give anomalies expensive codes.",
                "b": "The code says where the encoder put the image, not whether it can be rebuilt from there.",
                "c": "Rebuilt as something normal, the anomaly is betrayed by what is missing.",
                "d": "The mean is at the origin, where the most normal codes are.",
            },
        ),
    }
)


@task("12.12", "The role of the KL term", passed="A price on information: it makes a code into a map.")
def role_of_kl(answers: Any) -> None:
    """Concept question: what the KL term is for."""
    kl_quiz.grade(answers)
