"""Classical tables of the ADBench benchmark, split and scaled as the benchmark does it, or as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, overload
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.registry import RemoteFile, find

# The numbers of ADBench's protocol.
FEWEST_ROWS = 1_000
MOST_ROWS = 10_000
TEST_SHARE = 0.3


@dataclass(frozen=True, eq=False, repr=False)
class AdbenchSplit:
    """Training and test rows under ADBench's protocol.

    Parameters
    ----------
    X_train, X_test : float64 arrays (n_train, n_features), (n_test, n_features)
        Scaled to 0..1 by the smallest and largest training value of each feature; test values may lie outside.
    y_train, y_test : int arrays (n_train,), (n_test,)
        1 = anomaly, 0 = normal. The training rows hold anomalies too: an unsupervised detector is fitted to all of
        `X_train` and never sees `y_train`.
    name : str
        Such as "6_cardio".
    source : str
        Which data this is and what was done to it, in one sentence.
    """

    X_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    name: str
    source: str

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.X_train.shape[1]

    def __repr__(self) -> str:
        return (
            f"{self.source}\n"
            f"  training  {len(self.X_train):>6,} rows of {self.n_features} features, {_anomalies(self.y_train)}\n"
            f"  test      {len(self.X_test):>6,} rows, {_anomalies(self.y_test)}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class AdbenchTable:
    """One table as its file has it.

    Parameters
    ----------
    X : float64 array (n, n_features)
        Unscaled.
    y : int array (n,)
        1 = anomaly, 0 = normal.
    name : str
        Such as "6_cardio".
    source : str
        Which data this is, in one sentence.
    """

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    name: str
    source: str

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.X.shape[1]

    def split(self, random_state: int | None = None) -> AdbenchSplit:
        """Apply ADBench's protocol: resample to between 1,000 and 10,000 rows, split 70/30 by class, scale to 0..1.

        Parameters
        ----------
        random_state : int, optional
            ADBench's seed; its published figures are means over 1, 2 and 3. None: another split at every call.

        Returns
        -------
        AdbenchSplit
            Row for row what ADBench's own generator yields for this seed. Where a table was enlarged, copies of one
            row can stand on both sides of the split.

        Raises
        ------
        ValueError
            If `random_state` is no whole number from 0 to 2**32 - 1.
        """
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import MinMaxScaler

        X, y, done = self.X, self.y, "split 70/30"
        # ADBench seeds NumPy's global legacy generator; a generator of our own with that seed draws the same rows. The
        # split goes on drawing where the resampling stopped.
        generator = np.random.RandomState(_seed(random_state))
        if len(y) < FEWEST_ROWS:
            rows = generator.choice(len(y), FEWEST_ROWS, replace=True)
            X, y, done = X[rows], y[rows], f"{FEWEST_ROWS:,} rows drawn with replacement, {done}"
        elif len(y) > MOST_ROWS:
            rows = generator.choice(len(y), MOST_ROWS, replace=False)
            X, y, done = X[rows], y[rows], f"{MOST_ROWS:,} rows drawn, {done}"
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=TEST_SHARE, shuffle=True, stratify=y, random_state=generator
        )
        scaler = MinMaxScaler().fit(X_train)
        return AdbenchSplit(
            X_train=scaler.transform(X_train),
            y_train=y_train,
            X_test=scaler.transform(X_test),
            y_test=y_test,
            name=self.name,
            source=f"{self.source.removesuffix('.')}; {done}, scaled to 0..1 by the training rows.",
        )

    def __repr__(self) -> str:
        return f"{self.source}\n  {len(self.X):,} rows of {self.n_features} features, {_anomalies(self.y)}"


@overload
def load_adbench(
    name: str, random_state: int | None = None, protocol: Literal[True] = True, *, offline: bool = False
) -> AdbenchSplit: ...


@overload
def load_adbench(
    name: str, random_state: int | None = None, *, protocol: Literal[False], offline: bool = False
) -> AdbenchTable: ...


def load_adbench(
    name: str, random_state: int | None = None, protocol: bool = True, *, offline: bool = False
) -> AdbenchSplit | AdbenchTable:
    """A table of real measurements with labelled anomalies, under the benchmark's protocol.

    Source: S. Han, X. Hu, H. Huang, M. Jiang and Y. Zhao, "ADBench: anomaly detection benchmark", NeurIPS 2022.

    Parameters
    ----------
    name : str
        "cardio" or "6_cardio"; upper and lower case are the same.
    random_state : int, optional
        Seed of the protocol; see `AdbenchTable.split`.
    protocol : bool
        False: the whole table, neither resampled nor split nor scaled.
    offline : bool
        Never use the network.

    Returns
    -------
    AdbenchSplit, or AdbenchTable with ``protocol=False``

    Raises
    ------
    ValueError
        If there is no such table (the message lists those there are), or the seed is not usable.
    DownloadError
        If the file cannot be had or is damaged.
    """
    _seed(random_state)  # before any download
    file = _file_of(name)
    path = fetch(replace(find("ADBench"), files=(file,)), offline=offline, report=print) / file.path
    stem = file.remote.removesuffix(".npz")
    try:
        with np.load(path) as stored:
            X, y = stored["X"].astype(np.float64), stored["y"].astype(np.int64)
    except (BadZipFile, EOFError, KeyError, OSError, ValueError) as error:
        raise DownloadError(
            f"{path} is damaged ({type(error).__name__}): replace it with `python -m course_lib data fetch ADBench`."
        ) from error
    table = AdbenchTable(X, y, stem, f"ADBench {stem}: {len(y):,} rows, {int(y.sum()):,} of them anomalies.")
    return table.split(random_state) if protocol else table


def _file_of(name: str) -> RemoteFile:
    """The registry's file for "cardio", "6_cardio" or "6_cardio.npz"."""
    files = find("ADBench").files
    wanted = str(name).casefold().removesuffix(".npz")
    for file in files:
        stem = file.remote.removesuffix(".npz").casefold()
        if wanted in (stem, stem.partition("_")[2]):
            return file
    known = ", ".join(file.remote.removesuffix(".npz").partition("_")[2] for file in files)
    raise ValueError(f"There is no ADBench table called {name!r} here: choose from {known}.")


def _seed(random_state: int | None) -> int | None:
    whole = isinstance(random_state, (int, np.integer)) and not isinstance(random_state, (bool, np.bool_))
    if random_state is None or (whole and 0 <= random_state < 2**32):
        return random_state
    raise ValueError(f"random_state must be None or a whole number from 0 to 2**32 - 1, but is {random_state!r}.")


def _anomalies(y: NDArray[np.int64]) -> str:
    return f"{int(y.sum()):,} of them anomalies ({y.mean():.1%})"
