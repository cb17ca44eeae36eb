"""Addresses: this machine only, unless somebody says otherwise."""

from __future__ import annotations

import ipaddress


def parse_address(text: str, *, allow_remote: bool = False) -> tuple[str, int]:
    """``"127.0.0.1:9999"`` or ``"[::1]:9999"`` as host and port.

    Raises
    ------
    ValueError
        If it is no such address, or not one of this machine's own and `allow_remote` is not set.
    """
    host, _, port = str(text).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:9999.")
    try:
        number = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ValueError(f"{host!r} is no numeric address: write 127.0.0.1 or the address of an interface.") from None
    if not number.is_loopback and not allow_remote:
        raise ValueError(
            f"{host} can be reached from other machines, and the packets are neither encrypted nor authenticated: "
            "use 127.0.0.1, or add --allow-remote if the network is yours."
        )
    return str(number), int(port)
