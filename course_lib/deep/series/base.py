"""What the deep detectors of series share: windows in, one score per timestamp out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import is_spread
from course_lib.core.runtime import local_seed
from course_lib.core.thresholds import ThresholdRule
from course_lib.core.validation import check_rows, to_numpy
from course_lib.core.windows import Spreader, WindowPlan, plan_windows
from course_lib.deep.series.parameters import check_series_parameters
from course_lib.deep.series.windows import Windows
from course_lib.deep.training import DeepDetector


class SeriesDetector(DeepDetector):
    """A network that sees windows of a series; subclasses write ``build``, ``loss`` and ``step_errors``.

    `X` is one series of shape (n_timestamps, n_sensors), evenly sampled, and gets one score per timestamp: the mean
    over the windows that cover it. Or `X` holds whole sequences, shape (n_sequences, length, n_sensors), none of which
    shares a window with another, and gets one score per sequence, the mean over its timestamps.

    Where readings are missing, pass `breaks`, the rows that begin a new stretch (see
    :func:`course_lib.core.windows.breaks_in_time`): no window crosses one. Stretches shorter than a window are not
    learnt from; when they are scored, copies of their first row fill the window up.

    Parameters
    ----------
    window : int
        Timestamps in a window.
    stride : int
        From one training window's start to the next.
    scoring_stride : int or None
        The same when scoring; None: `stride`. Every timestamp is covered, whatever the stride.
    validation_share : float in [0, 1)
        The last windows in time are held out; windows that overlap them are not learnt from either.
    scaling : {"standard", "minmax", "robust"} or None
        Of each sensor. One that was constant in training has no unit of its own and takes the median of the others.
    clip : float or None
        Scaled readings are cut to this range on both sides, so that no sensor can drown all others. None: they are not.
    difference : int
        Lag; the network sees ``x[t] - x[t - lag]``: 1 takes a trend away, a period takes a season away. 0: `X` itself.
    epochs, batch_size, learning_rate, weight_decay, patience, checkpoint, resume, device, random_state, verbose,
    threshold
        See :class:`course_lib.deep.training.DeepDetector`.
    """

    window: int
    stride: int
    scoring_stride: int | None
    clip: float | None
    difference: int

    warm_up = 0  # rows at a window's start that are read and not judged

    def step_errors(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """How anomalous each reading is: from shape (n, window, n_sensors) to (n, window - warm_up, n_sensors)."""
        raise NotImplementedError

    def anomaly_scores(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """Mean of the errors of each window, shape (n,)."""
        return self.step_errors(net, batch).mean(dim=(1, 2))

    def fit(self, X: Any, y: Any = None, breaks: Any = None) -> SeriesDetector:
        """Learn what is normal from a series or from whole sequences.

        Parameters
        ----------
        X : array-like, shape (n_timestamps, n_sensors) or (n_sequences, length, n_sensors)
        y : array-like of 0 and 1, optional
            Only for threshold rules that need labels: one per timestamp or sequence.
        breaks : array-like of int, optional
            Rows that begin a new stretch.

        Returns
        -------
        self
        """
        series, self._breaks, self._length = lay_out(X, breaks)
        try:
            super().fit(series, y)
        finally:
            del self._breaks, self._length
        return self

    def decision_function(self, X: Any, breaks: Any = None) -> np.ndarray:
        """One score per timestamp or sequence of `X`: finite floats, higher is more anomalous."""
        check_is_fitted(self)
        series, breaks, length = lay_out(X, breaks)
        scores = self._sensor_errors(check_rows(self, series, reset=False), breaks).mean(axis=1)
        return self._finite(_per_sample(scores, length))

    def predict(self, X: Any, breaks: Any = None) -> np.ndarray:
        """One label per timestamp or sequence of `X`: 1 = anomaly, 0 = normal."""
        check_is_fitted(self)
        return self._label(self.decision_function(X, breaks))

    def set_threshold(self, X: Any, y: Any = None, rule: ThresholdRule | None = None, breaks: Any = None) -> Detector:
        """Place the threshold anew on the scores of `X`, see :meth:`course_lib.core.Detector.set_threshold`."""
        if breaks is None:
            return super().set_threshold(X, y, rule)
        self._place(self._rule(self.threshold if rule is None else rule), self.decision_function(X, breaks), y)
        return self

    def sensor_errors(self, X: Any, breaks: Any = None) -> np.ndarray:
        """What each reading adds to the score, in the shape of `X`; the score is the mean over the sensors."""
        check_is_fitted(self)
        series, breaks, length = lay_out(X, breaks)
        errors = self._sensor_errors(check_rows(self, series, reset=False), breaks)
        return errors if length is None else errors.reshape(-1, length, errors.shape[1])

    def _fit(self, X: np.ndarray) -> np.ndarray:
        check_series_parameters(self)
        series = self._differenced(X, self._breaks)
        super()._fit(series)
        self._after_training(series)
        return _per_sample(self._sensor_errors(X, self._breaks).mean(axis=1), self._length)

    def _after_training(self, series: np.ndarray) -> None:
        """What a subclass learns from `series` (differenced, not scaled) once the network is trained."""

    def _learn_scaling(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shift, scale = super()._learn_scaling(X)
        moves = is_spread(X, X.std(axis=0))
        if self.scaling is not None and moves.any():
            scale = np.where(moves, scale, np.median(scale[moves]))
        return shift, scale

    def _to_tensor(self, X: np.ndarray) -> torch.Tensor:
        with np.errstate(over="ignore"):  # what is beyond float32 is cut to the clip like everything beyond it
            series = super()._to_tensor(X)
        return series if self.clip is None else series.clamp(-float(self.clip), float(self.clip))

    def _run_settings(self, data: torch.Tensor) -> dict[str, Any]:
        breaks = np.asarray([] if self._breaks is None else self._breaks, dtype=np.int64)
        return {**super()._run_settings(data), "breaks": hashlib.sha256(breaks.tobytes()).hexdigest()[:16]}

    def _differenced(self, X: np.ndarray, breaks: Any) -> np.ndarray:
        """X minus its values `difference` rows before; a stretch's first rows take the first difference there is."""
        if not self.difference:
            return X
        plan = plan_windows(len(X), 1, breaks=breaks)  # a window is a row here: the plan knows its stretch
        rows = np.clip(plan.starts, np.minimum(plan.first + int(self.difference), plan.last), None)
        X = np.asarray(X, dtype=np.float64)
        return X[rows] - X[np.maximum(rows - int(self.difference), plan.first)]

    def _plan(self, n: int, stride: int, breaks: Any) -> WindowPlan:
        return plan_windows(n, int(self.window) - self.warm_up, int(stride), breaks=breaks)

    def _split(self, data: torch.Tensor, generator: torch.Generator | None = None) -> tuple[Windows, Windows | None]:
        """Windows to learn from and, after them in time and without a common timestamp, windows to watch."""
        plan = self._plan(len(data), self.stride, self._breaks)
        begins = plan.starts - self.warm_up
        whole = np.flatnonzero(begins >= plan.first)
        if not len(whole):
            raise ValueError(
                f"No stretch of the series is as long as a window: the longest has {_longest(plan)} timestamps and "
                f"window is {self.window}, so choose a shorter window."
            )
        n_held = int(len(whole) * self.validation_share)
        if n_held == 0:
            if self.patience is not None:
                raise ValueError(
                    f"patience needs held-out windows to watch, but a validation_share of {self.validation_share} of "
                    f"{len(whole)} windows holds none out: raise it or set patience=None."
                )
            return Windows(data, plan, whole, self.warm_up), None
        held_out = whole[-n_held:]
        learnt = whole[plan.starts[whole] + plan.length <= begins[held_out[0]]]
        if not len(learnt):
            raise ValueError(
                f"All windows overlap the {n_held} held-out ones: choose a window shorter than {self.window}, a "
                f"validation_share below {self.validation_share}, or a longer series."
            )
        return Windows(data, plan, learnt, self.warm_up), Windows(data, plan, held_out, self.warm_up)

    def _sensor_errors(self, X: np.ndarray, breaks: Any) -> np.ndarray:
        return self._spread(self.step_errors, self._to_tensor(self._differenced(X, breaks)), breaks)

    @torch.no_grad()
    def _spread(
        self, function: Callable[[nn.Module, torch.Tensor], torch.Tensor], series: torch.Tensor, breaks: Any
    ) -> np.ndarray:
        """Mean over the covering windows of what `function` gives for each reading, shape (n, n_sensors)."""
        plan = self._plan(len(series), self.scoring_stride or self.stride, breaks)
        windows, spreader = Windows(series, plan, warm_up=self.warm_up), Spreader(plan)
        self.net_.eval()
        with local_seed(self.seed_, torch.device(self.device_)):
            for piece in windows.pieces():
                spreader.add(piece, function(self.net_, windows[piece]).float().cpu().numpy())
        return spreader.mean()


def lay_out(X: Any, breaks: Any) -> tuple[Any, Any, int | None]:
    """Put whole sequences one after the other, with a break between any two: series, breaks, length of a sequence."""
    X = to_numpy(X)
    if getattr(X, "ndim", 2) != 3:
        return X, breaks, None
    if breaks is not None:
        raise ValueError("Whole sequences, X of shape (n_sequences, length, n_sensors), have no breaks: leave it out.")
    n, length, n_sensors = X.shape
    return X.reshape(n * length, n_sensors), np.arange(1, n) * length, length


def _per_sample(scores: np.ndarray, length: int | None) -> np.ndarray:
    return scores if length is None else scores.reshape(-1, length).mean(axis=1)


def _longest(plan: WindowPlan) -> int:
    return int((plan.last - plan.first).max()) + 1
