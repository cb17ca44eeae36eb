"""``python -m course_lib send``: traffic for the real-time detector, at a steady rate, with planted anomalies."""

from __future__ import annotations

import argparse
import json
import math
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from course_lib.streaming.service.address import parse_address
from course_lib.streaming.service.traffic import Plan, Traffic

# Packets go out in small groups: sleeping for each would need more precise sleeping than there is.
PAUSE = 0.0005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to send, how fast, how long, and what."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--udp", metavar="HOST:PORT", help="send datagrams there")
    where.add_argument("--tcp", metavar="HOST:PORT", help="send lines there; waits where the service does")
    parser.add_argument(
        "--rate", type=float, default=1000.0, help="packets a second; 0: as fast as possible (%(default)g)"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="how long (%(default)g)")
    parser.add_argument("--keys", type=int, default=Plan.keys, help="number of streams (%(default)s)")
    parser.add_argument("--features", type=int, default=Plan.features, help="numbers in each event (%(default)s)")
    parser.add_argument("--anomalies", type=float, default=Plan.anomalies, help="share of planted events (%(default)g)")
    parser.add_argument("--length", type=int, default=Plan.length, help="planted events in a row (%(default)s)")
    parser.add_argument("--malformed", type=float, default=Plan.malformed, help="share of broken packets (%(default)g)")
    parser.add_argument("--seed", type=int, default=Plan.seed, help="same seed, same traffic (%(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="allow an address that is not this machine's")


def run(args: argparse.Namespace) -> int:
    """Send, then print what was sent as one line of JSON.

    Returns
    -------
    int
        0, or 2 if it could not be sent.
    """
    kind, address = ("udp", args.udp) if args.udp else ("tcp", args.tcp)
    running = f"is `python -m course_lib stream --{kind} {address}` running?"
    result: dict[str, Any] = {"sent": 0}
    try:
        target = parse_address(address, allow_remote=args.allow_remote)
        for name, value in (("rate", args.rate), ("seconds", args.seconds)):
            if not 0 <= value < math.inf:
                raise ValueError(f"--{name} must be a number of at least 0, but is {value:g}.")
        plan = Plan(
            args.keys, args.features, args.anomalies, malformed=args.malformed, seed=args.seed, length=args.length
        )
        traffic = Traffic(plan, time.time)
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as sock:
            sock.connect(target)
            result = pace(traffic, _writer(sock, kind), args.rate, args.seconds)
            if kind == "tcp":
                # The service closes when it has taken everything: until then nothing is sure to have arrived.
                sock.shutdown(socket.SHUT_WR)
                sock.recv(1)
    except KeyboardInterrupt:
        pass  # before the first packet, or while the service takes its time: what is known is told
    except ConnectionError as error:
        print(f"{address} could not be reached ({error.strerror or error}): {running}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"Nothing could be sent: {error}" if isinstance(error, OSError) else error, file=sys.stderr)
        return 2
    print(json.dumps(result), flush=True)
    if result.get("refused"):
        print(f"Nobody took all packets at {address}, {result['refused']} were refused: {running}", file=sys.stderr)
    return 0


def pace(traffic: Traffic, write: Callable[[list[bytes]], int], rate: float, seconds: float) -> dict[str, Any]:
    """Send for some seconds, or until SIGTERM or Ctrl-C; what became of it.

    Parameters
    ----------
    traffic : Traffic
    write : callable
        Sends a list of packets; gives how many were accepted.
    rate : float
        Packets a second, 0 for as many as possible.
    seconds : float
    """
    stopped: list[int] = []

    def stop(number: int, _: object) -> None:
        if stopped:  # asked again: a service that takes nothing must not hold the sender
            raise KeyboardInterrupt
        stopped.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    sent = tried = 0
    start = time.perf_counter()
    try:
        while not stopped and (gone := time.perf_counter() - start) < seconds:
            due = int(gone * rate) - tried if rate else 64
            if due <= 0:
                time.sleep(PAUSE)
                continue
            packets = [traffic.packet() for _ in range(min(due, 64))]
            tried += len(packets)
            sent += write(packets)
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    took = time.perf_counter() - start
    return {
        "sent": sent,
        "refused": tried - sent,
        "seconds": round(took, 3),
        "rate": round(sent / took) if took else 0,
        "malformed": traffic.broken,
        "planted": len(traffic.planted),
    }


def _writer(sock: socket.socket, kind: str) -> Callable[[list[bytes]], int]:
    def datagrams(packets: list[bytes]) -> int:
        send, accepted = sock.send, 0
        for packet in packets:
            try:
                send(packet)
                accepted += 1
            except ConnectionRefusedError:  # an answer to an earlier packet: nobody listens there (any more)
                continue
        return accepted

    def lines(packets: list[bytes]) -> int:
        sock.sendall(b"\n".join(packets) + b"\n")
        return len(packets)

    return datagrams if kind == "udp" else lines
