"""Detectors that stand on a GAN, and can take one that is already trained."""

from __future__ import annotations

import copy
from typing import Any, Self

import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_lib.core.runtime import draw_seed, resolve_device
from course_lib.core.validation import check_rows
from course_lib.deep.gan.gan import GAN
from course_lib.deep.gan.networks import Discriminator, Players
from course_lib.deep.parameters import check_parameters

PLAYERS = ("generator", "discriminator", "player")
# What the trained networks were built and trained by: nobody can ask for another afterwards.
SETTLED = (
    "architecture", "image_shape", "hidden_sizes", "channels", "latent_size", "output", "steadying",
    "discriminator_steps", "penalty_weight", "objective", "averaging", "scaling",
)  # fmt: skip
LEARNT = ("n_features_in_", "feature_names_in_", "shift_", "scale_", "device_", "seed_", "history_")


class OnGAN(GAN):
    """A detector whose generator and discriminator are those of a plain GAN."""

    @classmethod
    def from_gan(cls, gan: GAN, X: Any, **parameters: Any) -> Self:
        """Make the detector from a fitted GAN, whose two players stay as they are.

        Parameters
        ----------
        gan : GAN or a detector that stands on one
            Fitted.
        X : array-like, shape (n, n_features)
            Normal rows: what is still to be learnt is learnt from them, and the threshold placed on their scores.
        **parameters
            Of this detector, its device and its training included; all others are taken from `gan`.

        Raises
        ------
        ValueError
            If `gan` has other players than a plain GAN, or a parameter is out of range or belongs to the GAN.
        """
        check_is_fitted(gan)
        if not (isinstance(gan, GAN) and isinstance(gan.net_.discriminator, Discriminator)):
            raise ValueError(
                f"{cls.__name__} stands on the generator and discriminator of a GAN, and {type(gan).__name__} has "
                "others: pass a fitted GAN, AnoGAN or FAnoGAN."
            )
        names = set(cls._get_param_names())
        shared = {name: value for name, value in gan.get_params(deep=False).items() if name in names}
        cls._check_unsettled(shared, parameters)
        detector = cls(**{**shared, "checkpoint": None, "resume": False, **cls._without_training(), **parameters})
        detector._check()
        rule = detector._rule(detector.threshold)
        rule.check()
        rule.check_labels_given(None)
        for name in LEARNT:
            if hasattr(gan, name):
                setattr(detector, name, copy.deepcopy(getattr(gan, name)))
        if "random_state" in parameters:
            detector.seed_ = draw_seed(detector.random_state)
        if "device" in parameters:
            detector.device_ = str(resolve_device(detector.device))
        rows = check_rows(detector, X, reset=False, min_rows=cls._min_rows)
        check_parameters(detector, len(rows))
        net = copy.deepcopy(gan.net_).to(detector.device_)
        detector.net_ = detector._take(net, detector._to_tensor(rows))
        detector.decision_scores_ = detector._finite(detector._score(rows))
        detector._place(rule, detector.decision_scores_, None)
        return detector

    @classmethod
    def _check_unsettled(cls, of_gan: dict[str, Any], parameters: dict[str, Any]) -> None:
        for name, value in parameters.items():
            value = tuple(value) if isinstance(value, list) else value
            if name in SETTLED and value != of_gan[name]:
                raise ValueError(
                    f"{name}={value!r} contradicts the GAN, which was trained with {name}={of_gan[name]!r}: leave it "
                    "out, or fit a GAN of your own."
                )
            if name in ("checkpoint", "resume") and value:
                raise ValueError(f"from_gan keeps no checkpoint to go on from: leave {name} out.")

    @classmethod
    def _without_training(cls) -> dict[str, Any]:
        """Parameters that say that the GAN was trained elsewhere."""
        return {}

    def _take(self, net: Any, data: torch.Tensor) -> nn.Module:
        """The detector's network, made of a trained GAN's and, where there is more to it, taught on `data`."""
        return Players(**{name: part for name, part in net.named_children() if name in PLAYERS})
