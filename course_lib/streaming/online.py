"""What everything that learns from a stream shares: parameters, a fresh copy, and a memory that goes to a file."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.base import clone as sklearn_clone

from course_lib.core.persistence import read_arrays, write_arrays
from course_lib.core.runtime import library_versions
from course_lib.streaming.state import pack, unpack

FORMAT = 1


class Online(BaseEstimator):
    """Base class: the constructor only stores its keywords, and all that is learnt lies in other attributes.

    So ``get_params`` and scikit-learn's ``clone`` work, and what was learnt can be told from what was asked for: it is
    every attribute that is no parameter. River finds the few names that it expects of an estimator.
    """

    # Attributes that are only there for speed: they are left out of files and made again when needed.
    _derived: frozenset[str] = frozenset()
    _supervised = False
    _multiclass = False

    def remembered(self) -> dict[str, Any]:
        """What was learnt, by attribute."""
        params = self.get_params(deep=False)
        return {name: value for name, value in vars(self).items() if name not in params and name not in self._derived}

    def reset(self) -> Self:
        """Forget all that was learnt."""
        for name in set(vars(self)) - set(self.get_params(deep=False)):
            delattr(self, name)
        return self

    def clone(self, new_params: dict[str, Any] | None = None, include_attributes: bool = False) -> Self:
        """A fresh one with the same parameters.

        Parameters
        ----------
        new_params : dict, optional
            Parameters to change in the copy.
        include_attributes : bool
            Copy what was learnt as well.
        """
        fresh = copy.deepcopy(self) if include_attributes else sklearn_clone(self)
        return fresh.set_params(**new_params) if new_params else fresh

    def _get_params(self) -> dict[str, Any]:
        """River's name for ``get_params``."""
        return self.get_params(deep=False)

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Parameters and memory as named arrays and JSON, to be kept wherever you like; see `from_state`."""
        arrays: dict[str, np.ndarray] = {}
        return arrays, {"format": FORMAT, "model": pack(self, "model", arrays)}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], info: dict[str, Any]) -> Self:
        """The model that `to_state` described.

        Raises
        ------
        ValueError
            If the description is of another format, or of something that is not of this class.
        """
        if info.get("format") != FORMAT or "model" not in info:
            raise ValueError(f"This is no stream model of format {FORMAT}: save it again with this version.")
        model = unpack(info["model"], arrays)
        if not isinstance(model, cls):
            raise ValueError(f"The file holds a {type(model).__name__}, not a {cls.__name__}: load it as what it is.")
        return model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model, in the middle of its stream, to one safetensors file that holds no code."""
        arrays, info = self.to_state()
        write_arrays(path, arrays, {**info, "versions": library_versions()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote; it goes on exactly where it stopped."""
        arrays, info = read_arrays(path)
        if "model" not in info:
            raise ValueError(f"{Path(path).name} holds no stream model: read it with course_lib.core.load.")
        return cls.from_state(arrays, info)


def load(path: str | os.PathLike[str]) -> Any:
    """Read any online model of the course from a file that its ``save`` wrote; no code from the file is run."""
    return Online.load(path)
