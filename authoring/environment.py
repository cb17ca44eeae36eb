"""The course's own Python environment: made once, updated with the dependencies, repaired when broken.

Only the standard library is used: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STAMP = "course-stamp.json"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
Stamp = dict[str, object]
INSTALLING: Stamp = {"installing": True}


@dataclass(frozen=True)
class Wish:
    """What an environment should hold: the course, some of its dependency groups, the versions to take."""

    root: Path
    constraints: str
    groups: frozenset[str]
    cpu: bool

    @classmethod
    def read(cls, root: Path, constraints: str, groups: set[str], *, cpu: bool) -> Wish:
        """Check that the constraints file is there; ends the program with one sentence when it is not."""
        if constraints != "none" and not (root / constraints).is_file():
            sys.exit(f"There is no constraints file {root / constraints}: name another one, or none.")
        return cls(root, constraints, frozenset(groups), cpu)

    @property
    def fingerprint(self) -> str:
        """Changes with the dependencies, the versions asked for, and the folder of the course."""
        parts = [str(self.root).encode(), (self.root / "pyproject.toml").read_bytes()]
        if self.constraints != "none":
            parts.append((self.root / self.constraints).read_bytes())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def commands(self, python: Path) -> list[list[str]]:
        """The pip commands that fulfil the wish, to be run in `root`."""
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        if self.constraints != "none":
            pip += ["-c", self.constraints]
        course = [*pip, "-e", f".[{','.join(sorted(self.groups))}]" if self.groups else "."]
        # The pair goes first: the second command finds it there and leaves it alone.
        return [[*pip, "--index-url", CPU_INDEX, "torch", "torchvision"], course] if self.cpu else [course]


def prepare(venv: Path, wish: Wish, *, verbose: bool = False) -> Path:
    """Make or update the environment in `venv` where that is needed, and return its Python."""
    with _alone(venv):
        if read_stamp(venv) == INSTALLING:
            print("The last installation was cut off: the environment is made anew.", flush=True)
            _create(venv)
        python = _usable_python(venv)
        stamp = read_stamp(venv)
        if covers(stamp, wish):
            return python
        _announce(stamp, wish)
        everything = Wish(wish.root, wish.constraints, wish.groups | _groups(stamp), wish.cpu)
        _install(venv, python, everything, stamp, verbose=verbose)
    return python


def covers(stamp: Stamp, wish: Wish) -> bool:
    """Whether the environment that left this stamp needs nothing more."""
    return stamp.get("fingerprint") == wish.fingerprint and wish.groups <= _groups(stamp)


def read_stamp(venv: Path) -> Stamp:
    """What the last installation left behind: empty when there was none, INSTALLING when it never ended."""
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _groups(stamp: Stamp) -> frozenset[str]:
    groups = stamp.get("groups", [])
    return frozenset(map(str, groups)) if isinstance(groups, list) else frozenset()


def venv_python(venv: Path) -> Path:
    """Where an environment keeps its Python on this system."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _announce(stamp: Stamp, wish: Wish) -> None:
    if stamp:
        print("Bringing the environment up to date...", flush=True)
        return
    size = "2 GB of disk" if wish.cpu or sys.platform != "linux" else "6 GB of disk (2 GB with --cpu)"
    print(f"Installing the environment: some minutes, the first time only, and about {size}.", flush=True)


def _install(venv: Path, python: Path, wish: Wish, before: Stamp, *, verbose: bool) -> None:
    """Run pip; the stamp says INSTALLING meanwhile, and what is there once everything is in place."""
    _write_stamp(venv, INSTALLING)
    for command in wish.commands(python):
        if _run_pip(command, wish.root, verbose=verbose) != 0:
            # pip ended by itself and undid its half-made changes: what was there before still holds.
            _write_stamp(venv, before)
            sys.exit("The installation failed, see above: check network and disk space, then run it again.")
    _write_stamp(
        venv,
        {"fingerprint": wish.fingerprint, "groups": sorted(wish.groups), "constraints": wish.constraints},
    )


def _run_pip(command: list[str], root: Path, *, verbose: bool) -> int:
    """Run one pip command quietly, with a sign of life every minute, and show its output when it fails."""
    # A "user" setting in somebody's pip configuration cannot work inside an environment.
    variables = {**os.environ, "PIP_USER": "0"}
    if verbose:
        return subprocess.run(command, cwd=root, env=variables, check=False).returncode
    with tempfile.TemporaryFile() as log:
        quiet = [*command, "-q"]
        process = subprocess.Popen(quiet, cwd=root, env=variables, stdout=log, stderr=subprocess.STDOUT)
        try:
            status = _wait(process)
        except KeyboardInterrupt:
            process.wait()  # pip got the Ctrl-C too and undoes what it had begun
            raise
        if status != 0:
            log.seek(0)
            print(log.read().decode(errors="replace"), flush=True)
    return status


def _wait(process: subprocess.Popen[bytes]) -> int:
    start = time.monotonic()
    while True:
        try:
            return process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            print(f"  still installing ({(time.monotonic() - start) / 60:.0f} min)", flush=True)


def _usable_python(venv: Path) -> Path:
    """The environment's Python, after making or repairing the environment where needed."""
    python = venv_python(venv)
    if not _succeeds(python, "import sys; sys.exit(sys.version_info < (3, 11))"):
        _create(venv)
    elif not _succeeds(python, "import pip"):
        subprocess.run([str(python), "-m", "ensurepip", "-U"], check=False, capture_output=True)
        if not _succeeds(python, "import pip"):
            _create(venv)
    return python


def _succeeds(python: Path, code: str) -> bool:
    try:
        return subprocess.run([str(python), "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _create(venv: Path) -> None:
    """Make the environment from nothing; what was in its folder goes."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python cannot make environments (its modules venv and ensurepip are missing): "
            "on Debian and Ubuntu run `sudo apt install python3-venv`, then the same command again."
        )
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.exit(f"{result.stdout}{result.stderr}\nThe environment {venv} could not be made, see above.")


def _write_stamp(venv: Path, stamp: Stamp) -> None:
    aside = venv / f"{STAMP}.part"
    aside.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(aside, venv / STAMP)


@contextlib.contextmanager
def _alone(venv: Path) -> Iterator[None]:
    """Hold a lock beside the environment: two installations at once would spoil each other's."""
    with open(venv.with_name(f"{venv.name}.lock"), "a+b") as handle:
        waiting = False
        while not _try_lock(handle.fileno()):
            if not waiting:
                print("Another installation of this course is running: waiting for it.", flush=True)
                waiting = True
            time.sleep(1)
        yield


def _try_lock(descriptor: int) -> bool:
    """Take the lock unless somebody has it; the system frees it when its holder ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
