"""A configuration file, TOML or JSON, becomes an engine, or one sentence about what is wrong with it."""

from __future__ import annotations

import inspect
import json
import math
import os
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from course_lib.streaming.service.address import parse_address
from course_lib.streaming.service.delivery import Delivery
from course_lib.streaming.service.engine import Engine
from course_lib.streaming.service.event import Limits
from course_lib.streaming.service.policy import AlertPolicy
from course_lib.streaming.service.sinks import JSONLinesSink, LogSink
from course_lib.streaming.service.sources import ReplaySource, Source
from course_lib.streaming.service.tcp import TCPSource
from course_lib.streaming.service.udp import UDPSource
from course_lib.streaming.service.webhook import WebhookSink

DETECTORS = (
    "OnlineZScore",
    "OnlineRobustZScore",
    "OnlineMahalanobis",
    "OnlineKMeans",
    "HalfSpaceTrees",
    "RandomCutForest",
    "OnlineAutoencoder",
)
THRESHOLDS = ("FixedThreshold", "RollingQuantileThreshold", "StreamingPeaksOverThreshold")
SINKS: dict[str, Callable[..., Any]] = {"log": LogSink, "jsonl": JSONLinesSink, "webhook": WebhookSink}
SOURCES: dict[str, Callable[..., Source]] = {"udp": UDPSource, "tcp": TCPSource, "replay": ReplaySource}
ENGINE = ("queue", "drop", "block", "max_keys", "idle", "silence", "event_time", "snapshot", "every", "grace")
SECTIONS = ("detector", "threshold", "policy", "limits", "engine", "source", "sink")
DEFAULTS: dict[str, Any] = {
    # Not the plain z-score: for it each anomaly in a row counts less than the one before, and a policy waits for three.
    "detector": {"kind": "OnlineRobustZScore"},
    "threshold": {"kind": "FixedThreshold", "value": 6.0},
    "sink": [{"kind": "log"}],
}


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The content of a ``.toml`` or ``.json`` file.

    Raises
    ------
    ValueError
        If it is not there, or not what its name says.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no configuration file {path}: check the name and the folder.")
    try:
        text = path.read_text(encoding="utf-8")
        config = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ValueError(f"{path.name} is not valid {kind} ({str(error).rstrip('.')}).") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path.name} holds a {type(config).__name__}: write an object with sections.")
    return config


def build_engine(config: dict[str, Any], sources: list[Source] | None = None, **options: Any) -> Engine:
    """An engine as the configuration asks for.

    Parameters
    ----------
    config : dict
        Sections detector, threshold, policy, limits, engine, and lists of sections source and sink; each may be left
        out, and without a sink messages go to the log. A detector, threshold, source or sink is named by its ``kind``,
        other fields are its parameters.
    sources : list of Source, optional
        Instead of those of the configuration.
    **options
        Further arguments of `Engine`.

    Raises
    ------
    ValueError
        One sentence: what is unknown or out of range, and what there is to choose from.
    """
    for name in config:
        _known(name, SECTIONS, "section")
    detector = _make("detector", config.get("detector", DEFAULTS["detector"]), DETECTORS)
    threshold = _make("threshold", config.get("threshold", DEFAULTS["threshold"]), THRESHOLDS)
    policy = _call("policy", AlertPolicy, _table(config, "policy"))
    limits = _call("limits", Limits, _table(config, "limits"))
    settings = _table(config, "engine")
    for name in settings:
        _known(name, ENGINE, "setting of engine")
    sinks = [_sink(number, entry) for number, entry in enumerate(_entries({**DEFAULTS, **config}, "sink"), 1)]
    if sources is None:
        sources = [_choose("source", number, e, SOURCES) for number, e in enumerate(_entries(config, "source"), 1)]
    arguments = {**settings, **options, "policy": policy, "limits": limits}
    return _call("engine", lambda **given: Engine(detector, threshold, sources, sinks, **given), arguments)


def _make(section: str, table: Any, choices: tuple[str, ...]) -> Any:
    """A detector or threshold."""
    if not isinstance(table, dict) or "kind" not in table:
        raise ValueError(f"The section {section} needs a field kind: choose from {', '.join(choices)}.")
    _known(table["kind"], choices, f"kind of {section}")
    home = "course_lib.streaming.service" if table["kind"] == "FixedThreshold" else "course_lib.streaming"
    kind = getattr(import_module(home), table["kind"])

    def tried(**fields: Any) -> Any:
        """Values are looked at when the first event comes: let one come now, so that the section can be named."""
        model = kind(**fields)
        model.clone().learn_one([0.0]) if section == "detector" else model.clone().update(0.0)
        return model

    fields = {name: value for name, value in table.items() if name != "kind"}
    for name in fields:
        _known(name, tuple(inspect.signature(kind).parameters), f"field of {section}")
    return _call(section, tried, fields)


def _choose(section: str, number: int, table: dict[str, Any], choices: dict[str, Callable[..., Any]]) -> Any:
    if "kind" not in table:
        raise ValueError(f"The {section} number {number} needs a field kind: choose from {', '.join(choices)}.")
    _known(table["kind"], tuple(choices), f"kind of {section}")
    rest = {name: value for name, value in table.items() if name != "kind"}
    return _call(f"{section} number {number}", choices[table["kind"]], rest)


def _sink(number: int, table: dict[str, Any]) -> Delivery:
    """A sink in its delivery; the fields that are the delivery's go there."""
    own = set(inspect.signature(Delivery).parameters) - {"sink"}
    rest = {name: value for name, value in table.items() if name not in own}
    sink = _choose("sink", number, rest, SINKS)
    return _call(f"sink number {number}", Delivery, {"sink": sink, **{k: v for k, v in table.items() if k in own}})


def _call(section: str, make: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Make something of a section's fields; an unknown field or a bad value is a sentence that names the section."""
    parameters = inspect.signature(make).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        for name in arguments:
            _known(name, tuple(parameters), f"field of {section}")
        for name, parameter in parameters.items():
            if parameter.default is parameter.empty and name not in arguments:
                raise ValueError(f"The {section} needs the field {name}.")
    try:
        return make(**arguments)
    except (ValueError, TypeError) as error:
        raise ValueError(f"The configuration of {section} cannot be used: {str(error).rstrip('.')}.") from None


def _known(name: Any, choices: tuple[str, ...], what: str) -> None:
    if name not in choices:
        raise ValueError(f"There is no {what} called {name!r}: choose from {', '.join(choices) or 'nothing'}.")


def _table(config: dict[str, Any], section: str) -> dict[str, Any]:
    table = config.get(section, {})
    if not isinstance(table, dict):
        raise ValueError(f"The section {section} must be a table of fields, but is {table!r}.")
    # TOML can write infinity, JSON cannot: both may leave it out.
    return {name: math.inf if value is None else value for name, value in table.items()}


def _entries(config: dict[str, Any], section: str) -> list[dict[str, Any]]:
    entries = config.get(section, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{section} must be a list of tables: write [[{section}]] in TOML.")
    return entries


def source_of(kind: str, address: str, allow_remote: bool) -> Source:
    """A UDP or TCP source of the command line."""
    parse_address(address, allow_remote=allow_remote)
    return (UDPSource if kind == "udp" else TCPSource)(address, allow_remote)
