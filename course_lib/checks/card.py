"""The task card: the heading that opens each task of an exercise set."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CARD = re.compile(r"### Task (?P<number>\d+\.\d+) +(?P<name>\S.*?) +(?P<difficulty>[●○]{3}) +(?P<minutes>\d+) min *")
_START = re.compile(r"#+\s*Task\b")


@dataclass(frozen=True)
class Card:
    """What a task's heading says, for example ``### Task 10.3 Robust z-score  ●●○  8 min``."""

    number: str
    name: str
    difficulty: str
    minutes: int


def find_card(markdown: str) -> Card | None:
    """The task card in a markdown cell, or None where there is none.

    Raises
    ------
    ValueError
        If a heading starts like a task card and is not one.
    """
    for line in markdown.splitlines():
        if not _START.match(line):
            continue
        match = _CARD.fullmatch(line)
        if match is None:
            raise ValueError(
                f"The task card {line!r} does not read like '### Task 10.3 Name  ●●○  8 min': write it that way."
            )
        return Card(match["number"], match["name"], match["difficulty"], int(match["minutes"]))
    return None
