"""Measure a detector: ranking quality, quality at one threshold, quality on a series, and how far chance moves each."""

from course_lib.core.metrics.best import best_event_f1, best_f1
from course_lib.core.metrics.counting import Counts, confusion
from course_lib.core.metrics.evaluation import bootstrap_interval, evaluate
from course_lib.core.metrics.events import EventCounts, count_events, detection_delays, events, point_adjust
from course_lib.core.metrics.ranges import range_precision, range_recall
from course_lib.core.metrics.ranking import auroc, average_precision, precision_at_k
from course_lib.core.metrics.vus import vus, vus_pr, vus_roc

__all__ = [
    "Counts",
    "EventCounts",
    "auroc",
    "average_precision",
    "best_event_f1",
    "best_f1",
    "bootstrap_interval",
    "confusion",
    "count_events",
    "detection_delays",
    "evaluate",
    "events",
    "point_adjust",
    "precision_at_k",
    "range_precision",
    "range_recall",
    "vus",
    "vus_pr",
    "vus_roc",
]
