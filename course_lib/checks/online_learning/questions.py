"""The concept questions of task 16.11."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

choosing_quiz = Quiz(
    {
        "q1": Question(
            "A sensor scatters around zero. From noon on it flickers between -1 and 1, with the same mean and the same "
            "spread. Which watch is made for such a change?",
            {
                "a": "Page-Hinkley on the readings",
                "b": "ADWIN on the readings",
                "c": "KSWIN on the readings, with samples of a hundred",
                "d": "none: mean and spread are the same",
            },
            answer="c",
            why={
                "a": "It adds up deviations from the mean, and those still cancel.",
                "b": "It compares means of two parts of its window, and those agree.",
                "c": "It compares whole distributions; its samples must be large enough to tell two of them apart.",
                "d": "A distribution is more than its mean and its spread.",
            },
        ),
        "q2": Question(
            "An online autoencoder is trained on the newest 32 events only. The night shift is quiet for ten hours. "
            "What happens in the morning?",
            {
                "a": "Nothing: weights do not change while all is normal.",
                "b": "Ordinary day traffic scores high, because the network has forgotten it.",
                "c": "Day traffic scores low, because the network had more time to train.",
                "d": "Training fails, because night events are all alike.",
            },
            answer="b",
            why={
                "a": "Each training moves the weights towards the newest events.",
                "b": "That is catastrophic forgetting; a buffer of older events is the usual remedy.",
                "c": "More steps on the night do not teach it the day.",
                "d": "It trains very well, on the night.",
            },
        ),
        "q3": Question(
            "Attacks come in floods of thousands. Which detector is in most danger of taking them for normal?",
            {
                "a": "a z-score over all of the past",
                "b": "half-space trees with a window of 250 that learn everything",
                "c": "half-space trees behind a guard with a patience of 10,000",
                "d": "a detector that was fitted last month and does not learn",
            },
            answer="b",
            why={
                "a": "A flood of thousands weighs little against millions of earlier events.",
                "b": "After one window the flood is all it knows.",
                "c": "What is flagged does not reach its counts.",
                "d": "It cannot learn the flood, nor anything else.",
            },
        ),
        "q4": Question(
            "The guard of a rolling quantile leaves every flagged score out. What will its share of flags do?",
            {
                "a": "stay at one minus the quantile",
                "b": "fall, because only normal scores are learnt",
                "c": "rise and rise, because the highest of what is left is always cut off",
                "d": "that depends on the number of real anomalies only",
            },
            answer="c",
            why={
                "a": "That holds only if the window sees all scores.",
                "b": "The threshold sinks, it does not rise.",
                "c": "It eats its own tail; keep the rank of high scores and limit their height.",
                "d": "It happens on a stream without a single anomaly.",
            },
        ),
    }
)


@task("16.11", "What to learn from", passed="You know what each method remembers, and what that can be used for.")
def choosing_what_to_learn(answers: Any) -> None:
    """Four questions of judgement."""
    choosing_quiz.grade(answers)
