"""What an online model remembers, as named arrays plus JSON: enough to go on exactly where it stopped; no pickle."""

from __future__ import annotations

import importlib
import random
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from course_lib.streaming.online import Online

PACKAGE = "course_lib.streaming."
# Shorter lists of numbers stay readable in the JSON.
LONG = 64


def pack(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Turn `value` into JSON; arrays go to `arrays` under `name`, and the JSON refers to them.

    Raises
    ------
    TypeError
        If the value is of a kind that cannot be stored without running code when it is read.
    """
    from course_lib.streaming.online import Online

    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype != object:
        arrays[name] = value
        return {"array": name}
    if isinstance(value, Online):
        kind = type(value)
        params = {key: pack(item, f"{name}.{key}", arrays) for key, item in value.get_params(deep=False).items()}
        state = {key: pack(item, f"{name}.{key}", arrays) for key, item in value.remembered().items()}
        return {"online": f"{kind.__module__}:{kind.__qualname__}", "params": params, "state": state}
    if isinstance(value, (list, tuple, deque)):
        return {type(value).__name__: _pack_items(list(value), name, arrays), "limit": getattr(value, "maxlen", None)}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: pack(item, f"{name}.{key}", arrays) for key, item in value.items()}}
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if isinstance(value, random.Random):
        version, numbers, spare = value.getstate()
        return {"random": [version, list(numbers), spare]}
    raise TypeError(f"{name} is a {type(value).__name__}, which cannot be saved without pickle: use plain values.")


def _pack_items(items: list[Any], name: str, arrays: dict[str, np.ndarray]) -> Any:
    if len(items) > LONG and all(type(item) is float for item in items):
        arrays[name] = np.array(items)
        return {"array": name}
    return [pack(item, f"{name}.{place}", arrays) for place, item in enumerate(items)]


def unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Undo :func:`pack`; classes are looked up inside this package only."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "online" in value:
        model = _class_of(value["online"])(**{key: unpack(item, arrays) for key, item in value["params"].items()})
        for key, item in value["state"].items():
            setattr(model, key, unpack(item, arrays))
        return model
    if "dict" in value:
        return {key: unpack(item, arrays) for key, item in value["dict"].items()}
    if "generator" in value:
        bits = np.random.PCG64()
        bits.state = value["generator"]
        return np.random.Generator(bits)
    if "random" in value:
        version, numbers, spare = value["random"]
        generator = random.Random()
        generator.setstate((version, tuple(numbers), spare))
        return generator
    kind = next(name for name in ("list", "tuple", "deque") if name in value)
    stored = value[kind]
    items = unpack(stored, arrays).tolist() if isinstance(stored, dict) else [unpack(item, arrays) for item in stored]
    return deque(items, value["limit"]) if kind == "deque" else tuple(items) if kind == "tuple" else items


def _class_of(name: str) -> type[Online]:
    from course_lib.streaming.online import Online

    module, _, attribute = name.partition(":")
    if not module.startswith(PACKAGE):
        raise ValueError(f"The file holds {name}, which is not part of {PACKAGE.rstrip('.')}: it is not read.")
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        raise ValueError(f"The file holds {name}, which this version of the course does not have: update it.") from None
    if not (isinstance(kind, type) and issubclass(kind, Online)):
        raise ValueError(f"The file names {name}, which does not learn from a stream.")
    return kind
