"""Checks of the exercise set on the real-time detector: each tries an answer on fresh input and names the mistakes."""

from course_lib.checks.real_time.alerts import alarms, incidents, silent
from course_lib.checks.real_time.delivery import deliver
from course_lib.checks.real_time.measuring import lost, percentile
from course_lib.checks.real_time.packets import read_event
from course_lib.checks.real_time.questions import five_challenges, quiz
from course_lib.checks.real_time.queues import offer, queue_size
from course_lib.checks.real_time.table import streams

__all__ = [
    "alarms",
    "deliver",
    "five_challenges",
    "incidents",
    "lost",
    "offer",
    "percentile",
    "queue_size",
    "quiz",
    "read_event",
    "silent",
    "streams",
]
