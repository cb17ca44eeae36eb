"""What only the operating system knows: datagrams that it threw away before the service could read them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

# Linux's number for "set the receive buffer beyond the system's limit"; only root may.
_SO_RCVBUFFORCE = 33


def enlarge_receive_buffer(sock: socket.socket, size: int) -> int:
    """Ask for a receive buffer of `size` bytes; returns what the system gave (Linux counts double)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def kernel_drops(sock: socket.socket, table: Path | None = None) -> int | None:
    """Datagrams for this socket that found its receive buffer full; None where the system does not tell.

    Linux keeps the count in the last column of ``/proc/net/udp``, where a socket is known by its inode.
    """
    if table is None:
        table = Path("/proc/net/udp6" if sock.family == socket.AF_INET6 else "/proc/net/udp")
    try:
        lines = table.read_text(encoding="ascii").splitlines()
        inode = str(os.fstat(sock.fileno()).st_ino)
    except OSError:
        return None
    for line in lines[1:]:
        fields = line.split()
        if len(fields) > 12 and fields[9] == inode:
            return int(fields[12])
    return None
