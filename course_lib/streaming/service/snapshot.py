"""The memory of a running service in one file, so that a crash costs some seconds of learning and not all of it.

The file holds a first line of JSON, then one safetensors block for each stream, each with its length before it, and at
the end the SHA-256 of all that. It is written aside and renamed: whoever reads it meets a whole file or none.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from course_lib.core.atomic import atomic_write
from course_lib.core.runtime import library_versions
from course_lib.streaming.online import Online
from course_lib.streaming.service.scoring import Scorer
from course_lib.streaming.service.streams import Stream

FORMAT = 1
# Seconds of encoding after which others get their turn: scoring must not notice.
SLICE = 0.001


async def write_snapshot(scorer: Scorer, path: Path, kind: dict[str, Any]) -> int:
    """Write all streams and the alert policy to `path` while scoring goes on.

    Each stream is taken between two blocks, so each is whole; two streams may differ by the time that this takes.

    Parameters
    ----------
    scorer : Scorer
    path : Path
    kind : dict
        What the models are, in JSON; a service of another kind does not read the file.

    Returns
    -------
    int
        Bytes written.
    """
    streams, records = list(scorer.table), []
    taken = max(scorer.latest, scorer.clock.now() if not scorer.event_time else 0.0)
    until = time.perf_counter() + SLICE
    for stream in streams:
        records.append(_encode(stream))
        if time.perf_counter() > until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE
    head = {
        "format": FORMAT,
        "kind": kind,
        "time": taken,
        "streams": len(records),
        "policy": scorer.policy.to_state(),
        "versions": library_versions(),
    }
    return await asyncio.to_thread(_write, path, [json.dumps(head).encode() + b"\n", *records])


def read_snapshot(scorer: Scorer, path: Path, kind: dict[str, Any]) -> int:
    """Put the streams and the policy of a snapshot into a scorer that has none.

    Returns
    -------
    int
        Streams restored.

    Raises
    ------
    ValueError
        One sentence, if the file is damaged, or of another kind of models; the scorer is then unchanged.
    """
    content = path.read_bytes()
    body, digest = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError(f"The snapshot {path.name} is cut off or was changed (its checksum differs).")
    first, _, rest = body.partition(b"\n")
    head = json.loads(first)
    if head.get("format") != FORMAT or head.get("kind") != kind:
        raise ValueError(f"The snapshot {path.name} was written with other detectors, thresholds or settings.")
    streams = []
    while rest:
        length = int.from_bytes(rest[:8], "little")
        streams.append(_decode(rest[8 : 8 + length]))
        rest = rest[8 + length :]
    # A wall clock that was set back since then must not make cooldowns last longer.
    shift = 0.0 if scorer.event_time else min(0.0, scorer.clock.now() - head["time"])
    for stream in streams:
        stream.last += shift
        scorer.table.restore(stream)
    scorer.policy.from_state(head["policy"], shift)
    return len(scorer.table)


def _encode(stream: Stream) -> bytes:
    detector, about_detector = stream.detector.to_state()
    threshold, about_threshold = stream.threshold.to_state()
    arrays = {f"d.{name}": array for name, array in detector.items()}
    arrays |= {f"t.{name}": array for name, array in threshold.items()}
    about = {
        "key": stream.key,
        "last": stream.last,
        "silent": stream.silent,
        "detector": about_detector,
        "threshold": about_threshold,
    }
    block = save_arrays({name: array.copy("C") for name, array in arrays.items()}, {"about": json.dumps(about)})
    return len(block).to_bytes(8, "little") + block


def _decode(block: bytes) -> Stream:
    try:
        arrays = load_arrays(block)
    except SafetensorError as error:
        raise ValueError(f"A stream of the snapshot cannot be read ({error}).") from None
    length = int.from_bytes(block[:8], "little")
    about = json.loads(json.loads(block[8 : 8 + length])["__metadata__"]["about"])
    parts: dict[str, dict[str, Any]] = {"d": {}, "t": {}}
    for name, array in arrays.items():
        parts[name[0]][name[2:]] = array
    # Only classes of this package are ever made, whatever the file says.
    detector: Any = Online.from_state(parts["d"], about["detector"])
    threshold: Any = Online.from_state(parts["t"], about["threshold"])
    stream = Stream(about["key"], detector, threshold, about["last"])
    stream.silent = about["silent"]
    return stream


def _write(path: Path, parts: list[bytes]) -> int:
    content = b"".join(parts)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        file.write(content + hashlib.sha256(content).digest())
        file.flush()
        os.fsync(file.fileno())
    return len(content) + 32
