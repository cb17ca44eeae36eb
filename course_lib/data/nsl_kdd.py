"""NSL-KDD: connections of a small network, each described by 41 features, with the attacks among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.flow_substitute import SUBSTITUTE_SOURCE, simulated_flows
from course_lib.data.registry import find

if TYPE_CHECKING:
    import pandas as pd

PARTS = {"train": "KDDTrain+_20Percent.txt", "test": "KDDTest+.txt"}
TEXT = ("protocol_type", "service", "flag")
COLUMNS = (
    "duration", "protocol_type", "service", "flag", "src_bytes", "dst_bytes", "land", "wrong_fragment", "urgent",
    "hot", "num_failed_logins", "logged_in", "num_compromised", "root_shell", "su_attempted", "num_root",
    "num_file_creations", "num_shells", "num_access_files", "num_outbound_cmds", "is_host_login", "is_guest_login",
    "count", "srv_count", "serror_rate", "srv_serror_rate", "rerror_rate", "srv_rerror_rate", "same_srv_rate",
    "diff_srv_rate", "srv_diff_host_rate", "dst_host_count", "dst_host_srv_count", "dst_host_same_srv_rate",
    "dst_host_diff_srv_rate", "dst_host_same_src_port_rate", "dst_host_srv_diff_host_rate", "dst_host_serror_rate",
    "dst_host_srv_serror_rate", "dst_host_rerror_rate", "dst_host_srv_rerror_rate",
)  # fmt: skip
# The four kinds of attack that the set's authors distinguish.
ATTACKS = {
    "denial of service": "apache2 back land mailbomb neptune pod processtable smurf teardrop udpstorm worm",
    "probe": "ipsweep mscan nmap portsweep saint satan",
    "remote access": "ftp_write guess_passwd httptunnel imap multihop named phf sendmail snmpgetattack snmpguess spy "
    "warezclient warezmaster xlock xsnoop",
    "privilege": "buffer_overflow loadmodule perl ps rootkit sqlattack xterm",
}
_KIND = {attack: kind for kind, attacks in ATTACKS.items() for attack in attacks.split()}


@dataclass(frozen=True, eq=False, repr=False)
class NetworkFlows:
    """Connections in the order of their file.

    Parameters
    ----------
    data : DataFrame (n, 41)
        The features; `protocol_type`, `service` and `flag` are text, the others numbers.
    y : int array (n,)
        1 = attack, 0 = normal.
    attack : str array (n,)
        Name of the attack, "normal" without one.
    kind : str array (n,)
        "denial of service", "probe", "remote access", "privilege" or "normal".
    difficulty : int array (n,)
        How many of 21 classifiers of the set's authors judged the connection correctly.
    part : str
        "train" or "test".
    source : str
        Which data this is, in one sentence.
    is_substitute : bool
        Whether this is simulated, in place of files that could not be had.
    """

    data: pd.DataFrame
    y: NDArray[np.int64]
    attack: NDArray[np.str_]
    kind: NDArray[np.str_]
    difficulty: NDArray[np.int64]
    part: str
    source: str
    is_substitute: bool = False

    @property
    def X(self) -> NDArray[np.float64]:
        """The 38 features that are numbers, float64, shape (n, 38)."""
        return self.data[list(self.feature_names)].to_numpy(np.float64)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of `X`."""
        return tuple(name for name in COLUMNS if name not in TEXT)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{int((self.kind == kind).sum()):,} {kind}" for kind in ATTACKS)
        return (
            f"{self.source}\n  {len(self.y):,} connections, {int(self.y.sum()):,} of them attacks "
            f"({self.y.mean():.1%}): {kinds}"
        )


def load_nsl_kdd(part: str = "train", *, offline: bool = False, substitute: bool = False) -> NetworkFlows:
    """Connections of NSL-KDD.

    Source: M. Tavallaee, E. Bagheri, W. Lu and A. Ghorbani, "A detailed analysis of the KDD CUP 99 data set", IEEE
    CISDA 2009.

    Parameters
    ----------
    part : {"train", "test"}
        A fifth of the training part (25,192 connections), or the test part (22,544), which has attacks of its own.
    offline : bool
        Never use the network.
    substitute : bool
        If the file cannot be had, say so and go on with simulated connections. For lessons, which must run
        anywhere; a figure that is reported as NSL-KDD's needs the real file.

    Returns
    -------
    NetworkFlows

    Raises
    ------
    ValueError
        If there is no such part.
    DownloadError
        If the file cannot be had or is damaged.
    """
    if part not in PARTS:
        raise ValueError(f"There is no part {part!r} of NSL-KDD here: choose from {', '.join(PARTS)}.")
    entry = find("NSL-KDD")
    files = tuple(file for file in entry.files if file.path.endswith(f"/{PARTS[part]}"))
    try:
        path = fetch(replace(entry, files=files), offline=offline, report=print) / files[0].path
    except DownloadError as error:
        if not substitute:
            raise
        print(error.notice("simulated connections", f"NSL-KDD's {part} part"))
        data, attack = simulated_flows(part, COLUMNS)
        difficulty = np.full(len(data), 21)
        return _flows(data, attack, difficulty, part, SUBSTITUTE_SOURCE, is_substitute=True)
    try:
        data, attack, difficulty = _read(path)
        return _flows(data, attack, difficulty, part, f"NSL-KDD, {part} part: connections of a simulated air base.")
    # The size is right, so only changed bytes bring us here.
    except (KeyError, TypeError, ValueError) as error:
        raise DownloadError(
            f"{path} is damaged ({type(error).__name__}): replace it with `python -m course_lib data fetch NSL-KDD`."
        ) from error


def _read(path: Path) -> tuple[pd.DataFrame, NDArray[np.str_], NDArray[np.int64]]:
    import pandas as pd

    kinds = {name: str if name in TEXT else np.float64 for name in COLUMNS}
    table = pd.read_csv(
        path, header=None, names=[*COLUMNS, "attack", "difficulty"], dtype={**kinds, "attack": str, "difficulty": int}
    )
    return table[list(COLUMNS)], table["attack"].to_numpy(dtype=np.str_), table["difficulty"].to_numpy(np.int64)


def _flows(
    data: pd.DataFrame,
    attack: NDArray[np.str_],
    difficulty: NDArray[np.int64],
    part: str,
    source: str,
    is_substitute: bool = False,
) -> NetworkFlows:
    kind = np.array(["normal" if name == "normal" else _KIND[name] for name in attack.tolist()])
    y = (attack != "normal").astype(np.int64)
    return NetworkFlows(data, y, attack, kind, difficulty, part, source, is_substitute)
