"""Write a file so that nobody ever meets half of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends, remove it when the block fails.

    Parameters
    ----------
    path : path
        The final file. Its folder is made if it is missing.

    Yields
    ------
    Path
        A temporary file in the same folder (a rename within one folder is atomic).

    Raises
    ------
    OSError
        If the folder cannot be made or written; the file at `path`, if there was one, is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    temporary.touch(exist_ok=False)  # with the usual permissions, unlike tempfile's private ones
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
