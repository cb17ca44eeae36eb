"""What people are told: an incident that opens, and that closes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SHOWN = 20


@dataclass
class Incident:
    """Alarms of one group of streams that belong together in time.

    Attributes
    ----------
    number : int
        1 for the first.
    group : str
    first, last : float
        Seconds since 1970: when it opened, and its latest flagged event.
    reason : str
        "score" or "silent": what opened it.
    keys : dict of str to None
        Streams that took part, in the order in which they joined.
    active : set of str
        Streams whose alarm is on.
    flagged : int
        Events above their threshold (and streams found silent).
    peak : float
        Largest score divided by its threshold.
    """

    number: int
    group: str
    first: float
    reason: str
    last: float = 0.0
    keys: dict[str, None] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    flagged: int = 0
    peak: float = 0.0

    def note(self, time: float, ratio: float) -> None:
        """Count a flagged event."""
        self.last = max(self.last, time)
        self.flagged += 1
        self.peak = max(self.peak, ratio)

    def join(self, key: str) -> None:
        """Count a stream's alarm in."""
        self.keys[key] = None
        self.active.add(key)

    def message(self, kind: str) -> Message:
        """The incident as it stands."""
        return Message(
            kind, self.number, self.group, self.reason, self.first, self.last, tuple(self.keys), self.flagged, self.peak
        )

    def to_state(self) -> dict[str, Any]:
        """Plain values, for a snapshot."""
        return {**vars(self), "keys": list(self.keys), "active": sorted(self.active)}

    @classmethod
    def from_state(cls, state: dict[str, Any], shift: float = 0.0) -> Incident:
        """Undo :meth:`to_state`, with all times moved by `shift` seconds."""
        incident = cls(**{**state, "keys": dict.fromkeys(state["keys"]), "active": set(state["active"])})
        incident.first += shift
        incident.last += shift
        return incident


@dataclass(frozen=True)
class Message:
    """What goes to the sinks when an incident opens ("opened") or closes ("closed"); see :class:`Incident`."""

    kind: str
    number: int
    group: str
    reason: str
    first: float
    last: float
    keys: tuple[str, ...]
    flagged: int
    peak: float

    def text(self) -> str:
        """One sentence for a person."""
        streams = ", ".join(self.keys[:SHOWN]) + (f" and {len(self.keys) - SHOWN} more" * (len(self.keys) > SHOWN))
        if self.kind == "closed":
            minutes = (self.last - self.first) / 60
            return (
                f"Incident {self.number} closed after {minutes:.1f} minutes: {self.flagged} flagged events in "
                f"{len(self.keys)} streams ({streams}), at most {self.peak:.1f} times the threshold."
            )
        if self.reason == "silent":
            return f"Incident {self.number} opened: {streams} is silent."
        return f"Incident {self.number} opened: {streams} scores {self.peak:.1f} times its threshold."

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values: what the JSON lines and the webhook carry."""
        shown = {
            "keys": list(self.keys[:SHOWN]),
            "streams": len(self.keys),
            "peak": float(f"{min(self.peak, 1e300):.4g}"),
        }
        return {**vars(self), **shown, "text": self.text()}
