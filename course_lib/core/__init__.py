"""The contract of every detector, and what all of them share."""

from course_lib.core import thresholds
from course_lib.core.adapter import as_sklearn
from course_lib.core.detector import Detector
from course_lib.core.metrics import bootstrap_interval, evaluate
from course_lib.core.persistence import load

__all__ = ["Detector", "as_sklearn", "bootstrap_interval", "evaluate", "load", "thresholds"]
