"""Temporal convolutions: what a place sees doubles with every layer, and never lies in its future."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class CausalConvolution(nn.Conv1d):
    """A dilated convolution over time, padded in front only: place p sees p, p - dilation, p - 2 dilations, ..."""

    def __init__(self, n_in: int, n_out: int, kernel_size: int, dilation: int):
        super().__init__(n_in, n_out, kernel_size, dilation=dilation)
        self.reach = (kernel_size - 1) * dilation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From shape (n, n_in, length) to (n, n_out, length)."""
        return super().forward(nn.functional.pad(x, (self.reach, 0)))


class TemporalBlock(nn.Module):
    """Two causal convolutions beside a short cut."""

    def __init__(self, n_in: int, n_out: int, kernel_size: int, dilation: int):
        super().__init__()
        self.path = nn.Sequential(
            CausalConvolution(n_in, n_out, kernel_size, dilation),
            nn.ReLU(),
            CausalConvolution(n_out, n_out, kernel_size, dilation),
            nn.ReLU(),
        )
        self.short_cut = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From shape (n, n_in, length) to (n, n_out, length)."""
        return torch.relu(self.path(x) + self.short_cut(x))


class TemporalConvolutionNet(nn.Module):
    """Blocks of growing dilation and a linear readout.

    References
    ----------
    Bai, Kolter and Koltun, 2018, An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
    Modeling.
    """

    def __init__(self, n_sensors: int, hidden_size: int, kernel_size: int, dilations: Sequence[int]):
        super().__init__()
        sizes = [n_sensors, *[hidden_size] * len(dilations)]
        self.blocks = nn.Sequential(
            *(
                TemporalBlock(n_in, hidden_size, kernel_size, dilation)
                for n_in, dilation in zip(sizes, dilations, strict=False)
            )
        )
        self.readout = nn.Conv1d(hidden_size, n_sensors, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From windows of shape (n, window, n_sensors) to the same shape: place p has seen the places up to p."""
        return self.readout(self.blocks(x.transpose(1, 2))).transpose(1, 2)


def receptive_field(kernel_size: int, dilations: Sequence[int]) -> int:
    """Timestamps, the present one included, that an output of the network can see."""
    return 1 + 2 * (kernel_size - 1) * sum(dilations)
