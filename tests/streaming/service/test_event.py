"""Packets from anywhere: the good ones are read exactly, the others are refused by name, and nothing else happens."""

import json
import math
import random

import numpy as np
import pytest

from course_lib.streaming.service import Event, Limits, Malformed, parse

LIMITS = Limits()


def test_what_the_format_allows():
    assert parse(b'{"key": "a/b", "x": 2, "t": 5, "sent": 6.5}', LIMITS) == Event("a/b", [2.0], 5.0, 6.5)
    assert parse(b'{"key": "a", "x": [1, 2.5]}', LIMITS) == Event("a", [1.0, 2.5], None, None)
    assert parse(b'{"key": "a", "x": {"t": 1, "p": 2}, "other": [[]]}', LIMITS).x == {"t": 1.0, "p": 2.0}
    assert parse('{"key": "Größe", "x": 1}'.encode(), LIMITS).key == "Größe"
    row = parse(b'{"key": "a", "x": [1, null]}', LIMITS).x
    assert row[0] == 1
    assert math.isnan(row[1])


def test_objects_from_inside_the_process():
    assert parse({"key": "a", "x": np.array([1, 2])}, LIMITS).x == [1.0, 2.0]
    assert parse({"key": "a", "x": np.float32(0.5)}, LIMITS).x == [0.5]
    event = parse({"key": "a", "x": np.float64(0.5), "t": np.int64(3)}, LIMITS)
    assert event == Event("a", [0.5], 3.0, None)
    assert type(event.x[0]) is type(event.t) is float


REFUSED = {
    b"": "not JSON",
    b"{": "not JSON",
    b'{"key": "a", "x": 1': "not JSON",
    b"\xff\xfe": "not UTF-8",
    b'{"key": "\xc3"}': "not UTF-8",
    b"[" * 2000: "nested too deeply",
    b'{"key": ' * 200 + b"1" + b"}" * 200: "no number",
    b"[1, 2]": "not an object",
    b"3": "not an object",
    b"null": "not an object",
    b'"text"': "not an object",
    b'{"x": 1}': "bad key",
    b'{"key": "", "x": 1}': "bad key",
    b'{"key": 7, "x": 1}': "bad key",
    b'{"key": ["a"], "x": 1}': "bad key",
    b'{"key": "a\\nERROR forged", "x": 1}': "bad key",
    b'{"key": "\\u001b[2J", "x": 1}': "bad key",
    b'{"key": "\\ud800", "x": 1}': "bad key",
    json.dumps({"key": "k" * 129, "x": 1}).encode(): "bad key",
    b'{"key": "a"}': "no number",
    b'{"key": "a", "x": null}': "no number",
    b'{"key": "a", "x": [null, null]}': "no number",
    b'{"key": "a", "x": []}': "wrong number of numbers",
    b'{"key": "a", "x": {}}': "wrong number of numbers",
    json.dumps({"key": "a", "x": [1] * 65}).encode(): "wrong number of numbers",
    b'{"key": "a", "x": "1"}': "not a number",
    b'{"key": "a", "x": true}': "not a number",
    b'{"key": "a", "x": [[1]]}': "not a number",
    b'{"key": "a", "x": {"a": {}}}': "not a number",
    b'{"key": "a", "x": {"\\u0000": 1}}': "bad name",
    b'{"key": "a", "x": NaN}': "not JSON",
    b'{"key": "a", "x": -Infinity}': "not JSON",
    b'{"key": "a", "x": 1e999}': "number too large",
    b'{"key": "a", "x": -1e300}': "number too large",
    b'{"key": "a", "x": 1' + b"0" * 400 + b"}": "number too large",
    b'{"key": "a", "x": 1, "t": "now"}': "bad time",
    b'{"key": "a", "x": 1, "sent": 1e20}': "bad time",
    b'{"key": "a", "x": 1, "t": false}': "bad time",
    b'{"key": "a", "x": 1}' + b" " * 2048: "too long",
}


@pytest.mark.parametrize("payload", REFUSED, ids=lambda payload: payload[:24].decode("latin-1"))
def test_what_it_refuses(payload):
    with pytest.raises(Malformed) as caught:
        parse(payload, LIMITS)
    assert caught.value.reason == REFUSED[payload]


def test_integers_longer_than_python_converts():
    digits = b'{"key": "a", "x": ' + b"9" * 10_000 + b"}"
    with pytest.raises(Malformed):
        parse(digits, Limits(bytes=20_000))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "1", None, True, [[1]], object()])
def test_bad_objects_from_inside_the_process(value):
    with pytest.raises(Malformed):
        parse({"key": "a", "x": value}, LIMITS)


def test_limits_are_the_callers():
    small = Limits(bytes=40, key=2, features=1, magnitude=10)
    assert parse(b'{"key": "ab", "x": -10}', small).x == [-10.0]
    for payload in (b'{"key": "abc", "x": 1}', b'{"key": "a", "x": [1, 1]}', b'{"key": "a", "x": 11}', b" " * 41):
        with pytest.raises(Malformed):
            parse(payload, small)
    with pytest.raises(ValueError, match="limit bytes must be a positive number"):
        Limits(bytes=0)


def random_value(draw, depth=0):
    kind = draw.randrange(9 if depth < 4 else 6)
    if kind == 6:
        return [random_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind in (7, 8):
        names = ["key", "x", "t", "sent", "", "\x00", "é"]
        return {draw.choice(names): random_value(draw, depth + 1) for _ in range(draw.randrange(5))}
    return [None, True, draw.randrange(-(10**20), 10**20), draw.gauss(0, 1) * 10 ** draw.randrange(-9, 300), "a", ""][
        kind
    ]


def test_anything_at_all_gives_an_event_or_a_reason():
    """Random JSON, cut and with bytes flipped: 6,000 packets. An accepted event keeps every promise of the format."""
    draw = random.Random(17)
    accepted, reasons = 0, set()
    good = b'{"key": "plant/pump", "x": [1.5, -2e3, null], "t": 1735689600.5, "sent": 3}'
    for number in range(6000):
        text = json.dumps(random_value(draw)).encode() if number % 2 else good
        packet = bytearray(text)
        for _ in range(draw.randrange(4)):
            if packet:
                packet[draw.randrange(len(packet))] = draw.randrange(256)
        packet = bytes(packet[: draw.randrange(len(packet) + 1)] if number % 3 == 0 else packet)
        try:
            event = parse(packet, LIMITS)
        except Malformed as refused:
            reasons.add(refused.reason)
            continue
        accepted += 1
        values = list(event.x.values()) if isinstance(event.x, dict) else event.x
        assert 0 < len(values) <= LIMITS.features
        assert all(type(value) is float and (value != value or abs(value) <= 1e12) for value in values)
        assert any(value == value for value in values)
        assert event.key.isprintable()
        assert 0 < len(event.key) <= LIMITS.key
        assert all(moment is None or abs(moment) <= 1e12 for moment in (event.t, event.sent))
    assert accepted > 300
    assert reasons <= set(REFUSED.values())
    assert len(reasons) > 8
