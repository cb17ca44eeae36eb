"""Data of the course: public data sets through one downloader, each as a ready detection problem.

The names below load when they are first used, so that asking for help on the command line stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.lazy import lazy_names

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
    "simulate": "simulate",
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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
