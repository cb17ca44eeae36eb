"""What stands in for NSL-KDD without a network: simulated connections with floods, scans and break-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

SUBSTITUTE_SOURCE = "Not NSL-KDD but simulated connections: web and mail traffic with floods, scans and break-ins."

_ROWS = 6_000
# Shares of the attacks; each part has one that the other does not know.
_SHARES = {
    "train": {"neptune": 0.25, "satan": 0.06, "portsweep": 0.05, "warezclient": 0.02, "buffer_overflow": 0.005},
    "test": {"neptune": 0.22, "mscan": 0.06, "satan": 0.05, "guess_passwd": 0.06, "buffer_overflow": 0.005},
}
_SERVICES = ("http", "smtp", "domain_u", "ftp_data", "private")


def simulated_flows(part: str, columns: tuple[str, ...]) -> tuple[pd.DataFrame, NDArray[np.str_]]:
    """Features, shape (6000, 41), and the name of the attack for each row, the same at every call.

    Ordinary connections carry bytes both ways and meet few errors. A flood (neptune) opens many and finishes none;
    scans ask many services; break-ins look ordinary but for a few counts of failed logins, hot commands or root shells.
    """
    import pandas as pd

    generator = np.random.default_rng(0 if part == "train" else 1)
    shares = _SHARES[part]
    attack = generator.choice(["normal", *shares], size=_ROWS, p=[1 - sum(shares.values()), *shares.values()]).astype(
        np.str_
    )
    table = {name: np.zeros(_ROWS) for name in columns}
    flood, scan = attack == "neptune", np.isin(attack, ["satan", "portsweep", "mscan"])
    quiet = ~(flood | scan)

    def put(name: str, rows: NDArray[np.bool_], values: NDArray[np.float64]) -> None:
        table[name][rows] = values[rows]

    everyone = np.ones(_ROWS, dtype=bool)
    put("duration", quiet, np.floor(generator.exponential(5, _ROWS)))
    put("src_bytes", quiet, np.floor(generator.lognormal(5.5, 0.8, _ROWS)))
    put("dst_bytes", quiet, np.floor(generator.lognormal(7.0, 1.2, _ROWS)))
    put("logged_in", quiet, (generator.random(_ROWS) < 0.7).astype(float))
    for name, usual, high in (("count", 8, 180), ("srv_count", 9, 15), ("dst_host_count", 120, 255)):
        put(name, everyone, np.minimum(generator.poisson(np.where(flood | scan, high, usual)), 511).astype(float))
    for name in ("serror_rate", "srv_serror_rate", "dst_host_serror_rate", "dst_host_srv_serror_rate"):
        put(name, everyone, generator.beta(np.where(flood, 30, 0.3), np.where(flood, 1, 30)).round(2))
    for name in ("rerror_rate", "srv_rerror_rate", "dst_host_rerror_rate", "dst_host_srv_rerror_rate"):
        put(name, everyone, generator.beta(np.where(scan, 4, 0.3), np.where(scan, 3, 30)).round(2))
    for name in ("same_srv_rate", "dst_host_same_srv_rate"):
        put(name, everyone, generator.beta(np.where(quiet, 12, 1), np.where(quiet, 1, 12)).round(2))
    for name in ("diff_srv_rate", "dst_host_diff_srv_rate"):
        put(name, everyone, generator.beta(np.where(scan, 6, 0.5), np.where(scan, 3, 20)).round(2))
    put("num_failed_logins", attack == "guess_passwd", generator.integers(1, 5, _ROWS).astype(float))
    put("hot", np.isin(attack, ["warezclient", "buffer_overflow"]), generator.integers(2, 25, _ROWS).astype(float))
    put("root_shell", attack == "buffer_overflow", np.ones(_ROWS))
    data = pd.DataFrame(table)
    data["protocol_type"] = np.where(generator.random(_ROWS) < 0.85, "tcp", "udp")
    data["service"] = np.where(quiet, generator.choice(_SERVICES, _ROWS), "private")
    data["flag"] = np.where(flood, "S0", np.where(scan & (generator.random(_ROWS) < 0.6), "REJ", "SF"))
    return data[list(columns)], attack
