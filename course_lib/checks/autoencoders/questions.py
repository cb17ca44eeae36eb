"""The concept questions of tasks 10.9 and 10.10."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

latent_quiz = Quiz(
    {
        "q1": Question(
            "The code has 64 numbers, the image 784. Which share of the input's size is that?",
            {"a": "12.3%", "b": "0.82%", "c": "8.2%", "d": "64%"},
            answer="c",
            why={
                "a": "12.25 is 784 / 64, how many pixels share one number: the question asks for the inverse.",
                "b": "You moved the decimal point: how many per cent is 0.082?",
                "c": "64 / 784 = 0.082.",
                "d": "64 is the count, not a percentage: divide by 784.",
            },
        ),
        "q2": Question(
            "You raise every layer and the code to 784 or more and train as long as it takes. What happens?",
            {
                "a": "Normal rows and anomalies are both rebuilt well, and the scores stop telling them apart.",
                "b": "Anomalies are rebuilt worse, so detection gets better.",
                "c": "Nothing: only the number of epochs decides.",
                "d": "Training fails, because a code must be smaller than its input.",
            },
            answer="a",
            why={
                "a": "With room for everything the network can learn to copy, and a copy says nothing about normality.",
                "b": "More room never makes it harder to rebuild an image that was not seen in training.",
                "c": "More epochs bring the network nearer to what its width allows, and here that is a plain copy.",
                "d": "It trains without complaint, which is the danger: the loss looks better than ever.",
            },
        ),
        "q3": Question(
            "You lower the code to 2 numbers. What do you see first?",
            {
                "a": "Only anomalies are rebuilt badly: the smaller the code, the better the detector.",
                "b": "The network overfits, because two numbers are learnt by heart quickly.",
                "c": "Reconstructions stay sharp, only their brightness is lost.",
                "d": "Normal rows are rebuilt badly too: their errors rise towards those of anomalies.",
            },
            answer="d",
            why={
                "a": "True only while the code holds the variety of normal data; below that, normal rows suffer too.",
                "b": "A narrower code fits less, not more: underfitting is the trouble here.",
                "c": "What does not fit through the code is shape, and the pictures become blurred averages.",
                "d": "Two numbers cannot tell slant, width, thickness and roundness apart: ordinary variety looks odd.",
            },
        ),
    }
)


@task("10.9", "How large a latent code?", passed="Latent size is a bet on how many ways normal data vary.")
def latent_size(answers: Any) -> None:
    """Concept question: latent size as a share of the input."""
    latent_quiz.grade(answers)


budget_quiz = Quiz(
    {
        "q1": Question(
            "You may raise at most 5% false alarms among normal images. On which scores do you place the threshold?",
            {
                "a": "On the training images: there are most of them.",
                "b": "On normal images that were neither trained on nor will be reported on.",
                "c": "On the test images: that is where the 5% must hold.",
                "d": "On a mix of normal images and anomalies, at the 95th percentile.",
            },
            answer="b",
            why={
                "a": "The network has fitted them, their errors are too small, and new images break the promise.",
                "b": "They stand for what comes: unseen by the network, and no peek at the figures of the report.",
                "c": "Then the figure is met by construction and says nothing about tomorrow.",
                "d": "Anomalies push the percentile up: you flag fewer images than allowed and miss anomalies.",
            },
        ),
        "q2": Question(
            "Of the next 980 normal images 6.1% are flagged, not 5%. What do you conclude?",
            {
                "a": "The threshold is broken: raise it until 5% of these 980 are flagged.",
                "b": "The network has overfitted and must be trained again.",
                "c": "A promise of 5% holds for every batch, so the data must have changed.",
                "d": "One deviation of such a share is about 0.7 points: keep watching, change nothing yet.",
            },
            answer="d",
            why={
                "a": "Chasing each batch moves the threshold with chance and uses up the data of your report.",
                "b": "Overfitting is a gap between training and unseen scores; both of these sets are unseen.",
                "c": "The promise holds on average over batches; single ones lie above or below.",
                "d": "sqrt(0.05 x 0.95 / 980) = 0.7%, and the finite held-out set adds some more.",
            },
        ),
        "q3": Question(
            "Of 10,000 images a day 10 are anomalies. The detector keeps its 5% and finds all ten. What follows?",
            {
                "a": "Precision is about 95%, since 95% of normal images pass.",
                "b": "Recall is perfect, so the detector is ready for use.",
                "c": "About 510 alarms come and 2% of them are real: the budget must be far smaller.",
                "d": "Accuracy is 95%, which is good enough.",
            },
            answer="c",
            why={
                "a": "That is the share of normal images left alone; precision asks how many alarms are real.",
                "b": "Someone has to look at about 500 false alarms a day to meet those ten.",
                "c": "5% of 9,990 is 500, so 10 of 510 alarms are real: rare anomalies make false alarms dear.",
                "d": "A detector that never alarms has an accuracy of 99.9% here: accuracy is the wrong judge.",
            },
        ),
    }
)


@task(
    "10.10",
    "A budget of 5%",
    passed="A false-positive rate is a promise about normal data; precision is what the reader of alarms lives with.",
)
def false_positive_budget(answers: Any) -> None:
    """Concept question: placing a threshold for a false-positive rate of at most 5%."""
    budget_quiz.grade(answers)
