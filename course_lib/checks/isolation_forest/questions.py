"""The concept questions of tasks 6.9 and 6.10."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

score_quiz = Quiz(
    {
        "q1": Question(
            "A row's mean path length is exactly $c(\\psi)$. What is its score?",
            {"a": "0", "b": "0.5", "c": "1", "d": "that depends on the number of trees"},
            answer="b",
            why={
                "a": "A score near 0 would need an endless path.",
                "b": "The exponent is -1, and an average row scores one half.",
                "c": "That is the limit for a row that is alone without any cut.",
                "d": "More trees make the mean steadier, they do not move it.",
            },
        ),
        "q2": Question(
            "All scores of your table lie between 0.47 and 0.53. What do you conclude?",
            {
                "a": "Half of the rows are anomalies, since an anomaly scores above 0.5.",
                "b": "The forest has not been trained long enough to tell the rows apart.",
                "c": "The 10% with the highest scores are the anomalies.",
                "d": "No row stands out: all take about as many cuts.",
            },
            answer="d",
            why={
                "a": "0.5 is where an average row lies, so about half of any table lies on each side of it.",
                "b": "Trees are grown once, from random cuts: nothing is trained for longer.",
                "c": "A threshold by share flags its share of anything, of chance as well.",
                "d": "Anomalies would be alone early and score clearly higher.",
            },
        ),
        "q3": Question(
            "Two forests with different seeds give a row 0.61 and 0.58. What is the first thing to do?",
            {
                "a": "Grow more trees, then compare the seeds again.",
                "b": "Take the higher one: an anomaly must not be missed.",
                "c": "Publish the seed that gives the better result.",
                "d": "Scale the columns to 0 to 1, so that both seeds draw the same cuts.",
            },
            answer="a",
            why={
                "a": "Four times the trees halve the spread of one row's score, as with any mean.",
                "b": "Then every row gets its luckiest score, and normal rows rise as well.",
                "c": "One lucky draw says nothing about the next table.",
                "d": "Scaling changes no path of the plain forest.",
            },
        ),
    }
)


@task("6.9", "What a score says", passed="A score is a mean of random numbers: you know its zero point and its shake.")
def reading_scores(answers: Any) -> None:
    """Concept question: reading scores."""
    score_quiz.grade(answers)


choice_quiz = Quiz(
    {
        "q1": Question(
            "In 100,000 rows hides a burst of 500 nearly equal anomalies. Which sample size per tree finds them best?",
            {
                "a": "100,000: a tree must see the whole burst to find it.",
                "b": "50,000: half of the rows, a compromise between too many and too few.",
                "c": "128: hardly one of the burst is in each tree.",
                "d": "2: the smallest possible.",
            },
            answer="c",
            why={
                "a": "Then 500 equal rows stand together and take many cuts to be torn apart: they mask each other.",
                "b": "250 of them in each tree still form a dense crowd of their own.",
                "c": "One or two rows without their crowd are as lonely as any single anomaly.",
                "d": "One cut between two rows tells next to nothing about the rest.",
            },
        ),
        "q2": Question(
            "In the score map of a plain forest an empty place scores as low as the border of the clusters. Why?",
            {
                "a": "A training row was overlooked there.",
                "b": "Each of its coordinates alone is ordinary.",
                "c": "The trees are not deep enough to reach a place so far from all rows.",
                "d": "There are too few trees, so the map is noisy.",
            },
            answer="b",
            why={
                "a": "The place is empty in the data too; the score comes from the shape of the cuts.",
                "b": "That is a ghost: a cut looks at one coordinate, and the shadows of two clusters cross there.",
                "c": "Deeper trees sharpen the bands along the axes, they do not turn them.",
                "d": "Noise disappears with more trees, ghosts stay.",
            },
        ),
        "q3": Question(
            "You make slanted cuts on raw columns, one in euros (up to 100,000), one in seconds (up to 60). What then?",
            {
                "a": "Nothing: forests need no scaling.",
                "b": "Training fails, because the units differ.",
                "c": "The seconds decide, since small numbers are cut more precisely.",
                "d": "Nearly every cut is a cut of the euros: scale first.",
            },
            answer="d",
            why={
                "a": "That holds for cuts along one column; a slanted cut adds columns up.",
                "b": "A program adds any two numbers without complaint, which is the danger.",
                "c": "In a sum the large numbers outweigh the small ones, not the other way round.",
                "d": "In the sum of both, 60 seconds are lost beside 100,000 euros.",
            },
        ),
    }
)


@task("6.10", "Which forest, and how large?", passed="Small samples, honest scales, and a look at what a cut can see.")
def choosing_a_forest(answers: Any) -> None:
    """Concept question: sample size, ghosts and scales."""
    choice_quiz.grade(answers)
