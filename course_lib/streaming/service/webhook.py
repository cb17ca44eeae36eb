"""Messages as HTTP requests: what chat programs and pagers call an incoming webhook."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from course_lib.streaming.service.incident import Message

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        """A redirected POST would lose its body: let it fail, so that it is told."""


class WebhookSink:
    """POST each message as JSON; its field ``text`` is what Slack and its like show.

    Parameters
    ----------
    url : str
        http or https. It may hold a secret, so it is never logged.
    timeout : float
        Seconds to wait for the server at each step.
    """

    name = "webhook"

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("A webhook needs an address that begins with http:// or https:// and names a host.")
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, but is {timeout!r}.")
        self.url, self.timeout = url, timeout
        self._opener: OpenerDirector | None = None
        self._local = parts.hostname in LOOPBACK

    def send(self, message: Message) -> None:
        """Post the message; raises OSError unless the server answers with 2xx."""
        if self._opener is None:
            # A proxy cannot reach this machine's own addresses.
            own = [ProxyHandler({})] if self._local else []
            self._opener = build_opener(_NoRedirect, *own)
        body = json.dumps(message.as_dict()).encode()
        request = Request(self.url, body, {"Content-Type": "application/json"}, method="POST")
        with self._opener.open(request, timeout=self.timeout) as answer:
            answer.read(65_536)
