"""A configuration becomes an engine, or one sentence."""

import json

import pytest

from course_lib.streaming.service import TCPSource, UDPSource, WebhookSink
from course_lib.streaming.service.config import build_engine, read_config

WHOLE = """
[detector]
kind = "OnlineZScore"
alpha = 0.02

[threshold]
kind = "FixedThreshold"
value = 5.0

[policy]
raise_after = 2
group_by = "all"

[limits]
bytes = 512

[engine]
queue = 500
drop = "oldest"
block = 64
max_keys = 100
idle = 60
silence = 10.0

[[source]]
kind = "udp"
address = "127.0.0.1:0"

[[source]]
kind = "tcp"

[[sink]]
kind = "webhook"
url = "http://127.0.0.1:9/x"
attempts = 2
timeout = 1.5

[[sink]]
kind = "log"
"""


def test_every_setting_arrives(tmp_path):
    path = tmp_path / "service.toml"
    path.write_text(WHOLE)
    engine = build_engine(read_config(path))
    stream, _ = engine.scorer.table.touch("a", 0.0)
    assert stream.detector.alpha == 0.02
    assert stream.threshold.threshold == 5.0
    assert (engine.scorer.policy.raise_after, engine.scorer.policy.group_by) == (2, "all")
    assert engine.limits.bytes == 512
    assert (engine.queue.capacity, engine.queue.drop, engine.block) == (500, "oldest", 64)
    assert (engine.scorer.table.max_keys, engine.scorer.table.idle, engine.scorer.silence) == (100, 60, 10.0)
    assert [type(source) for source in engine.sources] == [UDPSource, TCPSource]
    webhook, log = engine.deliveries
    assert isinstance(webhook.sink, WebhookSink)
    assert (webhook.attempts, webhook.timeout, log.attempts) == (2, 1.5, 5)


def test_without_a_sink_messages_go_to_the_log():
    assert [delivery.sink.name for delivery in build_engine({}).deliveries] == ["log"]
    assert build_engine({"sink": []}).deliveries == []


def test_json_says_the_same_and_null_means_never(tmp_path):
    path = tmp_path / "service.json"
    path.write_text(json.dumps({"engine": {"queue": 7, "idle": None}}))
    engine = build_engine(read_config(path))
    assert engine.queue.capacity == 7
    assert engine.scorer.table.idle == float("inf")


@pytest.mark.parametrize(
    "detector",
    ["OnlineZScore", "OnlineRobustZScore", "OnlineMahalanobis", "OnlineKMeans", "HalfSpaceTrees", "RandomCutForest"],
)
@pytest.mark.parametrize("threshold", ["FixedThreshold", "RollingQuantileThreshold", "StreamingPeaksOverThreshold"])
def test_every_detector_and_threshold_can_be_named(detector, threshold):
    engine = build_engine({"detector": {"kind": detector}, "threshold": {"kind": threshold}})
    engine.counters.received = 5
    engine.handle([(engine.clock.now(), b'{"key": "a", "x": [1, 2]}')] * 5)
    assert engine.report()["scored"] == 5


@pytest.mark.parametrize(
    ("config", "fragment"),
    [
        ({"detectors": {}}, "There is no section called 'detectors': choose from detector, threshold"),
        ({"detector": {"alpha": 1}}, "The section detector needs a field kind"),
        ({"detector": {"kind": "Oracle"}}, "There is no kind of detector called 'Oracle'"),
        ({"detector": {"kind": "OnlineZScore", "beta": 1}}, "There is no field of detector called 'beta'"),
        ({"detector": {"kind": "OnlineZScore", "alpha": 5}}, "The configuration of detector cannot be used: alpha"),
        ({"detector": {"kind": ["a"]}}, "There is no kind of detector called ['a']"),
        ({"threshold": {"kind": "FixedThreshold", "value": "high"}}, "value must be a finite number"),
        ({"policy": {"raise_after": 0}}, "The configuration of policy cannot be used: raise_after"),
        ({"policy": {"raise": 1}}, "There is no field of policy called 'raise'"),
        ({"policy": 3}, "The section policy must be a table"),
        ({"limits": {"bytes": "many"}}, "The configuration of limits cannot be used: The limit bytes"),
        ({"engine": {"threads": 3}}, "There is no setting of engine called 'threads'"),
        ({"engine": {"queue": 0}}, "The configuration of engine cannot be used: The queue needs room"),
        ({"engine": {"drop": "all"}}, "newest, oldest"),
        ({"source": {"kind": "udp"}}, "source must be a list of tables"),
        ({"source": [{"address": "127.0.0.1:1"}]}, "The source number 1 needs a field kind"),
        ({"source": [{"kind": "udp", "address": "0.0.0.0:1"}]}, "can be reached from other machines"),
        ({"source": [{"kind": "serial"}]}, "There is no kind of source called 'serial'"),
        ({"sink": [{"kind": "log"}, {"kind": "webhook"}]}, "The sink number 2 needs the field url."),
        ({"sink": [{"kind": "webhook", "url": "ftp://x"}]}, "begins with http"),
        ({"sink": [{"kind": "log", "attempts": 0}]}, "attempts must be a whole number"),
        ({"sink": [{"kind": "log", "color": 1}]}, "There is no field of sink number 1 called 'color'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(config, fragment, refuses):
    with refuses(fragment):
        build_engine(config)


def test_files_that_cannot_be_read(tmp_path, refuses):
    with refuses("There is no configuration file"):
        read_config(tmp_path / "none.toml")
    for name, content, fragment in [
        ("a.toml", b"[detector", "a.toml is not valid TOML"),
        ("a.json", b"{", "a.json is not valid JSON"),
        ("b.json", b"[" * 100_000, "b.json is not valid JSON"),
        ("c.json", b"[1]", "c.json holds a list"),
        ("d.toml", b"\xff", "d.toml is not valid TOML"),
    ]:
        (tmp_path / name).write_bytes(content)
        with refuses(fragment):
            read_config(tmp_path / name)
