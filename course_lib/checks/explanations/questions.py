"""The concept questions of task 21.12."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

trust_quiz = Quiz(
    {
        "q1": Question(
            "An autoencoder's error is largest at the pressure gauge. Is the gauge broken?",
            {
                "a": "Yes: the largest error is at the broken sensor by construction.",
                "b": "Not necessarily: another broken sensor may have spoilt the code from which the gauge is rebuilt.",
                "c": "No: autoencoders never point at the right sensor.",
                "d": "Yes, if the training error was small.",
            },
            answer="b",
            why={
                "a": "The error says where the rebuilding failed, which need not be where the fault is.",
                "b": "The error smears. Put the gauge's value right and look whether the score falls.",
                "c": "They often do: the share of the guilty sensor is large where the code is narrow.",
                "d": "A small training error comes with a wide code, and the wider the code, the more it smears.",
            },
        ),
        "q2": Question(
            "Shapley values for a reading at noon, with background rows from the night. What do they explain?",
            {
                "a": "Why it is noon: they compare the row with the night, and every healthy sensor differs from it.",
                "b": "The fault: Shapley values are the only fair ones.",
                "c": "Nothing: the values no longer sum to the score minus the baseline.",
                "d": "The same as with any background, only scaled.",
            },
            answer="a",
            why={
                "a": "A contribution is always an answer to 'compared with what?', and the background is the what.",
                "b": "Fair to the question that was asked, and the wrong question was asked.",
                "c": "Additivity holds with any background: it is no test of the background.",
                "d": "Another background can turn signs and ranks.",
            },
        ),
        "q3": Question(
            "The same alarm is explained twice, with two seeds, and two different features come first. First step?",
            {
                "a": "Report both features, to be on the safe side.",
                "b": "Fix the seed, so that it no longer happens.",
                "c": "Use more samples or coalitions, and report the spread over seeds beside the values.",
                "d": "Switch to another method.",
            },
            answer="c",
            why={
                "a": "With a third seed it may be a third one: nothing has been explained yet.",
                "b": "A fixed seed hides the spread, it does not make it smaller.",
                "c": "The spread falls with the root of their number, and what remains is said openly.",
                "d": "Any sampling method has a spread: know it first.",
            },
        ),
        "q4": Question(
            "A detector refuses a loan. Its counterfactual: normal if the applicant were 12 years older. And now?",
            {
                "a": "Send it to the applicant: it is the smallest change.",
                "b": "Raise the threshold until it changes.",
                "c": "It proves that age causes fraud.",
                "d": "Forbid changes of what nobody can change, search again, and ask why age decides at all.",
            },
            answer="d",
            why={
                "a": "Advice that nobody can follow is none, and it shows that the detector judges by age.",
                "b": "That changes who is refused, not why.",
                "c": "It speaks about the detector's boundary, not about causes in the world.",
                "d": "A counterfactual is useful if it can be acted on, and it may uncover what the score rests on.",
            },
        ),
    }
)


@task("21.12", "How far to trust a reason", passed="You ask of a reason what you ask of a detector: how do we know?")
def trusting_reasons(answers: Any) -> None:
    """Concept questions: smear, background, stability, counterfactuals."""
    trust_quiz.grade(answers)
