"""What happened to every event: numbers that add up at any moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counters:
    """Each event that a source took ends in one of `malformed`, `dropped` and `scored`, or is still waiting.

    Attributes
    ----------
    received : int
        Events that the sources took.
    malformed : int
        Events that could not be used; `reasons` says why.
    dropped : int
        Events thrown away because the queue was full.
    scored : int
        Events that a detector scored.
    flagged : int
        Scored events above their threshold.
    alerted : int
        Flagged events that became a message to people; `held` says why the others did not.
    silent : int
        Streams that were found silent.
    evicted : int
        Streams that were forgotten, because they were idle or there were too many.
    """

    received: int = 0
    malformed: int = 0
    dropped: int = 0
    scored: int = 0
    flagged: int = 0
    alerted: int = 0
    silent: int = 0
    evicted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def refuse(self, reason: str) -> None:
        """Count a malformed event."""
        self.malformed += 1
        self.reasons[reason] += 1

    def check(self, waiting: int) -> None:
        """Raise AssertionError unless everything adds up, with `waiting` events in the queue."""
        taken = self.malformed + self.dropped + self.scored + waiting
        assert self.received == taken, f"{self.received} events came, but {taken} are accounted for"
        assert self.malformed == sum(self.reasons.values()), "the reasons do not add up to the malformed events"
        told = self.alerted + sum(self.held.values())
        assert self.flagged == told, f"{self.flagged} events were flagged, but {told} are accounted for"

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for a report."""
        return {
            **{name: value for name, value in vars(self).items() if isinstance(value, int)},
            "reasons": dict(self.reasons),
            "held": dict(self.held),
        }
