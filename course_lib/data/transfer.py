"""Receive one file from one server into an open file, and say in plain words what went wrong if it fails."""

from __future__ import annotations

import hashlib
import http.client
import queue
import socket
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from course_lib import __version__

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Patience:
    """How long to wait for servers.

    Parameters
    ----------
    connect : float
        Seconds that all mirrors of a file together get for a first answer, shared equally.
    read : float
        Seconds of silence in the middle of a download before it counts as broken off.
    attempts : int
        How often one mirror is asked when its failure may pass (a server error, a broken connection).
    pause : float
        Seconds before the second attempt; doubled before each further one.
    """

    connect: float
    read: float
    attempts: int
    pause: float


# A lesson that has a substitute should not keep a learner waiting; who asks for a download by name has time.
QUICK = Patience(connect=4.0, read=10.0, attempts=2, pause=0.2)
PATIENT = Patience(connect=30.0, read=30.0, attempts=4, pause=1.0)


class TransferFailed(Exception):
    """A mirror did not deliver. The message ends a sentence that begins with the mirror's name.

    Parameters
    ----------
    reason : str
        What happened, such as "answered 404 (Not Found)".
    may_pass : bool
        Whether asking the same mirror again can help.
    """

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        super().__init__(reason)
        self.may_pass = may_pass


def open_url(url: str, connect: float, read: float) -> Any:
    """Ask a server for `url` and return its open response.

    The request runs in a thread of its own, because the time that looking up a host's name takes cannot be limited
    otherwise, and without a network that alone can take half a minute.

    Parameters
    ----------
    url : str
        Address to get.
    connect : float
        Seconds until the answer must have begun.
    read : float
        Seconds of silence that end a download later on.

    Raises
    ------
    TransferFailed
        If no answer, or an error, comes back.
    """
    request = urllib.request.Request(url, headers={"User-Agent": f"course_lib/{__version__}"})
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    too_late = threading.Event()

    def ask() -> None:
        try:
            response = urllib.request.urlopen(request, timeout=read)
        # Whatever stops the request, a blocked socket's own error type included, is news for the thread that waits.
        except Exception as error:
            answers.put(error)
            return
        answers.put(response)
        if too_late.is_set():
            response.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=connect)
    except queue.Empty:
        too_late.set()
        raise TransferFailed(f"did not answer within {connect:.1f} s", may_pass=False) from None
    if isinstance(answer, Exception):
        raise _explain(answer) from answer
    return answer


def _explain(error: Exception) -> TransferFailed:
    """What an exception of a request means for the person who waits for the file."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        # 408 and 429 ask for another try later; every other 4xx stays as it is.
        return TransferFailed(
            f"answered {error.code} ({error.reason})", may_pass=error.code >= 500 or error.code in (408, 429)
        )
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, socket.gaierror):
        return TransferFailed("could not be found (no network, or no name service)", may_pass=False)
    if isinstance(cause, ConnectionRefusedError):
        return TransferFailed("refused the connection", may_pass=True)
    if isinstance(cause, TimeoutError):
        return TransferFailed("did not answer in time", may_pass=False)
    passing = isinstance(cause, (ConnectionError, http.client.HTTPException))
    return TransferFailed(f"could not be reached ({type(cause).__name__}: {cause})", may_pass=passing)


def receive(response: Any, sink: IO[bytes], size: int, sha256: str) -> None:
    """Copy a response into `sink` block by block, and refuse anything but the expected bytes.

    Parameters
    ----------
    response : readable
        An open response or file.
    sink : writable binary file
        Takes the bytes. Its own errors (OSError: disk full and the like) are passed on as they are.
    size, sha256 : int, str
        What is expected; more than `size` bytes are never read.

    Raises
    ------
    TransferFailed
        If the connection breaks, or the bytes are not the expected ones.
    """
    digest = hashlib.sha256()
    received = 0
    headers = getattr(response, "headers", None)
    announced = headers.get("Content-Length") if headers is not None else None
    if announced is not None and announced.isdigit() and int(announced) != size:
        raise TransferFailed(f"offered a different file ({int(announced):,} bytes, expected {size:,})", may_pass=False)
    while True:
        try:
            block = response.read(_BLOCK)
        except TimeoutError as error:
            raise TransferFailed(f"fell silent after {received:,} of {size:,} bytes", may_pass=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise TransferFailed(f"broke off after {received:,} of {size:,} bytes", may_pass=True) from error
        if not block:
            break
        received += len(block)
        if received > size:
            raise TransferFailed(f"sent more than the expected {size:,} bytes", may_pass=False)
        digest.update(block)
        sink.write(block)
    if received < size:
        raise TransferFailed(f"broke off after {received:,} of {size:,} bytes", may_pass=True)
    if digest.hexdigest() != sha256:
        raise TransferFailed("sent a different file (wrong SHA-256 checksum)", may_pass=False)


def host_of(url: str) -> str:
    """The server's name in an address, with its port if it is an unusual one."""
    return urlsplit(url).netloc
