"""Everything that a training run needs to go on after a break as if there had been none."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from course_lib.core.encoding import decode, encode
from course_lib.core.persistence import read_arrays, write_arrays

if TYPE_CHECKING:
    from course_lib.deep.training import DeepDetector

# Parameters that may differ between the run that wrote a checkpoint and the run that goes on from it.
FREE = {"epochs", "checkpoint", "resume", "device", "verbose", "threshold"}


@dataclass
class TrainingState:
    """The moving parts of a run: weights, optimisers, generators, history, and the best weights so far."""

    net: nn.Module
    optimisers: list[torch.optim.Optimizer]
    generator: torch.Generator
    seed: int
    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best: dict[str, torch.Tensor] | None = None
    best_loss: float = math.inf
    waited: int = 0


def run_settings(detector: DeepDetector, data: torch.Tensor) -> dict[str, Any]:
    """What must be the same for a checkpoint to fit: kind, parameters and training data."""
    params = {k: encode(v, k) for k, v in detector.get_params(deep=False).items() if k not in FREE}
    digest = hashlib.sha256(data.cpu().numpy().tobytes()).hexdigest()
    settings = {"detector": type(detector).__qualname__, **params, "training data": digest[:16]}
    return json.loads(json.dumps(settings))


def write_checkpoint(detector: DeepDetector, state: TrainingState, settings: dict[str, Any]) -> None:
    """Write the state after a finished epoch; a kill at any moment leaves the previous file or this one, whole."""
    arrays = {f"net.{k}": v for k, v in state.net.state_dict().items()}
    arrays.update({f"best.{k}": v for k, v in (state.best or {}).items()})
    groups = []
    for number, optimiser in enumerate(state.optimisers):
        saved = optimiser.state_dict()
        groups.append(saved["param_groups"])
        for index, moments in saved["state"].items():
            arrays.update({f"optimiser.{number}.{index}.{k}": v for k, v in moments.items()})
    arrays["generator.index"] = state.generator.get_state()
    arrays["generator.cpu"] = torch.get_rng_state()
    if detector.device_.startswith("cuda"):
        arrays["generator.cuda"] = torch.cuda.get_rng_state(detector.device_)
    elif detector.device_.startswith("mps"):
        arrays["generator.mps"] = torch.mps.get_rng_state()
    info = {
        "checkpoint": settings,
        "seed": state.seed,
        "epoch": state.epoch,
        "history": state.history,
        "best_loss": None if math.isinf(state.best_loss) else state.best_loss,
        "waited": state.waited,
        "groups": groups,
    }
    write_arrays(detector.checkpoint or "", {k: v.detach().cpu().numpy() for k, v in arrays.items()}, info)


def load_weights(net: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put saved `weights` into `net`, or raise ValueError when its ``build`` makes another network by now."""
    try:
        net.load_state_dict(weights)
    except RuntimeError:
        has = {name: tuple(value.shape) for name, value in net.state_dict().items()}
        saved = {name: tuple(value.shape) for name, value in weights.items()}
        name = next(name for name in [*has, *saved] if has.get(name) != saved.get(name))
        raise ValueError(
            f"The saved weights do not fit the network ({name} was {saved.get(name)} and is {has.get(name)} now): "
            "use the build that they were trained with."
        ) from None


@dataclass
class SavedRun:
    """A checkpoint that was read and found to fit."""

    arrays: dict[str, np.ndarray]
    info: dict[str, Any]

    @property
    def seed(self) -> int:
        """The seed that the interrupted run used."""
        return self.info["seed"]

    def _part(self, prefix: str) -> dict[str, torch.Tensor]:
        return {k[len(prefix) :]: torch.from_numpy(v) for k, v in self.arrays.items() if k.startswith(prefix)}

    def restore(self, state: TrainingState) -> None:
        """Bring a fresh run to where the interrupted one stood."""
        load_weights(state.net, self._part("net."))
        device = next(state.net.parameters()).device
        for number, optimiser in enumerate(state.optimisers):
            moments: dict[int, dict[str, torch.Tensor]] = {}
            for name, value in self._part(f"optimiser.{number}.").items():
                index, key = name.split(".", 1)
                moments.setdefault(int(index), {})[key] = value
            optimiser.load_state_dict({"state": moments, "param_groups": self.info["groups"][number]})
        generators = self._part("generator.")
        state.generator.set_state(generators["index"])
        torch.set_rng_state(generators["cpu"])
        if device.type == "cuda" and "cuda" in generators:
            torch.cuda.set_rng_state(generators["cuda"], device)
        elif device.type == "mps" and "mps" in generators:
            torch.mps.set_rng_state(generators["mps"])
        best = {k: v.to(device) for k, v in self._part("best.").items()}
        state.best = best or None
        state.best_loss = math.inf if self.info["best_loss"] is None else self.info["best_loss"]
        state.epoch, state.history, state.waited = (
            self.info["epoch"],
            self.info["history"],
            self.info["waited"],
        )


def read_checkpoint(detector: DeepDetector, needs: dict[str, Any]) -> SavedRun | None:
    """Read the detector's checkpoint, or give None when there is none yet.

    Raises
    ------
    ValueError
        If the file is broken, or belongs to another model, other parameters or other data.
    """
    path = Path(detector.checkpoint or "")
    if not path.exists():
        return None
    try:
        arrays, info = read_arrays(path)
    except ValueError as error:
        raise ValueError(f"{str(error).split(':')[0]}: delete the checkpoint or set resume=False.") from None
    if "checkpoint" not in info:
        raise ValueError(f"{path.name} is no training checkpoint: choose another file or set resume=False.")
    wrote = info["checkpoint"]
    for name in [*needs, *wrote]:
        if wrote.get(name) != needs.get(name):
            was, now = decode(wrote.get(name)), decode(needs.get(name))
            raise ValueError(
                f"{path.name} belongs to another training ({name} was {was!r} and is {now!r} now): "
                "choose another file or set resume=False."
            )
    if info["epoch"] > detector.epochs:
        raise ValueError(
            f"{path.name} has {info['epoch']} epochs behind it and epochs is {detector.epochs}: "
            "ask for at least as many, choose another file or set resume=False."
        )
    return SavedRun(arrays, info)
