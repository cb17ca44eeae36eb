"""A deep detector's score: tensors go straight to its network, on its device."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.core.runtime import local_seed
from course_lib.deep.training import DeepDetector
from course_lib.explain.array_score import ArrayScore


class NetScore(ArrayScore):
    """A deep detector's score. Scaling acts on each feature alone, so rows are mixed after it, in float32."""

    def __init__(self, detector: DeepDetector):
        super().__init__(detector.decision_function, type(detector).__name__, detector.n_features_in_)
        self.detector = detector

    @property
    def rows_at_once(self) -> int:
        """On a processor so few that the activations stay in its cache."""
        return 8192 if self.detector.device_ == "cpu" else 2**18

    def rows(self, X: np.ndarray) -> torch.Tensor:
        """Rows (n, d), scaled, on the detector's device."""
        return self.detector._to_tensor(X)

    @torch.no_grad()
    def _piece_of(self, rows: torch.Tensor) -> torch.Tensor:
        detector = self.detector
        with local_seed(detector.seed_, torch.device(detector.device_)):
            return detector.anomaly_scores(detector.net_.eval(), rows)
