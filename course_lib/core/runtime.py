"""What a run needs to be repeatable: a device by name, seeds that stay local, the versions that were used."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def resolve_device(device: Any = "auto") -> torch.device:
    """Turn a device name into a device that exists here.

    Parameters
    ----------
    device : str or torch.device
        "auto" takes cuda, then mps, then cpu, whichever is there first.

    Raises
    ------
    ValueError
        If the name is unknown or the device is not on this machine.
    """
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps', but is {device!r}.") from None
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(wanted.type, False):
        raise ValueError(f"device {device!r} is not available on this machine: use device='auto'.")
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {device!r} is not available, this machine has {torch.cuda.device_count()} GPU(s).")
    return wanted


def draw_seed(random_state: int | None) -> int:
    """The seed itself, or a fresh one from the operating system when it is None."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and 0 <= random_state < 2**63:
        return int(random_state)
    raise ValueError(f"random_state must be None or a whole number from 0 to 2**63 - 1, but is {random_state!r}.")


@contextlib.contextmanager
def local_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch inside the block only; outside, the learner's own random state goes on as if nothing had happened."""
    import torch

    on_mps = device.type == "mps"
    # fork_rng knows cuda; Apple's generator is kept and put back by hand.
    kept = torch.mps.get_rng_state() if on_mps else None
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.default_generator.manual_seed(seed)
            if device.type == "cuda":
                with torch.cuda.device(device):
                    torch.cuda.manual_seed(seed)
            if on_mps:
                torch.mps.manual_seed(seed)
            yield
    finally:
        if kept is not None:
            torch.mps.set_rng_state(kept)


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide a result."""
    found = {"python": platform.python_version()}
    for name in ("numpy", "scipy", "scikit-learn", "torch"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
