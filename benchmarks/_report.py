"""What every benchmark prints beside its figures, and how its table is kept."""

from __future__ import annotations

import platform
from pathlib import Path

import pandas as pd

from course_lib.core.atomic import atomic_write
from course_lib.core.runtime import library_versions

RESULTS = Path(__file__).resolve().parent / "results"


def machine() -> str:
    """The machine and the library versions, in one line."""
    import torch

    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    return f"{processor}, {torch.get_num_threads()} threads{gpu}, {platform.system()}; {versions}"


def markdown(table: pd.DataFrame) -> str:
    """A table as Markdown, its index as the first column."""
    head = [table.index.name or "", *map(str, table.columns)]
    rows = [
        [str(name), *(str(value) for value in row)] for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep(name: str, title: str, command: str, body: str) -> None:
    """Print the result and keep it in ``results/NAME.md``, with the command that makes it and the machine."""
    text = f"# {title}\n\n`{command}`\n\nMachine: {machine()}\n\n{body}\n"
    print(text)
    with atomic_write(RESULTS / f"{name}.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
