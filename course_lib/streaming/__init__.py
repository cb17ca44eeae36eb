"""Learning one event at a time: statistics, detectors, drift detectors and thresholds for streams.

The names load when they are first used; torch only when an :class:`OnlineAutoencoder` is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.lazy import lazy_names

if TYPE_CHECKING:
    from course_lib.streaming.adwin import ADWIN
    from course_lib.streaming.autoencoder import OnlineAutoencoder
    from course_lib.streaming.covariance import RunningCovariance
    from course_lib.streaming.decayed import DecayedMoments
    from course_lib.streaming.detector import StreamingDetector
    from course_lib.streaming.drift import DriftDetector
    from course_lib.streaming.feedback import FeedbackThreshold
    from course_lib.streaming.forecast import OnlineForecast
    from course_lib.streaming.guarded import Guarded
    from course_lib.streaming.half_space_trees import HalfSpaceTrees
    from course_lib.streaming.k_means import OnlineKMeans
    from course_lib.streaming.kswin import KSWIN
    from course_lib.streaming.mahalanobis import OnlineMahalanobis
    from course_lib.streaming.moments import RunningMoments
    from course_lib.streaming.online import Online, load
    from course_lib.streaming.p2_quantile import P2Quantile
    from course_lib.streaming.page_hinkley import PageHinkley
    from course_lib.streaming.peaks_threshold import StreamingPeaksOverThreshold
    from course_lib.streaming.quantile_threshold import RollingQuantileThreshold
    from course_lib.streaming.random_cut_forest import RandomCutForest
    from course_lib.streaming.robust_z import OnlineRobustZScore
    from course_lib.streaming.rolling_quantile import RollingQuantile
    from course_lib.streaming.service.engine import Engine
    from course_lib.streaming.service.policy import AlertPolicy
    from course_lib.streaming.spacing import spaced_alarms
    from course_lib.streaming.threshold import StreamingThreshold
    from course_lib.streaming.z_score import OnlineZScore

_HOMES = {
    "ADWIN": "adwin",
    "AlertPolicy": "service.policy",
    "DecayedMoments": "decayed",
    "DriftDetector": "drift",
    "Engine": "service.engine",
    "FeedbackThreshold": "feedback",
    "Guarded": "guarded",
    "HalfSpaceTrees": "half_space_trees",
    "KSWIN": "kswin",
    "Online": "online",
    "OnlineAutoencoder": "autoencoder",
    "OnlineForecast": "forecast",
    "OnlineKMeans": "k_means",
    "OnlineMahalanobis": "mahalanobis",
    "OnlineRobustZScore": "robust_z",
    "OnlineZScore": "z_score",
    "P2Quantile": "p2_quantile",
    "PageHinkley": "page_hinkley",
    "RandomCutForest": "random_cut_forest",
    "RollingQuantile": "rolling_quantile",
    "RollingQuantileThreshold": "quantile_threshold",
    "RunningCovariance": "covariance",
    "RunningMoments": "moments",
    "StreamingDetector": "detector",
    "StreamingPeaksOverThreshold": "peaks_threshold",
    "StreamingThreshold": "threshold",
    "load": "online",
    "spaced_alarms": "spacing",
}

__all__ = [
    "ADWIN",
    "KSWIN",
    "AlertPolicy",
    "DecayedMoments",
    "DriftDetector",
    "Engine",
    "FeedbackThreshold",
    "Guarded",
    "HalfSpaceTrees",
    "Online",
    "OnlineAutoencoder",
    "OnlineForecast",
    "OnlineKMeans",
    "OnlineMahalanobis",
    "OnlineRobustZScore",
    "OnlineZScore",
    "P2Quantile",
    "PageHinkley",
    "RandomCutForest",
    "RollingQuantile",
    "RollingQuantileThreshold",
    "RunningCovariance",
    "RunningMoments",
    "StreamingDetector",
    "StreamingPeaksOverThreshold",
    "StreamingThreshold",
    "load",
    "spaced_alarms",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
