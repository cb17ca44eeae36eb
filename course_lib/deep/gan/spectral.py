"""Spectral norm: a layer whose weights are divided by their largest singular value, followed from step to step."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

FIRST_ITERATIONS = 15


class SpectralNorm(nn.Module):
    """A linear or convolutional layer that never stretches the difference of two inputs by more than 1.

    (A convolution's weights count as a matrix, one row for each output channel, so that for it the bound is a rough
    one.) The largest singular value is found by power iteration: one step in each forward pass in training, because
    the weights hardly change between two of them. In evaluation the vectors rest.

    Parameters
    ----------
    layer : nn.Linear or nn.Conv2d

    References
    ----------
    Miyato, Kataoka, Koyama and Yoshida, 2018, Spectral Normalization for Generative Adversarial Networks.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d):
        super().__init__()
        self.layer = layer
        matrix = layer.weight.detach().flatten(1)
        self.left: torch.Tensor
        self.right: torch.Tensor
        self.register_buffer("left", functional.normalize(torch.randn(matrix.shape[0]), dim=0))
        self.register_buffer("right", functional.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(FIRST_ITERATIONS):
            self._iterate(matrix)

    @torch.no_grad()
    def _iterate(self, matrix: torch.Tensor) -> None:
        # New tensors: the gradient of an earlier forward pass still needs the old ones.
        self.right = functional.normalize(matrix.T @ self.left, dim=0)
        self.left = functional.normalize(matrix @ self.right, dim=0)

    @property
    def weight(self) -> torch.Tensor:
        """The layer's weights, divided."""
        matrix = self.layer.weight.flatten(1)
        return self.layer.weight / (self.left @ matrix @ self.right).clamp_min(1e-12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the layer makes of x with the divided weights."""
        if self.training:
            self._iterate(self.layer.weight.flatten(1))
        if isinstance(self.layer, nn.Linear):
            return functional.linear(x, self.weight, self.layer.bias)
        conv = self.layer
        return functional.conv2d(x, self.weight, conv.bias, conv.stride, conv.padding)


def normalise(*layers: nn.Module) -> nn.Sequential:
    """The layers in a row, the linear and convolutional ones under a spectral norm."""
    return nn.Sequential(
        *(SpectralNorm(layer) if isinstance(layer, (nn.Linear, nn.Conv2d)) else layer for layer in layers)
    )
