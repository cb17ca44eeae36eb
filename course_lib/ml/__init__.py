"""Detectors of classical machine learning."""

from course_lib.ml.knn import KNN
from course_lib.ml.pca import PCA

__all__ = ["KNN", "PCA"]
