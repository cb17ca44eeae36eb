"""The concept questions of tasks 20.11 and 20.12."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

kinds_quiz = Quiz(
    {
        "q1": Question(
            "A thermometer reads 24 degrees at four in the morning, which is ordinary at four in the afternoon. "
            "Which part sees it?",
            {
                "a": "the global z-score",
                "b": "a seasonal baseline, then a z-score on what is left",
                "c": "a stillness part, which measures how little the sensor moves",
                "d": "interquartile fences over all readings",
            },
            answer="b",
            why={
                "a": "Among all readings 24 is nothing special: its z-score is small.",
                "b": "Less the usual value for four in the morning, it is far out.",
                "c": "That one looks for sensors that stand still, not for a wrong hour.",
                "d": "The fences are drawn around all readings, and 24 lies well inside.",
            },
        ),
        "q2": Question(
            "A sensor is stuck at an ordinary value for four hours. Which part sees it first?",
            {
                "a": "the seasonal residual: the value must be wrong for the hour",
                "b": "the rolling median of the past hour",
                "c": "nearest neighbours of single rows",
                "d": "a feature of a window, such as the typical step between readings",
            },
            answer="d",
            why={
                "a": "In a calm stretch the stuck value stays close to the season's, so its residual is small.",
                "b": "The median follows the stuck value at once and finds nothing odd about it.",
                "c": "Each single row is as ordinary as its neighbours; only the stretch is odd.",
                "d": "Real readings always tremble a little; where the step falls to zero, something is wrong.",
            },
        ),
        "q3": Question(
            "Three parts, each sees another kind of anomaly and is blind to the rest. Which rule suits their "
            "probabilities?",
            {
                "a": "the maximum: one who is sure is enough",
                "b": "the average: the majority is right",
                "c": "weights by agreement",
                "d": "the raw sum: it needs no normalisation",
            },
            answer="a",
            why={
                "a": "What two parts cannot see must not outvote the third. The price: false alarms of all add up.",
                "b": "Two blind parts that give 0 pull the third's 1 down to a third, below rows mildly odd to all.",
                "c": "Specialists disagree by nature, so agreement says nothing about who is right.",
                "d": "The part with the largest numbers would decide alone.",
            },
        ),
    }
)


@task(
    "20.11", "Which part for which kind?", passed="You choose parts by what they can see, and the rule by how they err."
)
def which_part(answers: Any) -> None:
    """Concept question: kinds of anomaly, parts and rules."""
    kinds_quiz.grade(answers)


combining_quiz = Quiz(
    {
        "q1": Question(
            "Four detectors, AUROC 0.95, 0.71, 0.68 and 0.72. Their average reaches 0.80. What explains it best?",
            {
                "a": "The ranks were computed wrongly: a sum cannot be worse than its best part.",
                "b": "Four detectors are too few for an average.",
                "c": "Three weak parts outvote the one that sees the anomalies.",
                "d": "The best part overfits.",
            },
            answer="c",
            why={
                "a": "It can, and often is: an average helps when parts err independently and are about equally good.",
                "b": "More detectors of the weak sort would make it worse.",
                "c": "An average counts heads. Where the three rank an anomaly low, one good part cannot lift it.",
                "d": "Nothing was fitted to labels here, and the 0.95 is measured on new rows.",
            },
        ),
        "q2": Question(
            "You weight the same four detectors by their agreement. Who is likely to get the smallest weight?",
            {
                "a": "the best one, if the three others resemble each other",
                "b": "always the worst one",
                "c": "the slowest one",
                "d": "nobody: without labels all weights are equal",
            },
            answer="a",
            why={
                "a": "Agreement measures who is like the majority. It is right only as often as the majority is.",
                "b": "The worst one may agree well with others that are nearly as bad.",
                "c": "Time plays no part in it.",
                "d": "Agreement needs no labels, and weights differ as soon as members do.",
            },
        ),
        "q3": Question(
            "A cascade sends the 5% of rows that the cheap part finds oddest to a costly one. What can it never do?",
            {
                "a": "save time",
                "b": "have fewer false alarms than the cheap part",
                "c": "rank the doubtful rows anew",
                "d": "find an anomaly that the cheap part calls ordinary",
            },
            answer="d",
            why={
                "a": "That is what it is for: 95% of the rows cost only the cheap part.",
                "b": "It can: the costly part may clear doubtful rows.",
                "c": "It does just that.",
                "d": "Such a row never reaches the costly part. So the first stage must miss little, not be precise.",
            },
        ),
    }
)


@task(
    "20.12",
    "When to combine, and when not",
    passed="A combination has to earn its place: beside its best part, and at its price.",
)
def when_to_combine(answers: Any) -> None:
    """Concept question: sums worse than their parts, agreement, cascades."""
    combining_quiz.grade(answers)
