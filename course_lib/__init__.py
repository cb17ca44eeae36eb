"""Companion package of the anomaly detection course: everything a lesson imports.

Importing the package itself loads nothing heavy; each part loads what it needs when it is imported, for example
``from course_lib.deep import Autoencoder``.
"""

__version__ = "0.1.0"
