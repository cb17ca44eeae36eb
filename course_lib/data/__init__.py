"""Data of the course: public data sets through one downloader, each as a ready detection problem.

The names below load when they are first used, so that asking for help on the command line stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.data import simulate
    from course_lib.data.adbench import AdbenchSplit, AdbenchTable, load_adbench
    from course_lib.data.cache import cache_root
    from course_lib.data.downloads import DownloadError, fetch
    from course_lib.data.images import load_fashion_mnist, load_mnist
    from course_lib.data.nab import NabSeries, load_nab
    from course_lib.data.one_class import OneClassData

_HOMES = {
    "AdbenchSplit": "adbench",
    "AdbenchTable": "adbench",
    "DownloadError": "downloads",
    "NabSeries": "nab",
    "OneClassData": "one_class",
    "cache_root": "cache",
    "fetch": "downloads",
    "load_adbench": "adbench",
    "load_fashion_mnist": "images",
    "load_mnist": "images",
    "load_nab": "nab",
}

__all__ = [
    "AdbenchSplit",
    "AdbenchTable",
    "DownloadError",
    "NabSeries",
    "OneClassData",
    "cache_root",
    "fetch",
    "load_adbench",
    "load_fashion_mnist",
    "load_mnist",
    "load_nab",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name == "simulate":
        return import_module(f"{__name__}.simulate")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
