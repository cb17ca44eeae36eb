"""Download the files of a data set: mirrors in turn, checksum first, and no half file whatever happens."""

from __future__ import annotations

import errno
import gzip
import math
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from course_lib.data.cache import ENVIRONMENT_VARIABLE, cache_root, is_present, state
from course_lib.data.registry import DataSet, RemoteFile, find
from course_lib.data.transfer import QUICK, Patience, TransferFailed, host_of, open_url, receive


class DownloadError(Exception):
    """A data set cannot be had. The message is one sentence: what is missing, why, and what to do.

    Parameters
    ----------
    message : str
        The whole story, with hosts and paths.
    reason, remedy : str, optional
        The same in two short lines, for a learner whose lesson goes on without the data; by default the message.
    """

    def __init__(self, message: str, reason: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message
        self.remedy = remedy

    def notice(self, substitute: str, original: str) -> str:
        """What a lesson prints when it goes on with `substitute` instead of `original`: three short lines."""
        lines = (
            f"Using {substitute} instead of {original}.",
            f"Numbers in a lesson's text are those of the real data. {self.reason}",
            self.remedy,
        )
        return "\n".join(filter(None, lines))


def fetch(
    dataset: str | DataSet,
    *,
    root: Path | None = None,
    offline: bool = False,
    recheck: bool = False,
    patience: Patience = QUICK,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Make sure that every file of a data set is in the cache, and download what is missing.

    An archive that lies beside its target (``.../train-images-idx3-ubyte.gz``) is used before any mirror is asked.

    Parameters
    ----------
    dataset : str or DataSet
        A name from the registry, or an entry.
    root : path, optional
        Cache folder; by default what `cache_root` says. It is written only if something is missing.
    offline : bool
        Never use the network.
    recheck : bool
        Trust files that are there only if their SHA-256 is right, and not for their size alone.
    patience : Patience
        Time-outs and attempts.
    report : callable, optional
        Called with one line of text when a file begins to arrive.

    Returns
    -------
    Path
        The cache folder.

    Raises
    ------
    DownloadError
        If a file cannot be had or cannot be stored. Nothing half-written is left, and files that were there stay.
    ValueError
        If the registry has no entry of that name.
    """
    entry = find(dataset) if isinstance(dataset, str) else dataset
    root = cache_root() if root is None else Path(root)
    for file in entry.files:
        trusted = state(file, root) == "right" if recheck else is_present(file, root)
        if not trusted:
            _fetch_file(file, entry, root, () if offline else entry.mirrors, patience, report or _say_nothing)
    return root


def _say_nothing(line: str) -> None:
    """The report of a caller who wants none."""


def _fetch_file(
    file: RemoteFile,
    entry: DataSet,
    root: Path,
    mirrors: tuple[str, ...],
    patience: Patience,
    report: Callable[[str], None],
) -> None:
    """Get one file from the archive beside it or from the first mirror that delivers."""
    target = root / file.path
    archive = target.parent / Path(file.remote).name
    failures: dict[str, list[str]] = {}
    try:
        if archive != target and archive.is_file():
            try:
                with archive.open("rb") as source:
                    _store(source, target, file)
                return
            except TransferFailed:
                failures["is damaged"] = [f"the archive {archive}"]
        for mirror in mirrors:
            failure = _fetch_from(mirror, file, target, patience, patience.connect / len(mirrors), report)
            if failure is None:
                return
            failures.setdefault(failure, []).append(host_of(mirror))
    except OSError as error:
        message, reason = _disk_sentence(error, file, target, root), "They could not be stored on this disk."
        raise DownloadError(message, reason, _remedy(entry)) from error
    if not mirrors:
        failures["and the network is not to be used"] = ["it is not in the cache"]
    reasons = ", ".join(f"{' and '.join(who)} {what}" for what, who in failures.items())
    raise DownloadError(
        f"{entry.name} is not available, because {file.path} could not be had: {reasons}; "
        f"try `python -m course_lib data fetch {entry.name}` with a network, put the file at {archive}, "
        f"or set {ENVIRONMENT_VARIABLE} to a folder that has {file.path}.",
        "Their download failed (no network?)." if mirrors else "No download: offline was asked for.",
        _remedy(entry),
    )


def _remedy(entry: DataSet) -> str:
    """The one command that tries again, and says more when it fails too."""
    return f"To try again, or to see why: python -m course_lib data fetch {entry.name}"


def _fetch_from(
    mirror: str,
    file: RemoteFile,
    target: Path,
    patience: Patience,
    connect: float,
    report: Callable[[str], None],
) -> str | None:
    """Try one mirror as often as it makes sense; return what went wrong the last time, None if nothing did."""
    attempt = 1
    while True:
        try:
            with open_url(mirror + file.remote, connect, patience.read) as response:
                report(f"Downloading {file.path} ({_amount(file.remote_size)}) from {host_of(mirror)}")
                _store(response, target, file)
            return None
        except TransferFailed as failure:
            if attempt >= patience.attempts or not failure.may_pass:
                return str(failure)
        time.sleep(patience.pause * 2 ** (attempt - 1))
        attempt += 1


def _store(source: IO[bytes], target: Path, file: RemoteFile) -> None:
    """Receive into a nameless file, check, and only then unpack to `target`: unchecked bytes are never unpacked."""
    # With course_lib.core comes scikit-learn, which the command line does not need for its help and its lists.
    from course_lib.core.atomic import atomic_write

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=target.parent) as received:
        receive(source, received, file.remote_size, file.remote_sha256)
        received.seek(0)
        unpacked: IO[bytes] = received
        if file.remote.endswith(".gz") and not file.path.endswith(".gz"):
            unpacked = gzip.GzipFile(fileobj=received)  # type: ignore[assignment]
        with atomic_write(target) as temporary, open(temporary, "wb") as sink:
            shutil.copyfileobj(unpacked, sink, 1 << 20)


def _amount(size: int) -> str:
    """Bytes in words, for a person."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{math.ceil(size / 1e3)} kB"


def _disk_sentence(error: OSError, file: RemoteFile, target: Path, root: Path) -> str:
    """One sentence for a failure of the disk rather than of the network."""
    need = math.ceil((file.size + file.remote_size) / 1e6)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{file.path} could not be stored because the disk is full: free {need} MB for {root}, "
            f"or set {ENVIRONMENT_VARIABLE} to a folder on a larger disk."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{file.path} is missing and the cache folder {root} cannot be written: set {ENVIRONMENT_VARIABLE} to a "
            f"folder you can write, or have somebody put the file at {target}."
        )
    return (
        f"{file.path} could not be stored in {root} ({error.strerror or error}): set {ENVIRONMENT_VARIABLE} to a "
        "folder you can write."
    )
