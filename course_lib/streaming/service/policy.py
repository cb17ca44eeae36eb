"""From flagged events to messages that somebody reads: hysteresis, cooldown, grouping."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from course_lib.streaming.service.incident import Incident, Message

GROUPS = ("prefix", "key", "all")
# Scores are told as multiples of their threshold; a threshold of 0 has none.
LEAST = 1e-12


@dataclass(slots=True)
class _Alarm:
    """What is remembered of one stream, from its first flagged event until its cooldown is over."""

    run: int = 0  # flagged events in a row
    calm: int = 0  # calm events in a row, while the alarm is on
    incident: int = 0  # its number; 0: the alarm is off
    quiet_until: float = 0.0  # seconds since 1970: long ago


class AlertPolicy:
    """Decides which flagged events become a message to people.

    An alarm of a stream goes on after `raise_after` flagged events in a row, and off after `clear_after` events in a
    row below `release` times the threshold: two lines instead of one, so that a score that trembles around the
    threshold is one alarm and not fifty (hysteresis). After that the stream stays quiet for `cooldown` seconds. Alarms
    of one group that go on within `group` seconds of each other are one incident: its opening is told, and its end.

    Parameters
    ----------
    raise_after, clear_after : int
        Events.
    release : float in (0, 1]
        Share of the threshold.
    cooldown : float
        Seconds; 0 for none.
    group : float
        Seconds between alarms of one incident.
    group_by : {"prefix", "key", "all"}
        What can be one incident: streams whose keys share what stands before the first "/", one stream, everything.
        A key without "/" is a group of its own.
    longest : float
        An incident older than this many seconds takes no more alarms: the next one is told again.

    Attributes
    ----------
    held : Counter
        Flagged events that were no message, by reason: "too few in a row", "ongoing" (this stream's alarm is on),
        "cooldown", "grouped" (the alarm went on and joined an incident that was told already).
    alerted : int
        Flagged events that were.
    """

    def __init__(
        self,
        raise_after: int = 3,
        clear_after: int = 10,
        release: float = 0.8,
        cooldown: float = 300.0,
        group: float = 60.0,
        group_by: str = "prefix",
        longest: float = 3600.0,
    ) -> None:
        for name, count in (("raise_after", raise_after), ("clear_after", clear_after)):
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise ValueError(f"{name} must be a whole number of events, at least 1, but is {count!r}.")
        for name, seconds in (("cooldown", cooldown), ("group", group), ("longest", longest)):
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
                raise ValueError(f"{name} must be a number of seconds, at least 0, but is {seconds!r}.")
        if isinstance(release, bool) or not isinstance(release, (int, float)) or not 0 < release <= 1:
            raise ValueError(f"release must be a share of the threshold above 0 and at most 1, but is {release!r}.")
        if group_by not in GROUPS:
            raise ValueError(f"group_by must be one of {', '.join(GROUPS)}, but is {group_by!r}.")
        self.raise_after, self.clear_after, self.release = raise_after, clear_after, release
        self.cooldown, self.group, self.group_by, self.longest = cooldown, group, group_by, longest
        self.held: Counter[str] = Counter()
        self.alerted = 0
        self._alarms: dict[str, _Alarm] = {}
        self._incidents: dict[int, Incident] = {}
        self._latest: dict[str, int] = {}  # the incident of each group that may still take alarms
        self._count = 0

    def knows(self, key: str) -> bool:
        """Whether something is remembered of this stream; if not, an event that is not flagged changes nothing."""
        return key in self._alarms

    def observe(self, key: str, time: float, score: float, threshold: float) -> Message | None:
        """Take one scored event; give the message to send, if it is one.

        Parameters
        ----------
        key : str
        time : float
            Seconds; never less than at an earlier call.
        score, threshold : float
            Flagged if the score is above the threshold.
        """
        alarm = self._alarms.get(key)
        if score > threshold:
            if alarm is None:
                alarm = self._alarms[key] = _Alarm()
            return self._flagged(key, alarm, time, score / max(threshold, LEAST))
        if alarm is None:
            return None
        alarm.run = 0
        if alarm.incident:
            calm = score < self.release * threshold if threshold > 0 else True
            alarm.calm = alarm.calm + 1 if calm else 0
            if alarm.calm >= self.clear_after:
                self._clear(key, alarm, time)
        elif time >= alarm.quiet_until:
            del self._alarms[key]
        return None

    def silent(self, key: str, time: float) -> Message | None:
        """A stream has gone silent: its alarm goes on at once, and off like any other when it speaks calmly again."""
        alarm = self._alarms.setdefault(key, _Alarm())
        if alarm.incident or time < alarm.quiet_until:
            return None
        incident, opened = self._raise(key, alarm, time, "silent")
        incident.note(time, 0.0)
        return incident.message("opened") if opened else None

    def forget(self, key: str) -> None:
        """Drop what is remembered of a stream; an alarm that is on goes off."""
        alarm = self._alarms.pop(key, None)
        if alarm is not None and alarm.incident:
            self._incidents[alarm.incident].active.discard(key)

    def tick(self, time: float) -> list[Message]:
        """Close the incidents whose alarms are all off and that had no flagged event for `group` seconds."""
        over = [i for i in self._incidents.values() if not i.active and time - i.last > self.group]
        for incident in over:
            del self._incidents[incident.number]
            if self._latest.get(incident.group) == incident.number:
                del self._latest[incident.group]
        return [incident.message("closed") for incident in over]

    def _flagged(self, key: str, alarm: _Alarm, time: float, ratio: float) -> Message | None:
        alarm.calm = 0
        alarm.run += 1
        if alarm.incident:
            self._incidents[alarm.incident].note(time, ratio)
            self.held["ongoing"] += 1
        elif alarm.run < self.raise_after:
            self.held["too few in a row"] += 1
        elif time < alarm.quiet_until:
            self.held["cooldown"] += 1
        else:
            incident, opened = self._raise(key, alarm, time, "score")
            incident.note(time, ratio)
            if opened:
                self.alerted += 1
                return incident.message("opened")
            self.held["grouped"] += 1
        return None

    def _raise(self, key: str, alarm: _Alarm, time: float, reason: str) -> tuple[Incident, bool]:
        """Switch a stream's alarm on: its incident, and whether that one is new."""
        group = {"prefix": key.partition("/")[0], "key": key, "all": ""}[self.group_by]
        incident = self._incidents.get(self._latest.get(group, 0))
        new = incident is None or time - incident.last > self.group or time - incident.first > self.longest
        if incident is None or new:
            self._count += 1
            incident = self._incidents[self._count] = Incident(self._count, group, time, reason)
            self._latest[group] = self._count
        incident.join(key)
        alarm.incident, alarm.calm = incident.number, 0
        return incident, new

    def _clear(self, key: str, alarm: _Alarm, time: float) -> None:
        self._incidents[alarm.incident].active.discard(key)
        alarm.incident, alarm.calm, alarm.quiet_until = 0, 0, time + self.cooldown

    def to_state(self) -> dict[str, Any]:
        """What it remembers, as plain values for a snapshot."""
        return {
            "alarms": {
                key: [alarm.run, alarm.calm, alarm.incident, alarm.quiet_until] for key, alarm in self._alarms.items()
            },
            "incidents": [incident.to_state() for incident in self._incidents.values()],
            "latest": dict(self._latest),
            "count": self._count,
        }

    def from_state(self, state: dict[str, Any], shift: float = 0.0) -> None:
        """Go on where another policy was, its times moved by `shift` seconds; the counts of this one begin anew."""
        self._alarms = {key: _Alarm(*values) for key, values in state["alarms"].items()}
        for alarm in self._alarms.values():
            alarm.quiet_until += shift
        self._incidents = {one["number"]: Incident.from_state(one, shift) for one in state["incidents"]}
        self._latest, self._count = dict(state["latest"]), state["count"]
