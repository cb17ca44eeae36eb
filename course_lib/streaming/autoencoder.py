"""An autoencoder that keeps learning: a few steps of training for every few events."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from course_lib.core.parameters import check_whole
from course_lib.core.runtime import draw_seed
from course_lib.streaming.checks import check_number
from course_lib.streaming.moments import RunningMoments
from course_lib.streaming.piecewise import PiecewiseDetector

# Adam's usual constants.
DECAYS, TINY = (0.9, 0.999), 1e-8
# Standardised values beyond this say no more about how unusual an event is, and would tear at the weights.
FARTHEST = 10.0


class OnlineAutoencoder(PiecewiseDetector):
    """Mean squared reconstruction error of a small autoencoder that is trained while the stream goes on.

    Events are standardised by the running mean and deviation of their features. After every `batch_size` events the
    network takes `steps` steps of Adam, each on these events and as many drawn from the last `buffer_size`, so that it
    does not forget yesterday for today. Between two trainings the weights stand still. Only training uses torch; a
    score is a few small sums in NumPy. A missing feature is taken at its mean.

    Parameters
    ----------
    hidden_sizes : tuple of int
        Widths of the encoder's layers; the decoder mirrors them.
    latent_size : int
        Less than the number of features, or the network learns to copy.
    batch_size, steps, buffer_size : int
    learning_rate : float
    warm_up : int
        Events before the first score.
    random_state : int or None

    Attributes
    ----------
    losses_ : list of float
        Loss of the last step of each training.

    References
    ----------
    Rumelhart, Hinton and Williams, 1986, Learning Internal Representations by Error Propagation; Kingma and Ba, 2015,
    Adam: A Method for Stochastic Optimization.
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (16,),
        latent_size: int = 2,
        batch_size: int = 32,
        steps: int = 5,
        buffer_size: int = 1000,
        learning_rate: float = 0.01,
        warm_up: int = 200,
        random_state: int | None = None,
    ):
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.batch_size = batch_size
        self.steps = steps
        self.buffer_size = buffer_size
        self.learning_rate = learning_rate
        self.warm_up = warm_up
        self.random_state = random_state

    def _check(self) -> None:
        for name in ("latent_size", "batch_size", "steps", "buffer_size"):
            check_whole(name, getattr(self, name), 1)
        for size in self.hidden_sizes:
            check_whole("each of hidden_sizes", size, 1)
        check_whole("warm_up", self.warm_up, 2)
        check_number("learning_rate", self.learning_rate, 0)
        draw_seed(self.random_state)

    def _start(self, d: int) -> None:
        super()._start(d)
        self.generator_ = np.random.default_rng(draw_seed(self.random_state))
        sizes = [d, *self.hidden_sizes, self.latent_size, *reversed(self.hidden_sizes), d]
        self.weights_ = []
        for inputs, outputs in pairwise(sizes):
            bound = np.sqrt(6 / inputs)  # He's, for rectified units
            self.weights_.append(self.generator_.uniform(-bound, bound, (outputs, inputs)))
            self.weights_.append(np.zeros(outputs))
        self.first_moments_ = [np.zeros_like(weight) for weight in self.weights_]
        self.second_moments_ = [np.zeros_like(weight) for weight in self.weights_]
        self.moments_ = [RunningMoments() for _ in range(d)]
        self.buffer_ = np.empty((0, d))
        self.trained_ = 0
        self.losses_: list[float] = []

    def _next(self, n: int) -> int:
        return self.warm_up if n < self.warm_up else n + self.batch_size

    def _renew(self, piece: np.ndarray) -> None:
        for column, moments in zip(piece.T, self.moments_, strict=True):
            moments.learn_many(column[~np.isnan(column)])
        self.mean_ = np.array([moments.mean for moments in self.moments_])
        deviation = np.array([moments.deviation for moments in self.moments_])
        self.scale_ = np.where(deviation > 1e-9 * np.abs(self.mean_), deviation, np.maximum(np.abs(self.mean_), 1.0))
        self.buffer_ = np.concatenate([self.buffer_, piece])[-self.buffer_size :]
        # The warm-up is worth as many trainings as the same number of events later on.
        for part in np.array_split(piece, max(1, len(piece) // self.batch_size)):
            for _ in range(self.steps):
                past = self.buffer_[self.generator_.integers(len(self.buffer_), size=len(part))]
                loss = self._step(self._standardise(np.concatenate([part, past])))
            self.losses_.append(loss)
        self.ready_ = True

    def _step(self, batch: np.ndarray) -> float:
        """One step of Adam on the mean squared error of standardised rows."""
        import torch

        weights = [torch.tensor(weight, requires_grad=True) for weight in self.weights_]
        rows = torch.tensor(batch)
        out = rows
        for layer in range(0, len(weights), 2):
            out = torch.nn.functional.linear(out, weights[layer], weights[layer + 1])
            out = torch.relu(out) if layer in self._bent() else out
        loss = ((out - rows) ** 2).mean()
        gradients = torch.autograd.grad(loss, weights)
        self.trained_ += 1
        for place, gradient in enumerate(gradient.numpy() for gradient in gradients):
            first, second = self.first_moments_[place], self.second_moments_[place]
            first += (1 - DECAYS[0]) * (gradient - first)
            second += (1 - DECAYS[1]) * (gradient * gradient - second)
            size = np.sqrt(second / (1 - DECAYS[1] ** self.trained_)) + TINY
            self.weights_[place] -= self.learning_rate * (first / (1 - DECAYS[0] ** self.trained_)) / size
        return float(loss.detach())

    def _bent(self) -> set[int]:
        """Places of the hidden layers, which are rectified; latent layer and output are linear."""
        latent = 2 * len(self.hidden_sizes)
        return set(range(0, len(self.weights_) - 2, 2)) - {latent}

    def _standardise(self, X: np.ndarray) -> np.ndarray:
        return np.clip(np.nan_to_num((X - self.mean_) / self.scale_, nan=0.0), -FARTHEST, FARTHEST)

    def reconstruct(self, X: np.ndarray) -> np.ndarray:
        """Standardised rows as the network gives them back, shape (n, n_features); one row gives the bits of many."""
        out = X
        for layer in range(0, len(self.weights_), 2):
            out = (out[:, None, :] * self.weights_[layer]).sum(axis=2) + self.weights_[layer + 1]
            out = np.maximum(out, 0.0) if layer in self._bent() else out
        return out

    def _score_rows(self, X: np.ndarray) -> np.ndarray:
        rows = self._standardise(X)
        # Beyond the clip the network sees no more difference, but the score still grows.
        beyond = np.abs(np.nan_to_num((X - self.mean_) / self.scale_, nan=0.0)) - np.abs(rows)
        return (((rows - self.reconstruct(rows)) ** 2) + beyond).mean(axis=1)
