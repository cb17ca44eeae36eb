"""Detectors of classical machine learning."""

from course_lib.ml.extended_isolation_forest import ExtendedIsolationForest
from course_lib.ml.isolation_forest import IsolationForest
from course_lib.ml.knn import KNN
from course_lib.ml.pca import PCA
from course_lib.ml.window_knn import WindowKNN

__all__ = ["KNN", "PCA", "ExtendedIsolationForest", "IsolationForest", "WindowKNN"]
