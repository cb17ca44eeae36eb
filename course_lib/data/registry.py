"""What the course can download: one entry per data set, with sizes, checksums, mirrors and licence.

The entries stand in `registry_flows`, `registry_images`, `registry_machines`, `registry_series` and `registry_tables`.
"""

from __future__ import annotations

from course_lib.data.entries import DataSet, RemoteFile
from course_lib.data.registry_flows import NSL_KDD
from course_lib.data.registry_images import FASHION_MNIST, MNIST
from course_lib.data.registry_machines import SMD
from course_lib.data.registry_series import NAB
from course_lib.data.registry_tables import ADBENCH

__all__ = ["REGISTRY", "DataSet", "RemoteFile", "find"]

_SHORT = {"smd": "servermachinedataset"}

REGISTRY: dict[str, DataSet] = {entry.name: entry for entry in (MNIST, FASHION_MNIST, NAB, ADBENCH, SMD, NSL_KDD)}


def find(name: str) -> DataSet:
    """The entry called `name`; case, hyphens and underscores do not matter.

    Raises
    ------
    ValueError
        If there is no such entry; the message lists the names.
    """
    wanted = _plain(name)
    for key, entry in REGISTRY.items():
        if _plain(key) == _SHORT.get(wanted, wanted):
            return entry
    raise ValueError(f"There is no data set called {name!r}: choose from {', '.join(REGISTRY)}.")


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
