"""The concept questions of task 2.10."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

quiz = Quiz(
    {
        "q1": Question(
            "A plant has 40 pressure readings from its first day; about 12 of them were taken with a valve left "
            "open. You want a limit for tomorrow's readings. Which ruler do you take?",
            {
                "a": "z-score, limit 3, because 40 values are enough for a |z| of 3",
                "b": "Tukey's fences, because quartiles ignore outliers",
                "c": "modified z-score, because fewer than half of the readings are bad",
                "d": "min-max scaling, because it uses the whole range",
            },
            answer="c",
            why={
                "a": "40 values allow a |z| of 6.2, but 12 of them bend the mean and blow up the deviation.",
                "b": "Quartiles survive up to a quarter of bad values, and 12 of 40 are 30%.",
                "c": "Median and MAD survive until half of the values are bad; 30% are.",
                "d": "The range is set by the two most extreme readings, here by the open valve.",
            },
        ),
        "q2": Question(
            "A bearing warms up by 0.5 °C a day for three weeks and then fails. Noise has a deviation of 0.3 °C, "
            "readings come every minute. Which detector notices before the failure?",
            {
                "a": "moving average over the last hour",
                "b": "z-score with mean and deviation of the first healthy week",
                "c": "EWMA with alpha 0.1",
                "d": "rolling median over the last two hours",
            },
            answer="b",
            why={
                "a": "In an hour the drift is 0.02 °C, far less than the noise: the average follows it silently.",
                "b": "A fixed ruler sees the distance grow day by day: the fault cannot become its normal.",
                "c": "EWMA with 0.1 remembers about twenty readings: the drift in twenty minutes is nothing.",
                "d": "Robust against spikes, but it follows a drift just as the average does.",
            },
        ),
        "q3": Question(
            "You monitor 200 independent columns of bell-shaped data and flag a row when any |z| exceeds 3. About how "
            "many ordinary rows do you flag?",
            {"a": "0.3%", "b": "5%", "c": "42%", "d": "none, they are ordinary"},
            answer="c",
            why={
                "a": "That is the share for one column: here any of 200 may exceed the limit.",
                "b": "That is the share of |z| > 2 for one column.",
                "c": "1 - (1 - 0.0027)^200 = 0.42: who looks often finds often.",
                "d": "One ordinary value in 370 has |z| > 3, and each row holds 200 values.",
            },
        ),
        "q4": Question(
            "You scale a training table to 0..1 by min-max. One of 10,000 amounts was typed with three zeros too many. "
            "What happens to the other amounts?",
            {
                "a": "They all lie within a tiny part of the range, and the column says next to nothing any more.",
                "b": "Nothing, one value in 10,000 does not count.",
                "c": "They exceed 1.",
                "d": "They become NaN.",
            },
            answer="a",
            why={
                "a": "The range is set by the typing error; everything else shares a sliver of it.",
                "b": "One value is enough: it alone is the maximum, and so it sets the range for all.",
                "c": "In the training table nothing exceeds 1: the typing error itself is the 1.",
                "d": "That would need a range of 0, and this one is far too large.",
            },
        ),
    }
)


@task("2.10", "Which ruler?", passed="You choose a ruler by what may be wrong, not by habit.")
def which_ruler(answers: Any) -> None:
    """Choosing between fixed, robust and moving rulers."""
    quiz.grade(answers)
