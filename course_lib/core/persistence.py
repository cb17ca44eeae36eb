"""Save and load fitted detectors as safetensors: arrays plus JSON, a checksum, library versions, and never a pickle.

A file holds the constructor's parameters and every fitted attribute (those that end in ``_``). A class with state of
another kind writes ``_get_state()`` and ``_set_state(state)``. Loading only ever looks up classes inside ``course_lib``
(or takes the class it is called on), so that a file from elsewhere cannot run code.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from course_lib.core.atomic import atomic_write
from course_lib.core.runtime import library_versions
from course_lib.core.thresholds import ThresholdRule

if TYPE_CHECKING:
    from course_lib.core.detector import Detector

FORMAT = 1


def write_arrays(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], info: dict[str, Any]) -> None:
    """Write named arrays and JSON-able `info` to one file, aside and renamed, with a checksum over both."""
    text = json.dumps(info, sort_keys=True)
    # A copy: safetensors writes a view's memory as it lies, strides ignored.
    arrays = {name: np.array(array, order="C") for name, array in arrays.items()}
    with atomic_write(path) as temporary:
        try:
            save_file(arrays, temporary, metadata={"course_lib": text, "sha256": _checksum(arrays, text)})
        except SafetensorError as error:  # how it reports a full disk
            raise OSError(f"{path} could not be written ({error}): free some space or choose another folder.") from None


def read_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what :func:`write_arrays` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no file at `path`.
    ValueError
        If the file is cut off, was changed, or is no file of this course.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the name and the folder.")
    try:
        with safe_open(path, framework="numpy") as file:
            meta = file.metadata() or {}
            # Another library's file may hold kinds of numbers that NumPy does not know: leave them alone.
            names = file.keys() if "course_lib" in meta else []
            arrays = {name: file.get_tensor(name) for name in names}
    except SafetensorError:
        raise ValueError(f"{path.name} is cut off or no safetensors file: save it again.") from None
    if "course_lib" not in meta:
        raise ValueError(f"{path.name} was not written by this course: load it with the library that wrote it.")
    if meta.get("sha256") != _checksum(arrays, meta["course_lib"]):
        raise ValueError(f"{path.name} was changed after it was saved (its checksum differs): save it again.")
    return arrays, json.loads(meta["course_lib"])


def _checksum(arrays: dict[str, np.ndarray], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def encode(value: Any, name: str) -> Any:
    """Turn a parameter into plain JSON; tuples and threshold rules keep their kind."""
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return {"tuple": [encode(item, name) for item in value]}
    if isinstance(value, list):
        return [encode(item, name) for item in value]
    if isinstance(value, ThresholdRule) and type(value).__module__ == ThresholdRule.__module__:
        params = value.get_params(deep=False)
        return {"rule": type(value).__name__, "params": {k: encode(v, k) for k, v in params.items()}}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if (type(value).__module__, type(value).__name__) == ("torch", "device"):
        return str(value)
    raise TypeError(f"{name} is a {type(value).__name__}, which cannot be saved without pickle: use plain values.")


def decode(value: Any) -> Any:
    """Undo :func:`encode`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(decode(item) for item in value["tuple"])
    known = ThresholdRule.__subclasses__()
    rules = {rule.__name__: rule for rule in known if rule.__module__ == ThresholdRule.__module__}
    if value.get("rule") not in rules:
        raise ValueError(f"The file names an unknown threshold rule {value.get('rule')!r}: update the course.")
    return rules[value["rule"]](**{k: decode(v) for k, v in value["params"].items()})


def _get_state(detector: Detector) -> dict[str, Any]:
    custom = getattr(detector, "_get_state", None)
    if custom is not None:
        return custom()
    return {name: value for name, value in vars(detector).items() if name.endswith("_") and not name.startswith("_")}


def save_detector(detector: Detector, path: str | os.PathLike[str]) -> None:
    """Write a fitted detector to `path`; see :meth:`Detector.save`."""
    arrays, plain = {}, {}
    for name, value in _get_state(detector).items():
        if isinstance(value, np.ndarray) and value.dtype != object:
            arrays[name] = value
        else:
            plain[name] = encode(value.tolist() if isinstance(value, np.ndarray) else value, name)
    kind = type(detector)
    info = {
        "format": FORMAT,
        "class": f"{kind.__module__}:{kind.__qualname__}",
        "params": {name: encode(value, name) for name, value in detector.get_params(deep=False).items()},
        "state": plain,
        "versions": library_versions(),
    }
    write_arrays(path, arrays, info)


def load_detector(path: str | os.PathLike[str], expected: type[Detector] | None = None) -> Detector:
    """Read a detector; `expected`, if given, must be its class or a base of it."""
    arrays, info = read_arrays(path)
    if info.get("format") != FORMAT or "class" not in info:
        raise ValueError(f"{Path(path).name} holds no detector of format {FORMAT}: save it again with this version.")
    kind = _find_class(info["class"], expected)
    detector = kind(**{name: decode(value) for name, value in info["params"].items()})
    state = {**arrays, **{name: decode(value) for name, value in info["state"].items()}}
    if "feature_names_in_" in state:
        state["feature_names_in_"] = np.array(state["feature_names_in_"], dtype=object)
    custom = getattr(detector, "_set_state", None)
    if custom is not None:
        custom(state)
    else:
        for name, value in state.items():
            setattr(detector, name, value)
    return detector


def _find_class(name: str, expected: type[Detector] | None) -> type[Detector]:
    from course_lib.core.detector import Detector

    module, _, attribute = name.partition(":")
    own = expected is not None and not expected.__module__.startswith("course_lib.")
    if expected is not None and own and expected.__qualname__ == attribute:
        return expected  # whatever module it was saved from: learners move classes from notebooks to files
    if not module.startswith("course_lib."):
        raise ValueError(
            f"The file holds {name}, which is not part of the course: call load on your own class instead."
        )
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        raise ValueError(f"The file holds {name}, which this version of the course does not have: update it.") from None
    if not (isinstance(kind, type) and issubclass(kind, Detector)):
        raise ValueError(f"The file names {name}, which is not a detector.")
    if expected is not None and not issubclass(kind, expected):
        raise ValueError(
            f"The file holds a {kind.__name__}, not a {expected.__name__}: use course_lib.core.load instead."
        )
    return kind


def load(path: str | os.PathLike[str]) -> Detector:
    """Read any detector of the course from a file that its ``save`` wrote; no code from the file is run."""
    return load_detector(path)
