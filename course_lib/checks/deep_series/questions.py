"""The concept questions of tasks 15.9 and 15.18."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

decoder_quiz = Quiz(
    {
        "q1": Question(
            "Three detectors score single rows, and all of them miss a recording whose rows were shuffled. What helps?",
            {
                "a": "A network that scores single rows with more layers.",
                "b": "Rows that hold several moments: windows.",
                "c": "A lower threshold.",
                "d": "Standardising every sensor.",
            },
            answer="b",
            why={
                "a": "However deep: what is not in the input cannot be seen in it.",
                "b": "Order exists only between rows, so a detector must see several at once.",
                "c": "Shuffled rows have the scores of good rows: no threshold tells them apart.",
                "d": "Scaling changes units, not what a single row can tell.",
            },
        ),
        "q2": Question(
            "A teacher-forced LSTM autoencoder rebuilds well, even when the codes of two recordings are exchanged. "
            "What has it become?",
            {
                "a": "A variational autoencoder.",
                "b": "A perfect autoencoder: the code holds everything.",
                "c": "A one-step forecaster.",
                "d": "An overfitted network that knows the recordings by heart.",
            },
            answer="c",
            why={
                "a": "Nothing here is drawn at random, and no distribution is learnt.",
                "b": "If the code held everything, a wrong one would do harm.",
                "c": "It is fed the true value before and needs no code to guess the next.",
                "d": "It does the same on recordings that it has never seen.",
            },
        ),
        "q3": Question(
            "Windows of 100 with stride 1 are split at random into training and validation rows. What is wrong?",
            {
                "a": "Nothing: every window is in one part only.",
                "b": "The validation part becomes too small.",
                "c": "Windows must never overlap, in training either.",
                "d": "Nearly every validation window shares 99 rows with a training window.",
            },
            answer="d",
            why={
                "a": "The windows are distinct, their rows are not.",
                "b": "Its size is what you choose; its independence is what is lost.",
                "c": "Overlap inside the training part is harmless, and gives more examples.",
                "d": "The loss then measures memory: hold out the last part in time, with no shared row.",
            },
        ),
    }
)


@task("15.9", "Order, teachers and splits", passed="You would have caught three mistakes that are in print.")
def decoding(answers: Any) -> None:
    """Concept questions of the first set."""
    decoder_quiz.grade(answers)


length_quiz = Quiz(
    {
        "q1": Question(
            "Period. A machine works in cycles of 200 rows, and the fault is a cycle that begins too early. "
            "Which window shows it best?",
            {
                "a": "10 rows: small windows react to everything.",
                "b": "100 rows, exactly half a cycle.",
                "c": "Between 200 and 400 rows.",
                "d": "5,000 rows: the more context, the better.",
            },
            answer="c",
            why={
                "a": "Every ten rows of an early cycle are ten rows of a good one.",
                "b": "Half a cycle shows either its end or its beginning, hardly ever the join with enough of both.",
                "c": "It holds the end of one cycle and the beginning of the next, so the wrong distance is seen.",
                "d": "It shows the fault, too, as one detail in 25 cycles: diluted and dear, with few examples.",
            },
        ),
        "q2": Question(
            "Delay. The score of now is the mean squared residual of the last L rows. "
            "What happens to the time until an alarm when L shrinks from 12 to 1, at the same rate of false alarms?",
            {
                "a": "It gets longer: single residuals are nervous, so the threshold must be higher.",
                "b": "It gets shorter in proportion to L.",
                "c": "It stays: the rate of false alarms decides.",
                "d": "It becomes one row.",
            },
            answer="a",
            why={
                "a": "A mean of 12 separates a small shift from noise, a single value does not.",
                "b": "True for long windows, where dilution rules; below some length noise rules.",
                "c": "The rate is what is held fixed; how soon a score gets there depends on its noise.",
                "d": "Only an event that is huge against the noise is seen in its first row.",
            },
        ),
        "q3": Question(
            "Cost. You double L from 100 to 200. What grows how much for one window?",
            {
                "a": "LSTM twice the steps, attention twice the pairs.",
                "b": "LSTM twice the steps, attention four times the pairs.",
                "c": "LSTM four times the steps, attention twice the pairs.",
                "d": "Neither: both work in parallel on a GPU.",
            },
            answer="b",
            why={
                "a": "Every row is compared with every other: pairs grow with the square.",
                "b": "One step a row, and one pair for every two rows.",
                "c": "An LSTM takes one step a row.",
                "d": "An LSTM's steps wait for each other, and pairs need memory wherever they are computed.",
            },
        ),
        "q4": Question(
            "You need an alarm within ten minutes and want to see faults in a daily rhythm. One reading a minute.",
            {
                "a": "One detector with windows of 10 rows.",
                "b": "One detector with windows of 1,440 rows, its mean score over all covering windows.",
                "c": "Two detectors: a short window for the alarm, one of a day or two for the rhythm.",
                "d": "One detector with windows of 725 rows, the middle of both.",
            },
            answer="c",
            why={
                "a": "Ten minutes of any day look like ten minutes of another.",
                "b": "That mean is complete a day later.",
                "c": "The two demands contradict each other in one window, and not in two.",
                "d": "Half a day is too long for the one and too short for the other.",
            },
        ),
    }
)


@task(
    "15.18",
    "How long a window?",
    passed="Period, delay and cost: you can now argue for a number instead of trying ten.",
)
def window_length(answers: Any) -> None:
    """Concept question: sequence length from three sides."""
    length_quiz.grade(answers)
