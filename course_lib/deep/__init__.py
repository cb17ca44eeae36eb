"""Detectors that are neural networks, on one training loop."""

from course_lib.deep.autoencoder import Autoencoder
from course_lib.deep.training import DeepDetector

__all__ = ["Autoencoder", "DeepDetector"]
