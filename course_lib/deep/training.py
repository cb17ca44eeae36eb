"""The one training loop of the course: a model adds three short methods and becomes a detector.

``build(n_features)`` makes the network, ``loss(net, batch)`` is what training minimises, ``anomaly_scores(net, batch)``
says how anomalous each sample is. Models with several players replace ``optimisers`` and ``training_step``.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from course_lib.core.detector import Detector
from course_lib.core.preprocessing import apply_scaling, fit_scaling
from course_lib.core.runtime import draw_seed, local_seed, resolve_device
from course_lib.deep.checkpoint import TrainingState, load_weights, read_checkpoint, run_settings, write_checkpoint
from course_lib.deep.parameters import check_parameters

SCORING_ROWS = 4096


class Samples(Protocol):
    """What training draws its batches from: a tensor of rows, or windows that are cut only when asked for."""

    @property
    def device(self) -> torch.device: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: torch.Tensor, /) -> torch.Tensor: ...

    def split(self, size: int, /) -> Iterable[torch.Tensor]: ...


class DeepDetector(Detector):
    """A neural network as a detector. Subclasses list these parameters in their own ``__init__``.

    Parameters
    ----------
    epochs, batch_size : int
    learning_rate, weight_decay : float
        Of Adam (Kingma and Ba, 2015, Adam: A Method for Stochastic Optimization).
    validation_share : float in [0, 1)
        Share of the training rows that is held out to watch the loss; nothing is learnt from them.
    patience : int or None
        Stop after so many epochs without a better validation loss and go back to the best weights; None: never.
    scaling : {"standard", "minmax", "robust"} or None
        Of each feature, learnt in ``fit``; None where features share a scale already, as pixels do.
    checkpoint : path or None
        A file that is written anew after every epoch.
    resume : bool
        Go on from `checkpoint` if it exists, to the same weights, bit for bit, as a run without interruption.
    device : str
        "auto", "cpu", "cuda" or "mps".
    random_state : int or None
        Same seed, device and thread count: same result.
    verbose : bool
        Show a progress bar in a notebook or terminal.
    threshold : ThresholdRule or None

    Attributes
    ----------
    net_ : torch.nn.Module
    history_ : dict
        Lists with one number an epoch: ``loss`` (with several players, each one's loss by its name) and, with a
        validation share, ``validation_loss``.
    device_ : str
        The device that was used.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    validation_share: float
    patience: int | None
    scaling: str | None
    checkpoint: str | None
    resume: bool
    device: str
    random_state: int | None
    verbose: bool

    def build(self, n_features: int) -> nn.Module:
        """Make the network; torch is seeded when this is called."""
        raise NotImplementedError

    def loss(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """A scalar tensor, the mean over the batch of what training minimises."""
        raise NotImplementedError

    def anomaly_scores(self, net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        """A tensor of shape (batch,), higher is more anomalous."""
        raise NotImplementedError

    def begin_epoch(self, net: nn.Module, epoch: int) -> None:
        """Called before each epoch, counted from 1, for losses whose weights change as training goes on."""

    def optimisers(self, net: nn.Module) -> list[torch.optim.Optimizer]:
        """The optimisers that ``training_step`` uses."""
        fused = self.device_.startswith(("cpu", "cuda"))  # one kernel for all weights instead of several for each
        adam = torch.optim.Adam(
            net.parameters(), float(self.learning_rate), weight_decay=float(self.weight_decay), fused=fused
        )
        return [adam]

    def training_step(
        self, net: nn.Module, batch: torch.Tensor, optimisers: list[torch.optim.Optimizer]
    ) -> torch.Tensor | dict[str, torch.Tensor]:
        """Change the weights once and return the batch's loss, detached, or several players' losses by name."""
        (optimiser,) = optimisers
        optimiser.zero_grad()
        loss = self.loss(net, batch)
        loss.backward()
        optimiser.step()
        return loss.detach()

    @torch.enable_grad()  # whatever block the learner calls it in
    def _fit(self, X: np.ndarray) -> np.ndarray | None:
        check_parameters(self, len(X))
        device = resolve_device(self.device)
        self.device_ = str(device)
        self.seed_ = draw_seed(self.random_state)
        self.shift_, self.scale_ = self._learn_scaling(X)
        data = self._to_tensor(X)
        settings = self._run_settings(data) if self.checkpoint else {}
        saved = read_checkpoint(self, settings) if self.resume else None
        if saved is not None:
            self.seed_ = saved.seed
        with local_seed(self.seed_, device):
            net = self.build(X.shape[1]).to(device)
            state = TrainingState(net, self.optimisers(net), torch.Generator().manual_seed(self.seed_), self.seed_)
            train, held_out = self._split(data, state.generator)
            if saved is not None:
                saved.restore(state)
            self._run(state, train, held_out, settings)
        if self.patience is not None and state.best is not None:
            net.load_state_dict(state.best)
        self.net_, self.history_ = net, state.history
        return None

    def _learn_scaling(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return fit_scaling(X, self.scaling)

    def _run_settings(self, data: torch.Tensor) -> dict[str, Any]:
        return run_settings(self, data)

    def _split(self, data: torch.Tensor, generator: torch.Generator) -> tuple[Samples, Samples | None]:
        """Samples to learn from and samples to watch; here each row of `data` is one."""
        held_out = int(len(data) * self.validation_share)
        if held_out == 0:
            return data, None
        order = torch.randperm(len(data), generator=generator).to(data.device)
        return data[order[held_out:]], data[order[:held_out]]

    def _run(
        self,
        state: TrainingState,
        train: Samples,
        held_out: Samples | None,
        settings: dict[str, Any],
    ) -> None:
        notebook = "ipykernel" in sys.modules
        bar = tqdm(
            range(state.epoch, self.epochs),
            desc=type(self).__name__,
            leave=False,
            disable=not (self.verbose and (notebook or sys.stderr.isatty())),
            file=sys.stdout if notebook else sys.stderr,  # Jupyter paints stderr red
        )
        for _ in bar:
            if self.patience is not None and state.waited >= self.patience:
                break
            self.begin_epoch(state.net, state.epoch + 1)
            losses = self._train_epoch(state, train)
            if held_out is not None:
                losses["validation_loss"] = self._mean_loss(state.net, held_out)
            for name, value in losses.items():
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"{type(self).__name__} diverged in epoch {state.epoch + 1} ({name} is {value}): "
                        "lower learning_rate or scale the features."
                    )
                state.history.setdefault(name, []).append(value)
            bar.set_postfix({name: f"{value:.4g}" for name, value in losses.items()})
            self._note_best(state, losses.get("validation_loss"))
            state.epoch += 1
            if self.checkpoint:
                write_checkpoint(self, state, settings)

    def _train_epoch(self, state: TrainingState, train: Samples) -> dict[str, float]:
        state.net.train()
        # Index batches from a resident tensor: a DataLoader that fetches row by row costs more than a small network.
        order = torch.randperm(len(train), generator=state.generator).to(train.device)
        totals: dict[str, torch.Tensor] = {}
        for rows in order.split(int(self.batch_size)):
            losses = self.training_step(state.net, train[rows], state.optimisers)
            for name, loss in (losses if isinstance(losses, dict) else {"loss": losses}).items():
                totals[name] = totals.get(name, torch.zeros((), device=train.device)) + loss * len(rows)
        return {name: total.item() / len(train) for name, total in totals.items()}

    @torch.no_grad()
    def _mean_loss(self, net: nn.Module, data: Samples) -> float:
        net.eval()
        parts = [self.loss(net, batch) * len(batch) for batch in data.split(SCORING_ROWS)]
        return float(sum(parts) / len(data))

    def _note_best(self, state: TrainingState, validation_loss: float | None) -> None:
        if self.patience is None or validation_loss is None:
            return
        if validation_loss < state.best_loss:
            state.best_loss, state.waited = validation_loss, 0
            state.best = copy.deepcopy(state.net.state_dict())
        else:
            state.waited += 1

    def _to_tensor(self, X: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(apply_scaling(X, self.shift_, self.scale_)).to(self.device_)

    @torch.no_grad()
    def _score(self, X: np.ndarray) -> np.ndarray:
        self.net_.eval()
        with local_seed(self.seed_, torch.device(self.device_)):
            parts = [self.anomaly_scores(self.net_, batch) for batch in self._to_tensor(X).split(SCORING_ROWS)]
        # float32 as computed: more digits would be invented ones.
        return torch.cat(parts).float().cpu().numpy()

    def _get_state(self) -> dict[str, Any]:
        state = {k: v for k, v in vars(self).items() if k.endswith("_") and k not in ("net_", "history_")}
        state.update({f"net_.{k}": v.cpu().numpy() for k, v in self.net_.state_dict().items()})
        state.update({f"history_.{k}": np.array(v) for k, v in self.history_.items()})
        return state

    def _set_state(self, state: dict[str, Any]) -> None:
        weights = {k[5:]: torch.from_numpy(state.pop(k)) for k in list(state) if k.startswith("net_.")}
        self.history_ = {k[9:]: state.pop(k).tolist() for k in list(state) if k.startswith("history_.")}
        for name, value in state.items():
            setattr(self, name, value)
        try:
            device = resolve_device(self.device)
        except ValueError:  # saved on a machine with a GPU, read on one without
            device = torch.device("cpu")
        self.device_ = str(device)
        with local_seed(self.seed_, device):
            self.net_ = self.build(self.n_features_in_).to(device)
        load_weights(self.net_, weights)
