"""Why a row was flagged: what each feature adds to its score, by several methods, and tests that they tell the truth.

The names load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.lazy import lazy_names

if TYPE_CHECKING:
    from course_lib.explain.consistency import Stability, agreement, stability
    from course_lib.explain.counterfactual import Changes, Counterfactual
    from course_lib.explain.exact_shapley import ExactShapley
    from course_lib.explain.explanation import Explanation
    from course_lib.explain.faithfulness import DeletionCurve, additivity_gap, deletion_curve
    from course_lib.explain.feature_error import FeatureError, error_map
    from course_lib.explain.grouping import Groups, group_anomalies
    from course_lib.explain.incident_page.page import Report, report
    from course_lib.explain.integrated_gradients import IntegratedGradients
    from course_lib.explain.kernel_shap import KernelSHAP
    from course_lib.explain.known_causes import hit_rate, precision_at
    from course_lib.explain.lime import LIME
    from course_lib.explain.lime_image import LIMEImage
    from course_lib.explain.permutation_shapley import PermutationShapley
    from course_lib.explain.surrogate import Surrogate, weighted_ridge
    from course_lib.explain.usual_size import over_usual_size

_HOMES = {
    "Changes": "counterfactual",
    "Counterfactual": "counterfactual",
    "DeletionCurve": "faithfulness",
    "ExactShapley": "exact_shapley",
    "Explanation": "explanation",
    "FeatureError": "feature_error",
    "Groups": "grouping",
    "IntegratedGradients": "integrated_gradients",
    "KernelSHAP": "kernel_shap",
    "LIME": "lime",
    "LIMEImage": "lime_image",
    "PermutationShapley": "permutation_shapley",
    "Report": "incident_page.page",
    "Stability": "consistency",
    "Surrogate": "surrogate",
    "additivity_gap": "faithfulness",
    "agreement": "consistency",
    "deletion_curve": "faithfulness",
    "error_map": "feature_error",
    "group_anomalies": "grouping",
    "hit_rate": "known_causes",
    "over_usual_size": "usual_size",
    "precision_at": "known_causes",
    "report": "incident_page.page",
    "stability": "consistency",
    "weighted_ridge": "surrogate",
}

__all__ = [
    "LIME",
    "Changes",
    "Counterfactual",
    "DeletionCurve",
    "ExactShapley",
    "Explanation",
    "FeatureError",
    "Groups",
    "IntegratedGradients",
    "KernelSHAP",
    "LIMEImage",
    "PermutationShapley",
    "Report",
    "Stability",
    "Surrogate",
    "additivity_gap",
    "agreement",
    "deletion_curve",
    "error_map",
    "group_anomalies",
    "hit_rate",
    "over_usual_size",
    "precision_at",
    "report",
    "stability",
    "weighted_ridge",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
