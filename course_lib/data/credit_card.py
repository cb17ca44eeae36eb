"""Card transactions of two days in September 2013: the first 5,000, for their format and for streams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.data.cache import ENVIRONMENT_VARIABLE, cache_root
from course_lib.data.downloads import DownloadError

ROWS = 5_000
FILES = ("creditcard/creditcard_first5000.csv", "creditcard/creditcard.csv")
FEATURES = (*(f"V{number}" for number in range(1, 29)), "Amount")


@dataclass(frozen=True, eq=False, repr=False)
class CardStream:
    """Transactions in the order of time.

    Parameters
    ----------
    X : float64 array (n, 29)
        28 principal components, whose meaning is not published, and the amount in euros.
    seconds : int array (n,)
        Seconds since the first transaction.
    y : int array (n,)
        1 = fraud.
    feature_names : tuple of str
        "V1" to "V28", "Amount".
    source : str
        Which data this is, in one sentence.
    is_substitute : bool
        Whether this is simulated.
    """

    X: NDArray[np.float64]
    seconds: NDArray[np.int64]
    y: NDArray[np.int64]
    feature_names: tuple[str, ...]
    source: str
    is_substitute: bool = False

    def __repr__(self) -> str:
        return (
            f"{self.source}\n  {len(self.X):,} transactions of {self.X.shape[1]} features, {int(self.y.sum())} frauds"
        )


def load_creditcard(*, substitute: bool = False) -> CardStream:
    """The first 5,000 transactions of the European card-fraud set. Three frauds: too few to judge a detector by.

    Source: A. Dal Pozzolo, O. Caelen, R. Johnson and G. Bontempi, "Calibrating probability with undersampling for
    unbalanced classification", IEEE CIDM 2015. The set is not downloaded: its homes want a login or send 150 MB. Put
    ``creditcard.csv``, or its first 5,001 lines as ``creditcard_first5000.csv``, into ``creditcard/`` of the cache.

    Parameters
    ----------
    substitute : bool
        If there is no such file, say so and go on with simulated transactions.

    Raises
    ------
    DownloadError
        If the file is not there, or has other columns.
    """
    for name in FILES:
        path = cache_root() / name
        if path.is_file():
            return _read(path)
    message = (
        f"The card transactions are not in the cache: put creditcard.csv into {cache_root() / 'creditcard'}, "
        f"or set {ENVIRONMENT_VARIABLE} to a folder that has it."
    )
    error = DownloadError(
        message,
        "They are not downloaded for you.",
        "Put creditcard.csv into creditcard/ of the cache; where that is: python -m course_lib data list",
    )
    if not substitute:
        raise error
    print(error.notice("simulated transactions", "the card-fraud set"))
    return _simulated()


def _read(path: Path) -> CardStream:
    import pandas as pd

    try:
        table = pd.read_csv(path, nrows=ROWS)
        X, seconds = table[list(FEATURES)].to_numpy(np.float64), table["Time"].to_numpy(np.float64).astype(np.int64)
        y = table["Class"].to_numpy(np.int64)
    except (KeyError, ValueError) as error:
        raise DownloadError(
            f"{path} does not have the columns Time, V1 to V28, Amount, Class: download it again."
        ) from error
    return CardStream(X, seconds, y, FEATURES, f"Card transactions of September 2013, the first {len(X):,}.")


def _simulated() -> CardStream:
    generator = np.random.default_rng(0)
    X = generator.standard_t(6, size=(ROWS, len(FEATURES))) * np.linspace(2, 0.4, len(FEATURES))
    X[:, -1] = generator.lognormal(3.2, 1.2, ROWS).round(2)
    y = np.zeros(ROWS, np.int64)
    y[[600, 2300, 4800]] = 1
    X[y == 1, :5] += np.array([-4.0, 3.0, -6.0, 5.0, -3.0])
    seconds = np.cumsum(generator.integers(0, 2, ROWS))
    source = "Not the card-fraud set but simulated transactions, with three frauds."
    return CardStream(X, seconds, y, FEATURES, source, is_substitute=True)
