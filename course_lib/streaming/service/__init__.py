"""A real-time detector: events come in, each stream has its own model, and people are told what is worth telling.

The names load when they are first used: the sender needs none of the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.lazy import lazy_names

if TYPE_CHECKING:
    from course_lib.streaming.service.clock import Clock
    from course_lib.streaming.service.counters import Counters
    from course_lib.streaming.service.delivery import Delivery
    from course_lib.streaming.service.engine import Engine
    from course_lib.streaming.service.event import Event, Limits, Malformed, parse
    from course_lib.streaming.service.fixed_threshold import FixedThreshold
    from course_lib.streaming.service.incident import Incident, Message
    from course_lib.streaming.service.latency import LatencyHistogram
    from course_lib.streaming.service.policy import AlertPolicy
    from course_lib.streaming.service.queue import EventQueue
    from course_lib.streaming.service.scoring import Scored, Scorer
    from course_lib.streaming.service.sinks import CallbackSink, JSONLinesSink, LogSink
    from course_lib.streaming.service.sources import IteratorSource, ReplaySource
    from course_lib.streaming.service.tcp import TCPSource
    from course_lib.streaming.service.udp import UDPSource
    from course_lib.streaming.service.webhook import WebhookSink

_HOMES = {
    "AlertPolicy": "policy",
    "CallbackSink": "sinks",
    "Clock": "clock",
    "Counters": "counters",
    "Delivery": "delivery",
    "Engine": "engine",
    "Event": "event",
    "EventQueue": "queue",
    "FixedThreshold": "fixed_threshold",
    "Incident": "incident",
    "IteratorSource": "sources",
    "JSONLinesSink": "sinks",
    "LatencyHistogram": "latency",
    "Limits": "event",
    "LogSink": "sinks",
    "Malformed": "event",
    "Message": "incident",
    "ReplaySource": "sources",
    "Scored": "scoring",
    "Scorer": "scoring",
    "TCPSource": "tcp",
    "UDPSource": "udp",
    "WebhookSink": "webhook",
    "parse": "event",
}

__all__ = [
    "AlertPolicy",
    "CallbackSink",
    "Clock",
    "Counters",
    "Delivery",
    "Engine",
    "Event",
    "EventQueue",
    "FixedThreshold",
    "Incident",
    "IteratorSource",
    "JSONLinesSink",
    "LatencyHistogram",
    "Limits",
    "LogSink",
    "Malformed",
    "Message",
    "ReplaySource",
    "Scored",
    "Scorer",
    "TCPSource",
    "UDPSource",
    "WebhookSink",
    "parse",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
