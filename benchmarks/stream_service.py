"""The real-time detector on the loopback address: what it takes without a loss, and what happens when it gets more.

Every measurement is a service in a process of its own and one or more senders in theirs. Beside it stands a receiver
that does nothing but receive, in the same way: what asyncio and the kernel allow at most. Packets carry the time they
were sent, so the delay runs from the sender's clock to the score. Lines of the table:

steady      the rate that the service must hold, for as long as asked
capacity    one sender as fast as it can: how much is scored when more comes than can be
overload    three times that, from as many senders as it takes: it must stay up, with flat memory and exact counts
receiver    steady and flooded, the bare receiver
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
from _report import keep, markdown

ROOT = Path(__file__).resolve().parents[1]
PYTHON = [sys.executable, "-m", "course_lib"]

BARE = """
import asyncio, json, signal, sys
from course_lib.streaming.service import Clock, Counters, EventQueue, Limits, UDPSource

class Count(EventQueue):
    def offer(self, items):
        self.counters.received += len(items)

async def main():
    source, queue, stop = UDPSource(), Count(1, Counters()), asyncio.Event()
    await source.open(Clock(), Limits())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(json.dumps({"ready": [source.report()]}), flush=True)
    task = asyncio.create_task(source.run(queue))
    await stop.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    print(json.dumps({"received": queue.counters.received, "sources": [source.report()]}))

asyncio.run(main())
"""

DETECTORS = {
    "OnlineZScore": {"kind": "OnlineZScore", "alpha": 0.01},
    "HalfSpaceTrees": {"kind": "HalfSpaceTrees", "window_size": 100, "random_state": 0},
}
THRESHOLDS = {
    "OnlineZScore": {"kind": "FixedThreshold", "value": 6.0},
    "HalfSpaceTrees": {"kind": "RollingQuantileThreshold", "window": 500},
}


class Process:
    """A receiver in a process of its own."""

    def __init__(self, command: list[str]) -> None:
        self.popen = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
        )
        assert self.popen.stdout is not None
        self.address = json.loads(self.popen.stdout.readline())["ready"][0]["address"]
        self.memory = psutil.Process(self.popen.pid)

    def resident(self) -> float:
        """Megabytes."""
        return self.memory.memory_info().rss / 1e6

    def end(self) -> dict:
        """SIGTERM; what it counted."""
        self.popen.send_signal(signal.SIGTERM)
        out, _ = self.popen.communicate(timeout=120)
        return json.loads(out.splitlines()[-1])


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def service(detector: str) -> Process:
    config = {
        "detector": DETECTORS[detector],
        "threshold": THRESHOLDS[detector],
        "policy": {"raise_after": 1, "cooldown": 1, "group": 1},
        "sink": [{"kind": "jsonl", "path": os.devnull}],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(config, file)
    try:
        return Process([*PYTHON, "stream", "--udp", "127.0.0.1:0", "--status", "0", "--config", file.name])
    finally:
        os.unlink(file.name)


def flood(receiver: Process, rate: float, seconds: float, senders: int, keys: int) -> tuple[dict, list[float]]:
    """Send from several processes at a time; what was sent in all, and the receiver's memory each second."""
    command = [*PYTHON, "send", "--udp", receiver.address, "--rate", str(rate / senders), "--seconds", str(seconds)]
    command += ["--keys", str(keys), "--malformed", "0.001"]
    running = [
        subprocess.Popen(
            [*command, "--seed", str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment()
        )
        for seed in range(senders)
    ]
    memory = []
    while any(process.poll() is None for process in running):
        memory.append(receiver.resident())
        time.sleep(1)
    results = [json.loads(process.communicate()[0]) for process in running]
    total = {name: sum(result[name] for result in results) for name in ("sent", "malformed")}
    return {**total, "seconds": max(result["seconds"] for result in results)}, memory


def measure(name: str, receiver: Process, rate: float, seconds: float, senders: int = 1, keys: int = 20) -> dict:
    """One line of the table; fails unless every packet is accounted for."""
    sent, memory = flood(receiver, rate, seconds, senders, keys)
    time.sleep(1)
    report = receiver.end()
    lost = report["sources"][0]["kernel_drops"]
    assert lost is not None, "this system does not tell how many datagrams it dropped"
    scored = report.get("scored", report["received"])
    dropped, malformed = report.get("dropped", 0), report.get("malformed", 0)
    missing = sent["sent"] - scored - dropped - malformed - lost
    assert missing == 0, f"{name}: {missing} packets are not accounted for"
    delay = report.get("delay", {})
    settled = memory[len(memory) // 3 :] or memory
    print(f"{name}: {json.dumps(report)}", flush=True)
    return {
        "line": name,
        "sent/s": f"{sent['sent'] / sent['seconds']:,.0f}",
        "seconds": f"{sent['seconds']:.0f}",
        "sent": f"{sent['sent']:,}",
        "scored": f"{scored:,}",
        "scored/s": f"{scored / sent['seconds']:,.0f}",
        "dropped": f"{dropped:,}",
        "malformed": f"{malformed:,}",
        "kernel drops": f"{lost:,}",
        "p50 / p99 / p99.9 ms": " / ".join(f"{delay[k]:.2f}" for k in ("p50_ms", "p99_ms", "p99.9_ms") if k in delay),
        "memory, MB": f"{settled[0]:.0f} to {max(settled):.0f}",
        "_rate": scored / sent["seconds"],
    }


def priority() -> str:
    """How the processes were put before others that were running, if they were."""
    before_all = hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
    return ", all processes at real-time priority so that other programs did not disturb" if before_all else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=20_000.0, help="datagrams a second of the steady line")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the steady line")
    parser.add_argument("--overload", type=float, default=30.0, help="length of the overload")
    parser.add_argument("--detector", choices=list(DETECTORS), default="OnlineZScore")
    parser.add_argument("--keys", type=int, default=20)
    args = parser.parse_args()
    before = os.getloadavg()[0]
    steady = measure("steady", service(args.detector), args.rate, args.seconds, keys=args.keys)
    peak = measure("capacity", service(args.detector), 0, 5, keys=args.keys)
    many = 3 * peak["_rate"]
    over = measure("overload", service(args.detector), many, args.overload, senders=2, keys=args.keys)
    bare = [
        measure("receiver, steady", Process([sys.executable, "-c", BARE]), args.rate, 5, keys=args.keys),
        measure("receiver, flooded", Process([sys.executable, "-c", BARE]), 0, 5, keys=args.keys),
    ]
    table = pd.DataFrame([steady, peak, over, *bare]).drop(columns="_rate").set_index("line")
    keep(
        f"stream_service_{args.detector}" if args.detector != "OnlineZScore" else "stream_service",
        "The real-time detector on the loopback address",
        f"python benchmarks/stream_service.py --rate {args.rate:g} --seconds {args.seconds:g} "
        f"--overload {args.overload:g} --detector {args.detector} --keys {args.keys}",
        f"{args.detector} for each of {args.keys} streams with two features, {THRESHOLDS[args.detector]['kind']}; "
        f"{len(os.sched_getaffinity(0))} cores, load average {before:.1f} before{priority()}. In every line sent = "
        "scored + dropped + malformed + kernel drops, exactly. The delay runs from the sender's clock to the end of "
        "the block that held the packet; under overload it is what the buffers hold, divided by the rate. The bare "
        f"receiver counts and throws away.\n\n{markdown(table)}",
    )


if __name__ == "__main__":
    main()
