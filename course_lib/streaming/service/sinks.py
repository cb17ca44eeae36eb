"""Where messages go: a log, a file of JSON lines, a function of yours. Each may block, none can block scoring."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from course_lib.streaming.service.incident import Message

logger = logging.getLogger("course_lib.stream")


class Sink(Protocol):
    """Takes one message at a time; an exception means that it did not arrive.

    `send` runs in a thread of its own: it may wait for a disk or a network.
    """

    name: str

    def send(self, message: Message) -> None:
        """Deliver one message, or raise."""


class LogSink:
    """One line for each message in Python's logging, logger ``course_lib.stream``, level WARNING."""

    name = "log"

    def send(self, message: Message) -> None:
        """Log the message's sentence."""
        logger.warning(message.text())


class JSONLinesSink:
    """One JSON object a line, appended to a file.

    Parameters
    ----------
    path : path
        Made if it is missing. Opened for each message, so that a rotated file is no problem.
    """

    name = "jsonl"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def send(self, message: Message) -> None:
        """Append one line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(message.as_dict()) + "\n")


class CallbackSink:
    """A function of yours.

    Parameters
    ----------
    function : callable
        Called with each `Message`, in a thread of its own.
    """

    name = "callback"

    def __init__(self, function: Callable[[Message], object]) -> None:
        self.function = function

    def send(self, message: Message) -> None:
        """Call the function."""
        self.function(message)
