"""Save and load fitted detectors as safetensors: arrays plus JSON, a checksum, library versions, and never a pickle.

A file holds the constructor's parameters and every fitted attribute (those that end in ``_``). A class with state of
another kind writes ``_get_state()`` and ``_set_state(state)``. Detectors made of others are written with them, see
:mod:`course_lib.core.encoding`. Loading only ever looks up classes inside ``course_lib`` (or takes the class it is
called on), so that a file from elsewhere cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from course_lib.core.atomic import atomic_write
from course_lib.core.encoding import Arrays, build, encode, find_class, state_of
from course_lib.core.runtime import library_versions

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


def save_detector(detector: Detector, path: str | os.PathLike[str]) -> None:
    """Write a fitted detector to `path`; see :meth:`Detector.save`."""
    arrays: Arrays = {}
    plain = {}
    for name, value in state_of(detector).items():
        if isinstance(value, np.ndarray) and value.dtype != object:
            arrays[name] = value
        else:
            plain[name] = encode(value, name, arrays)
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
    return build(_find_class(info["class"], expected), info["params"], info["state"], arrays, nested=False)


def _find_class(name: str, expected: type[Detector] | None) -> type[Detector]:
    from course_lib.core.detector import Detector

    own = expected is not None and not expected.__module__.startswith("course_lib.")
    if expected is not None and own and expected.__qualname__ == name.partition(":")[2]:
        return expected  # whatever module it was saved from: learners move classes from notebooks to files
    kind = find_class(name)
    if not issubclass(kind, Detector):
        raise ValueError(f"The file names {name}, which is not a detector.")
    if expected is not None and not issubclass(kind, expected):
        raise ValueError(
            f"The file holds a {kind.__name__}, not a {expected.__name__}: use course_lib.core.load instead."
        )
    return kind


def load(path: str | os.PathLike[str]) -> Detector:
    """Read any detector of the course from a file that its ``save`` wrote; no code from the file is run."""
    return load_detector(path)
