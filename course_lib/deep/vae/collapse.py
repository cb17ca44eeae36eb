"""Posterior collapse: latent units that say nothing about the row, how to count them, how to keep them alive."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from course_lib.core.validation import to_numpy


def active_units(means: Any, threshold: float = 0.01) -> np.ndarray:
    """Which latent units tell rows apart: the encoder's mean varies over the rows by more than `threshold`.

    Parameters
    ----------
    means : array-like, shape (n, latent_size)
        The encoder's means of at least two rows.
    threshold : float
        Of the variance over the rows; the prior's variance is 1.

    Returns
    -------
    ndarray of bool, shape (latent_size,)

    Raises
    ------
    ValueError
        If `means` is no table of at least two rows.

    References
    ----------
    Burda, Grosse and Salakhutdinov, 2016, Importance Weighted Autoencoders, section 5.2.
    """
    means = np.asarray(to_numpy(means), dtype=float)
    if means.ndim != 2 or len(means) < 2:
        raise ValueError(
            f"active_units needs means of shape (n, latent_size) with n of at least 2, but got {means.shape}."
        )
    return means.var(axis=0) > threshold


def free_bits_kl(kl: torch.Tensor, free_bits: float) -> torch.Tensor:
    """The divergence that training pays for: each unit's mean over the batch, or `free_bits` where that is more.

    A unit that carries less than `free_bits` nats gains nothing by carrying still less: it is not pressed to nothing.

    Parameters
    ----------
    kl : tensor, shape (n, latent_size)
    free_bits : float
        In nats, for each unit; 0 leaves the plain divergence.

    Returns
    -------
    scalar tensor

    References
    ----------
    Kingma, Salimans, Jozefowicz, Chen, Sutskever and Welling, 2016, Improved Variational Inference with Inverse
    Autoregressive Flow, appendix C.8.
    """
    return kl.mean(dim=0).clamp(min=free_bits).sum()


def annealed_beta(beta: float, epoch: int, annealing: int) -> float:
    """Weight of the divergence in an epoch, counted from 1: it starts at 0 and is `beta` after `annealing` epochs.

    References
    ----------
    Bowman, Vilnis, Vinyals, Dai, Jozefowicz and Bengio, 2016, Generating Sentences from a Continuous Space.
    """
    return beta * min(1.0, (epoch - 1) / annealing) if annealing else beta
