"""``python -m course_lib doctor``: what this machine has, and whether the course can run on it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING

import course_lib

if TYPE_CHECKING:
    import torch

# What a lesson cannot do without: the module's name, and its package's.
ESSENTIAL = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "psutil": "psutil",
    "torch": "torch",
    "torchvision": "torchvision",
}
PAIR = (
    "it was built for another torch. Install both anew, in one command and from one index: "
    "python -m pip install --force-reinstall torch torchvision"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: the command takes no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print what was found, one line each, then one sentence for each thing that is broken.

    Returns
    -------
    int
        0 when the course can run here, 1 when something essential is broken.
    """
    problems = []
    _line("Python", platform.python_version())
    _line("course_lib", course_lib.__version__)
    for module, package in ESSENTIAL.items():
        version, problem = _try_import(module, package)
        _line(package, version)
        problems += [problem] if problem else []
    _line("data", _data())
    _line("disk", _disk())
    if not problems:
        _line("memory", _memory())
        problems += _device_and_step()
    print()
    print("\n".join(problems) or "Everything that the course needs is there and works.")
    return int(bool(problems))


def _line(name: str, found: str) -> None:
    print(f"{name:15}{found}", flush=True)


def _try_import(module: str, package: str) -> tuple[str, str | None]:
    """The version of a package, and a sentence if it cannot be imported (its version number alone proves nothing)."""
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = "not installed"
    try:
        import_module(module)
    # A package that does not fit its neighbours fails with anything: RuntimeError, OSError, AttributeError...
    except Exception as error:
        reason = f"{package} cannot be imported ({type(error).__name__}: {_first_line(error)}): "
        if module == "torchvision" and not isinstance(error, ModuleNotFoundError):
            return f"{version}, broken", reason + PAIR
        return f"{version}, broken", reason + "set the environment up again with: python3 bootstrap.py env"
    return version, None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


def _data() -> str:
    from course_lib.data.cache import cache_root, is_complete
    from course_lib.data.registry import REGISTRY

    states = [f"{name} {'present' if is_complete(entry) else 'missing'}" for name, entry in REGISTRY.items()]
    hint = ""
    if any(state.endswith("missing") for state in states):
        hint = "; fetch with: python -m course_lib data fetch --all"
    return f"{', '.join(states)} (in {_short(cache_root())}){hint}"


def _short(path: Path) -> str:
    """The path as a person would write it: from here, or from home, if it lies below."""
    for base, sign in [(Path.cwd(), ""), (Path.home(), "~" + os.sep)]:
        if path.is_relative_to(base):
            return sign + str(path.relative_to(base))
    return str(path)


def _disk() -> str:
    from course_lib.data.cache import cache_root

    root = cache_root()
    existing = next(folder for folder in [root, *root.parents] if folder.exists())
    return f"{shutil.disk_usage(existing).free / 1e9:.0f} GB free for the data"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    return f"{memory.total / 2**30:.0f} GiB, {memory.available / 2**30:.0f} GiB of it available"


def _device_and_step() -> list[str]:
    """Print the device that ``device="auto"`` takes and the time of a training step on it; sentences on failure."""
    import torch

    from course_lib.core.runtime import resolve_device

    device = resolve_device("auto")
    if device.type == "cuda":
        gpu = torch.cuda.get_device_properties(device)
        _line("device", f"cuda: {gpu.name}, {gpu.total_memory / 2**30:.0f} GiB")
    else:
        _line("device", f"{device.type}: {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} used")
    try:
        milliseconds = 1000 * _training_step(device)
    except Exception as error:  # a driver that does not fit shows only here, as any kind of error
        return [
            f"A training step fails on {device.type} ({type(error).__name__}: {_first_line(error)}): "
            "give detectors device='cpu', or install a torch that fits this GPU's driver."
        ]
    _line("training step", f"{milliseconds:.1f} ms (784-64-784 network, batch of 64, {device.type})")
    return []


def _training_step(device: torch.device, repeats: int = 20) -> float:
    """Median seconds of one optimisation step of a small autoencoder."""
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 784)).to(device)
    optimiser = torch.optim.Adam(net.parameters())
    batch = torch.rand(64, 784, generator=torch.Generator().manual_seed(0)).to(device)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(net(batch), batch)
        loss.backward()
        optimiser.step()
        # Reading the value waits for the device: without it only the launch would be timed.
        loss.item()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[repeats // 2]
