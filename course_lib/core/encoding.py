"""Turn parameters and fitted state into plain JSON and arrays, and back; nothing here can run code from a file.

Estimators of the course (detectors, baselines, threshold rules, ...) may hold others. Each is written as its class, its
parameters and its state; only classes inside ``course_lib`` are looked up again.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from course_lib.core.thresholds import ThresholdRule

Arrays = dict[str, np.ndarray]


def encode(value: Any, name: str, arrays: Arrays | None = None) -> Any:
    """Turn a value into plain JSON; tuples, threshold rules and estimators keep their kind.

    Parameters
    ----------
    value : object
        Plain numbers and texts, lists, tuples, dicts by text, rules, estimators of the course.
    name : str
        Where it stands, for messages and as a prefix.
    arrays : dict, optional
        Takes the arrays inside `value`. Without it estimators are written as parameters are, unfitted.

    Raises
    ------
    TypeError
        If `value` could only be saved by pickle.
    """
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return {"tuple": [encode(item, f"{name}.{i}", arrays) for i, item in enumerate(value)]}
    if isinstance(value, list):
        return [encode(item, f"{name}.{i}", arrays) for i, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        # Pairs, because JSON is written with its keys sorted and the order may matter.
        return {"dict": [[key, encode(item, f"{name}.{key}", arrays)] for key, item in value.items()]}
    if isinstance(value, ThresholdRule) and type(value).__module__ == ThresholdRule.__module__:
        params = value.get_params(deep=False)
        return {"rule": type(value).__name__, "params": {k: encode(v, k) for k, v in params.items()}}
    if isinstance(value, BaseEstimator):
        return _encode_estimator(value, name, arrays)
    if arrays is not None and isinstance(value, np.ndarray) and value.dtype != object:
        if name in arrays:
            raise ValueError(f"Two arrays would be saved as {name}: rename one of the detectors.")
        arrays[name] = value
        return {"array": name}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if (type(value).__module__, type(value).__name__) == ("torch", "device"):
        return str(value)
    raise TypeError(f"{name} is a {type(value).__name__}, which cannot be saved without pickle: use plain values.")


def _encode_estimator(estimator: BaseEstimator, name: str, arrays: Arrays | None) -> dict[str, Any]:
    kind = type(estimator)
    if not kind.__module__.startswith("course_lib."):
        raise TypeError(
            f"{name} is a {kind.__name__}, which is not part of the course and cannot be saved inside a detector "
            "without pickle: save it on its own."
        )
    state = {} if arrays is None else state_of(estimator)
    return {
        "estimator": f"{kind.__module__}:{kind.__qualname__}",
        # Parameters are never fitted: what was learnt stands in the state.
        "params": {k: encode(v, f"{name}.{k}") for k, v in estimator.get_params(deep=False).items()},
        "state": {k: encode(v, f"{name}.{k}", arrays) for k, v in state.items()},
    }


def decode(value: Any, arrays: Arrays | None = None) -> Any:
    """Undo :func:`encode`; arrays that are used are taken out of `arrays`."""
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(decode(item, arrays) for item in value["tuple"])
    if "dict" in value:
        return {key: decode(item, arrays) for key, item in value["dict"]}
    if "array" in value:
        return (arrays or {}).pop(value["array"])
    if "estimator" in value:
        return build(find_class(value["estimator"]), value["params"], value["state"], arrays, nested=True)
    known = ThresholdRule.__subclasses__()
    rules = {rule.__name__: rule for rule in known if rule.__module__ == ThresholdRule.__module__}
    if value.get("rule") not in rules:
        raise ValueError(f"The file names an unknown threshold rule {value.get('rule')!r}: update the course.")
    return rules[value["rule"]](**{k: decode(v) for k, v in value["params"].items()})


def build(
    kind: type, params: dict[str, Any], state: dict[str, Any], arrays: Arrays | None, nested: bool = False
) -> Any:
    """Make an estimator of class `kind` from its encoded `params` and `state`; not `nested`, it takes all `arrays`."""
    estimator = kind(**{name: decode(value) for name, value in params.items()})
    learnt = {name: decode(value, arrays) for name, value in state.items()}
    if not nested:
        learnt.update(arrays or {})  # what no part of it has taken
    if "feature_names_in_" in learnt:
        learnt["feature_names_in_"] = np.array(learnt["feature_names_in_"], dtype=object)
    custom = getattr(estimator, "_set_state", None)
    if custom is not None and learnt:
        custom(learnt)
    else:
        for name, value in learnt.items():
            setattr(estimator, name, value)
    return estimator


def state_of(estimator: Any) -> dict[str, Any]:
    """What an estimator has learnt: its attributes that end in ``_``, or what its ``_get_state`` gives."""
    custom = getattr(estimator, "_get_state", None)
    if custom is not None:
        state = custom()
    else:
        state = {k: v for k, v in vars(estimator).items() if k.endswith("_") and not k.startswith("_")}
    names = state.get("feature_names_in_")
    return state if names is None else {**state, "feature_names_in_": list(names)}


def find_class(name: str) -> type:
    """The estimator class of the course that `name`, "module:class", stands for; anything else is refused."""
    module, _, attribute = name.partition(":")
    if not module.startswith("course_lib."):
        raise ValueError(
            f"The file holds {name}, which is not part of the course: call load on your own class instead."
        )
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        raise ValueError(f"The file holds {name}, which this version of the course does not have: update it.") from None
    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator) and kind.__module__ == module):
        raise ValueError(f"The file names {name}, which is not a detector.")
    return kind
