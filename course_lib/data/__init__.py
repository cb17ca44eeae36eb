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
    from course_lib.data.credit_card import CardStream, load_creditcard
    from course_lib.data.downloads import DownloadError, fetch
    from course_lib.data.images import load_fashion_mnist, load_mnist
    from course_lib.data.nab import NabSeries, load_nab
    from course_lib.data.nsl_kdd import NetworkFlows, load_nsl_kdd
    from course_lib.data.one_class import OneClassData
    from course_lib.data.smd import Cause, MachineData, load_smd

_HOMES = {
    "AdbenchSplit": "adbench",
    "AdbenchTable": "adbench",
    "CardStream": "credit_card",
    "Cause": "smd",
    "DownloadError": "downloads",
    "MachineData": "smd",
    "NabSeries": "nab",
    "NetworkFlows": "nsl_kdd",
    "OneClassData": "one_class",
    "cache_root": "cache",
    "fetch": "downloads",
    "load_adbench": "adbench",
    "load_creditcard": "credit_card",
    "load_fashion_mnist": "images",
    "load_mnist": "images",
    "load_nab": "nab",
    "load_nsl_kdd": "nsl_kdd",
    "load_smd": "smd",
}

__all__ = [
    "AdbenchSplit",
    "AdbenchTable",
    "CardStream",
    "Cause",
    "DownloadError",
    "MachineData",
    "NabSeries",
    "NetworkFlows",
    "OneClassData",
    "cache_root",
    "fetch",
    "load_adbench",
    "load_creditcard",
    "load_fashion_mnist",
    "load_mnist",
    "load_nab",
    "load_nsl_kdd",
    "load_smd",
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
