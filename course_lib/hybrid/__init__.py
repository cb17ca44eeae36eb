"""Detectors made of other detectors: on residuals, on learnt features, side by side, one after the other."""

from course_lib.hybrid.baseline import Baseline
from course_lib.hybrid.cascade import Cascade
from course_lib.hybrid.combination import Combination, agreement
from course_lib.hybrid.deep_features import DeepFeatures
from course_lib.hybrid.group import GroupBaseline
from course_lib.hybrid.normalise import ScoreNormaliser
from course_lib.hybrid.pointwise import Fences, Standardise
from course_lib.hybrid.recommended import recommended_detectors
from course_lib.hybrid.residual import Residual
from course_lib.hybrid.rolling import RollingMedianBaseline
from course_lib.hybrid.seasonal import SeasonalBaseline, STLBaseline
from course_lib.hybrid.stacked import StackedCombination

__all__ = [
    "Baseline",
    "Cascade",
    "Combination",
    "DeepFeatures",
    "Fences",
    "GroupBaseline",
    "Residual",
    "RollingMedianBaseline",
    "STLBaseline",
    "ScoreNormaliser",
    "SeasonalBaseline",
    "StackedCombination",
    "Standardise",
    "agreement",
    "recommended_detectors",
]
