"""Detectors of classical statistics, and the rolling statistics they stand on."""

from course_lib.statistics.ewma import EWMA
from course_lib.statistics.iqr_fence import IQRFence
from course_lib.statistics.mahalanobis import Mahalanobis
from course_lib.statistics.modified_z_score import ModifiedZScore
from course_lib.statistics.moving_average import MovingAverage
from course_lib.statistics.rolling_median import RollingMedian
from course_lib.statistics.stl import stl
from course_lib.statistics.stl_residual import STLResidual
from course_lib.statistics.z_score import ZScore, largest_z

__all__ = [
    "EWMA",
    "IQRFence",
    "Mahalanobis",
    "ModifiedZScore",
    "MovingAverage",
    "RollingMedian",
    "STLResidual",
    "ZScore",
    "largest_z",
    "stl",
]
