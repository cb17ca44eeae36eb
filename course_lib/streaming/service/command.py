"""``python -m course_lib stream``: the real-time detector as a process, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_lib.streaming.service.engine import Engine

TIME = "%(asctime)s %(levelname)s %(message)s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where events come from, and the configuration."""
    parser.add_argument("--udp", metavar="HOST:PORT", action="append", default=[], help="receive datagrams there")
    parser.add_argument("--tcp", metavar="HOST:PORT", action="append", default=[], help="receive lines there")
    parser.add_argument("--replay", metavar="FILE", action="append", default=[], help="replay JSON lines")
    parser.add_argument(
        "--speed", type=float, default=0.0, help="60 replays an hour in a minute (%(default)g: all at once)"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="TOML or JSON (without it: OnlineRobustZScore above 6, to the log)"
    )
    parser.add_argument("--snapshot", metavar="FILE", help="restore from and save to this file")
    parser.add_argument(
        "--status",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how often to log the counts (%(default)g; 0: never)",
    )
    parser.add_argument("--allow-remote", action="store_true", help="let other machines reach the addresses given")


def run(args: argparse.Namespace) -> int:
    """Run the service.

    Returns
    -------
    int
        0 after a clean end, 2 if it could not start.
    """
    logging.basicConfig(level=logging.INFO, format=TIME, stream=sys.stderr)
    # The selector loop on every system: Windows' own default cannot watch datagram sockets.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            return runner.run(_serve(args))
        except (ValueError, OSError) as error:
            print(error, file=sys.stderr)
            return 2


async def _serve(args: argparse.Namespace) -> int:
    stopped, engines = [], list["Engine"]()

    def stop() -> None:
        """Stop the engine, or do not start it: a signal may come before it is there."""
        stopped.append(True)
        for engine in engines:
            engine.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    from course_lib.streaming.service.config import build_engine, read_config, source_of
    from course_lib.streaming.service.sources import ReplaySource, Source

    sources: list[Source] = [source_of("udp", address, args.allow_remote) for address in args.udp]
    sources += [source_of("tcp", address, args.allow_remote) for address in args.tcp]
    sources += [ReplaySource(file, args.speed) for file in args.replay]
    config = read_config(args.config) if args.config else {}
    if not sources and not config.get("source"):
        raise ValueError("There is nothing to listen to: give --udp, --tcp or --replay, or sources in the file.")
    options = {"snapshot": args.snapshot} if args.snapshot else {}
    engine = build_engine(config, sources or None, **options)
    engines.append(engine)
    await asyncio.sleep(0)  # a signal that came during the imports
    if stopped:
        engine.stop()
    await engine.open()
    ready = {"ready": [source.report() for source in engine.sources], "restored": engine.restored}
    print(json.dumps(ready), flush=True)
    status = asyncio.create_task(_status(engine, args.status))
    with _rare_collections():
        await engine.run()
    status.cancel()
    print(json.dumps(engine.report()), flush=True)
    return 0


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage less often: among ten thousand streams each full look takes tens of milliseconds."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _status(engine: Engine, seconds: float) -> None:
    """Log the counts now and then."""
    logger = logging.getLogger("course_lib.stream")
    while seconds > 0:
        await asyncio.sleep(seconds)
        counts, wait = engine.counters, engine.scorer.wait
        logger.info(
            "received %d, scored %d, malformed %d, dropped %d, waiting %d, flagged %d, alerted %d, p99 wait %s",
            counts.received, counts.scored, counts.malformed, counts.dropped, len(engine.queue), counts.flagged,
            counts.alerted, f"{1000 * wait.percentile(99):.1f} ms" if wait.count else "unknown",
        )  # fmt: skip
