"""The concept questions of task 17.11."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

quiz = Quiz(
    {
        "q1": Question(
            "**Load.** Datagrams come at 8,000 a second in bursts of ten seconds, and 5,000 a second can be scored. An "
            "alert older than one second is worth nothing. What do you do until the faster model is ready?",
            {
                "a": "A queue without an end: nothing is lost, and after the burst it catches up.",
                "b": "A queue of 5,000 that drops the oldest and counts them.",
                "c": "A queue of 100,000, because memory is cheap.",
                "d": "Score every event of the burst later, from a file, and raise the alerts then.",
            },
            answer="b",
            why={
                "a": "After ten seconds 30,000 events wait, six seconds of work: alerts are too old in each.",
                "b": "5,000 events are one second of work: what is scored is fresh, and the loss is known.",
                "c": "It would let events wait for up to twenty seconds, twenty times what an alert is worth.",
                "d": "That is a good record for the day after, and no alarm within a second.",
            },
        ),
        "q2": Question(
            "**Delay.** The mean delay of a service is 3 ms, and the people on call say that alerts come late. Where "
            "do you look first?",
            {
                "a": "Nowhere: 3 ms is fast.",
                "b": "At the smallest delay.",
                "c": "At the mean of another day.",
                "d": "At p99 and p99.9, from the sender's clock to the message.",
            },
            answer="d",
            why={
                "a": "999 events of 1 ms and one of 2 s have a mean of 3 ms, and the one may be the alarm.",
                "b": "The smallest delay says how fast it could be, not how late it is.",
                "c": "A mean hides the slow ones on every day.",
                "d": "Bursts, pauses and slow sinks show in the tail, and only if the whole way is measured.",
            },
        ),
        "q3": Question(
            "**Drift.** The detector learns every event after it has scored it. A machine slowly overheats for two "
            "days, and no score is ever high. Which remedy fits?",
            {
                "a": "A second detector with a much longer memory beside the first.",
                "b": "Learn faster, so that it follows more closely.",
                "c": "A larger queue.",
                "d": "A longer cooldown.",
            },
            answer="a",
            why={
                "a": "What is slow for the short memory is a clear distance for the long one.",
                "b": "It would follow the fault even more obediently.",
                "c": "The queue only decides what waits and what is lost.",
                "d": "There was no alarm that a cooldown could follow.",
            },
        ),
        "q4": Question(
            "**Dirty input.** Since an update of their software, sensors of one factory send nothing at all, and the "
            "service reports: malformed 0, flagged 0, all well. What was missing?",
            {
                "a": "A lower threshold.",
                "b": "A stricter parser.",
                "c": "A clock that looks for streams that have gone silent.",
                "d": "A larger receive buffer.",
            },
            answer="c",
            why={
                "a": "No event, no score: there is nothing that any threshold could be compared with.",
                "b": "What does not come cannot be refused.",
                "c": "Only time itself can tell that something is missing.",
                "d": "The packets were never sent, so no buffer lost them.",
            },
        ),
        "q5": Question(
            "**People.** 400 messages came in a week, 12 of them about something real; the channel is muted now. Which "
            "change comes first?",
            {
                "a": "Send them to more people.",
                "b": "Several flagged events in a row, hysteresis, cooldown, one message an incident; then count what "
                "is caught.",
                "c": "Double every threshold, without looking further.",
                "d": "Group everything in the company into one incident a day.",
            },
            answer="b",
            why={
                "a": "More people will mute the channel.",
                "b": "Repetition goes first, since it carries no news; and the count shows what the change costs.",
                "c": "Repeated messages about the strong ones stay, and weak real ones are lost unseen.",
                "d": "One message a day, and every incident hidden behind the first.",
            },
        ),
    }
)


@task("17.11", "Five challenges", passed="Load, delay, drift, dirty input, people: you know a remedy for each.")
def five_challenges(answers: Any) -> None:
    """Challenges of a real-time detector, and remedies."""
    quiz.grade(answers)
