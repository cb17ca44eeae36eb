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
            "You rebuild images by PCA, with 512 directions of the zeros instead of 32. What happens?",
            {
                "a": "Anomalies are rebuilt well too, and the scores tell them apart less well.",
                "b": "Anomalies are rebuilt worse, since more directions know zeros better.",
                "c": "Nothing: past the 32nd the directions hold noise, which changes no score.",
                "d": "It fails, because zeros do not vary in so many ways.",
            },
            answer="a",
            why={
                "a": "Hardly anything is left over of any digit, and it says little: in the sweep the AUROC falls.",
                "b": "Each further direction can only bring the reconstruction nearer to the image, whatever it shows.",
                "c": "They hold little of the zeros, but strokes of other digits pass through them all the same.",
                "d": "It finds as many directions as there are pixels or images; the last are tiny, not absent.",
            },
        ),
        "q3": Question(
            "You lower the code to 2 numbers. What do you see first?",
            {
                "a": "Only anomalies are rebuilt badly: the smaller the code, the better the detector.",
                "b": "The network overfits, because two numbers are learnt by heart quickly.",
                "c": "Reconstructions stay sharp, only their brightness is lost.",
                "d": "Normal rows are rebuilt badly too: their errors rise.",
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
                "b": "On normal images that were set aside for it.",
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
                "d": "Chance alone can move a share that far: keep watching.",
            },
            answer="d",
            why={
                "a": "Chasing each batch moves the threshold with chance and uses up the data of your report.",
                "b": "Overfitting is a gap between training and unseen scores; both of these sets are unseen.",
                "c": "The promise holds on average over batches; single ones lie above or below.",
                "d": "One deviation is sqrt(0.05 x 0.95 / 980) = 0.7 points; the finite held-out set adds some more.",
            },
        ),
        "q3": Question(
            "Of 10,000 images a day 10 are anomalies. The detector keeps its 5% and finds all ten. What follows?",
            {
                "a": "Precision is about 95%, since 95% of normal images pass.",
                "b": "Recall is perfect, so the detector is ready for use.",
                "c": "About 510 alarms come, 2% of them real: the budget must shrink.",
                "d": "Accuracy is 95%, which is good enough for a detector that misses nothing.",
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
