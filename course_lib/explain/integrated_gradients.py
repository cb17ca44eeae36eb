"""Integrated gradients: walk from an ordinary row to this one, and add up how much each feature raised the score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import local_seed
from course_lib.core.validation import check_rows, to_numpy
from course_lib.explain.explanation import Explanation
from course_lib.explain.feature_names import names_of

RULES = ("gauss-legendre", "midpoint")
PIECE = 4096  # rows that go through the network at once


class IntegratedGradients:
    """Attribute a score that has gradients, along the straight line from a baseline.

    ``value_j = (x_j - b_j) * integral of d score / d x_j at b + a (x - b) over a from 0 to 1``. The values sum to
    ``score(x) - score(b)`` (completeness) up to the error of the sum that stands for the integral, which falls as
    `steps` grows; ``explanation.gap()`` shows it.

    Parameters
    ----------
    detector : DeepDetector or callable
        A fitted network, or a function from float64 tensors (n, ...) to (n,) made of torch's operations.
        A series detector takes windows, shape (n, window, n_sensors).
    baseline : array-like, shape (n_features,) or (n_rows, n_features)
        What stands for "nothing unusual", in the units of the rows; of several rows the mean is taken. For windows
        (window, n_sensors) or (n_rows, window, n_sensors).
    steps : int
        Points on the line.
    rule : {"gauss-legendre", "midpoint"}
        Where the points lie and what each weighs. Gauss and Legendre's are exact for smooth scores with few points;
        both err where the score has kinks, as networks with ReLU have.
    feature_names : sequence of str, optional

    References
    ----------
    Sundararajan, Taly and Yan, 2017, Axiomatic Attribution for Deep Networks.
    """

    def __init__(
        self,
        detector: Any,
        baseline: Any,
        steps: int = 64,
        rule: str = "gauss-legendre",
        feature_names: Sequence[str] | None = None,
    ):
        self.detector = detector
        self.baseline = baseline
        self.steps = steps
        self.rule = rule
        self.feature_names = feature_names

    def explain(self, X: Any) -> Explanation:
        """Attribute the scores of `X`, shape (n, n_features) or (n, window, n_sensors).

        Raises
        ------
        TypeError
            If the score has no gradient.
        ValueError
            If shapes, `steps` or `rule` do not fit.
        """
        places, weights = integration_points(self.steps, self.rule)
        names = names_of(X, self.feature_names)
        data = np.asarray(to_numpy(X), dtype=np.float64)
        baseline = self._one_baseline(data)
        score, scaled, start = self._in_units_of_the_score(X, data, baseline)
        total = torch.zeros(scaled.shape, dtype=torch.float64, device=scaled.device)
        way = scaled - start
        rows = max(1, PIECE // len(places))
        points = torch.as_tensor(places, device=scaled.device).reshape(-1, *[1] * way.ndim)
        share = torch.as_tensor(weights, device=scaled.device).reshape(-1, *[1] * way.ndim)
        for first in range(0, len(way), rows):
            piece = slice(first, first + rows)
            line = start + points * way[piece]
            slopes = gradients(score, line.flatten(0, 1)).reshape(line.shape)
            total[piece] = (share * slopes).sum(dim=0)
        with torch.no_grad():
            base = score(start[None])
            scores = torch.cat([score(part) for part in scaled.split(PIECE)])
        return Explanation(
            values=(way * total).cpu().numpy(),
            base_value=float(base[0]),
            scores=scores.double().cpu().numpy(),
            data=data,
            feature_names=names,
            method=f"integrated gradients ({self.rule}, {self.steps} steps)",
        )

    def _one_baseline(self, data: np.ndarray) -> np.ndarray:
        if data.ndim < 2 or not len(data):
            raise ValueError(f"X needs shape (n, n_features) with at least one row, but has shape {data.shape}.")
        baseline = np.asarray(to_numpy(self.baseline), dtype=np.float64)
        if baseline.ndim == data.ndim and baseline.shape[1:] == data.shape[1:] and len(baseline):
            baseline = baseline.mean(axis=0)
        if baseline.shape != data.shape[1:]:
            raise ValueError(
                f"baseline needs shape {data.shape[1:]}, one row like those of X, or several of them, but has shape "
                f"{baseline.shape}."
            )
        if not np.isfinite(baseline).all():
            raise ValueError("baseline must be finite, but holds NaN or inf: drop or impute those values first.")
        return baseline

    def _in_units_of_the_score(
        self, X: Any, data: np.ndarray, baseline: np.ndarray
    ) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor, torch.Tensor]:
        """A score of tensors, and rows and baseline as it takes them: scaling moves no attribution."""
        detector = self.detector
        if not hasattr(detector, "anomaly_scores"):
            if not callable(detector):
                raise TypeError(
                    f"{type(detector).__name__} has no gradients: integrated gradients need a network or a function of "
                    "tensors, and KernelSHAP works for any score."
                )
            return detector, torch.as_tensor(data), torch.as_tensor(baseline)
        if hasattr(detector, "sensor_errors"):
            length = int(detector.window)
            if data.ndim != 3 or data.shape[1] != length or detector.warm_up or detector.difference:
                raise ValueError(
                    f"{type(detector).__name__} is explained window by window: X needs shape (n, {length}, n_sensors), "
                    f"and the detector warm_up=0 and difference=0, but X has shape {data.shape}."
                )
            check_rows(detector, data.reshape(-1, data.shape[2]), reset=False)
        else:
            check_rows(detector, X, reset=False)
        device = torch.device(detector.device_)
        shift, scale = detector.shift_, detector.scale_
        net = detector.net_.eval()
        clip = getattr(detector, "clip", None)

        def score(z: torch.Tensor) -> torch.Tensor:
            z = z.float() if clip is None else z.float().clamp(-float(clip), float(clip))
            # cuDNN's recurrent layers have no backward pass in evaluation.
            with local_seed(detector.seed_, device), torch.backends.cudnn.flags(enabled=z.device.type != "cuda"):
                return detector.anomaly_scores(net, z)

        rows, start = (torch.as_tensor((part - shift) / scale).to(device) for part in (data, baseline))
        return score, rows, start


def gradients(score: Callable[[torch.Tensor], torch.Tensor], points: torch.Tensor) -> torch.Tensor:
    """The gradient of `score` at each of `points`, shape (n, ...), in the same shape."""
    points = points.detach().requires_grad_(True)
    with torch.enable_grad():
        scores = score(points)
        if not scores.requires_grad:
            raise TypeError("The score has no gradient with respect to the rows: use KernelSHAP, which needs none.")
        (slopes,) = torch.autograd.grad(scores.sum(), points)
    return slopes


def integration_points(steps: int, rule: str = "gauss-legendre") -> tuple[np.ndarray, np.ndarray]:
    """Places in (0, 1) and weights that sum to 1: the weighted sum of a function there is close to its integral.

    Parameters
    ----------
    steps : int
        How many.
    rule : {"gauss-legendre", "midpoint"}

    Returns
    -------
    places, weights : ndarray, shape (steps,)
    """
    steps = check_whole("steps", steps, 1)
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, but is {rule!r}.")
    if rule == "midpoint":
        return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    places, weights = np.polynomial.legendre.leggauss(steps)
    return (places + 1) / 2, weights / 2
