"""Card transactions: the real rows where they are at hand, the stand-in otherwise."""

import numpy as np
import pytest

from course_lib.data import DownloadError, load_creditcard
from course_lib.data.cache import cache_root
from course_lib.data.credit_card import FEATURES, FILES

HEAD = ",".join(["Time", *FEATURES, "Class"])


def put(folder, name, rows):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join([str(t), *["0.5"] * 28, str(a), str(y)]) for t, a, y in rows]
    path.write_text("\n".join([HEAD, *lines]) + "\n")


def test_the_first_rows_of_either_file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    put(tmp_path, FILES[1], [(i // 2, i, int(i == 7)) for i in range(5_010)])
    cards = load_creditcard()
    assert cards.X.shape == (5_000, 29)
    assert cards.X[7, -1] == 7
    assert cards.seconds[:4].tolist() == [0, 0, 1, 1]
    assert np.flatnonzero(cards.y).tolist() == [7]
    assert not cards.is_substitute
    put(tmp_path, FILES[0], [(0, 1.5, 0)])  # the short one is preferred
    assert len(load_creditcard().X) == 1


def test_the_real_rows():
    if not (cache_root() / FILES[0]).is_file():
        pytest.skip(f"the card transactions are not in {cache_root()}")
    cards = load_creditcard()
    assert cards.X.shape == (5_000, 29)
    assert (int(cards.y.sum()), np.flatnonzero(cards.y)[0]) == (3, 541)
    assert (np.diff(cards.seconds) >= 0).all()
    assert cards.X[0, -1] == 149.62
    assert "5,000 transactions of 29 features, 3 frauds" in repr(cards)


def test_without_the_file(tmp_path, monkeypatch, refuses, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with refuses("The card transactions are not in the cache: put creditcard.csv into", DownloadError):
        load_creditcard()
    cards = load_creditcard(substitute=True)
    printed = capsys.readouterr().out
    assert printed.startswith("Using simulated transactions instead of the card-fraud set.\n")
    assert printed.endswith("the cache; where that is: python -m course_lib data list\n")
    assert printed.count("\n") == 3
    assert str(tmp_path) not in printed
    assert cards.is_substitute
    assert cards.source.startswith("Not the card-fraud set")
    assert (cards.X.shape, int(cards.y.sum())) == ((5_000, 29), 3)
    assert (cards.X[:, -1] > 0).all()
    put(tmp_path, FILES[0], [])
    (tmp_path / FILES[0]).write_text("a,b\n1,2\n")
    with refuses("does not have the columns Time, V1 to V28", DownloadError):
        load_creditcard()
