"""Where downloaded files lie, and whether they are there and right."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

from course_lib.data.registry import DataSet, RemoteFile

ENVIRONMENT_VARIABLE = "COURSE_DATA_DIR"

State = Literal["right", "missing", "broken"]


def cache_root() -> Path:
    """The folder that holds all data sets.

    Returns
    -------
    Path
        ``COURSE_DATA_DIR`` if it is set; else ``data/cache`` of the repository when the package runs from a checkout;
        else ``~/.cache/course_lib``, for a package that was installed without one. The folder need not exist yet.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _default_root(Path(__file__).resolve().parents[2])


def _default_root(above_package: Path) -> Path:
    """The cache of a checkout whose top folder is `above_package`, or the user's cache if that is no checkout."""
    if (above_package / "pyproject.toml").is_file() and (above_package / "data" / "README.md").is_file():
        return above_package / "data" / "cache"
    return Path.home() / ".cache" / "course_lib"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def is_present(file: RemoteFile, root: Path) -> bool:
    """Whether the file is there with the right size (the quick test that every loading affords)."""
    path = root / file.path
    return path.is_file() and path.stat().st_size == file.size


def state(file: RemoteFile, root: Path) -> State:
    """Whether the file is right, missing or broken, by its SHA-256."""
    if not (root / file.path).is_file():
        return "missing"
    if is_present(file, root) and sha256_of(root / file.path) == file.sha256:
        return "right"
    return "broken"


def is_complete(dataset: DataSet, root: Path | None = None) -> bool:
    """Whether every file of `dataset` is in the cache with the right size."""
    root = cache_root() if root is None else root
    return all(is_present(file, root) for file in dataset.files)
