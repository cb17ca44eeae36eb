"""Refuses every connection that leaves this machine, in any Python started with this folder on PYTHONPATH.

Loopback stays open, because a notebook's kernel talks to its client over it.
"""

import importlib.machinery
import importlib.util
import os
import socket
import sys

MESSAGE = "network refused by the offline lane"
_connect, _connect_ex, _sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
_getaddrinfo, _gethostbyname = socket.getaddrinfo, socket.gethostbyname


def _check(host):
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", "localhost", "::1") and not str(name).startswith("127."):
        raise OSError(f"{MESSAGE}: {name}")


def _guarded(original, position):
    """`original`, a method of sockets, looking at the address first (Unix sockets have no host)."""

    def method(self, *arguments):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _check(arguments[position][0])
        return original(self, *arguments)

    return method


def _looked_up(original):
    def function(host, *arguments, **options):
        _check(host)
        return original(host, *arguments, **options)

    return function


socket.socket.connect = _guarded(_connect, 0)
socket.socket.connect_ex = _guarded(_connect_ex, 0)
socket.socket.sendto = _guarded(_sendto, -1)
socket.getaddrinfo = _looked_up(_getaddrinfo)
socket.gethostbyname = _looked_up(_gethostbyname)


def _run_the_hidden_one():
    """Python imports only the first sitecustomize on its path: run the one that this file hides."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [folder for folder in sys.path if os.path.abspath(folder) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run_the_hidden_one()
