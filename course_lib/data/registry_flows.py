"""Registry entry of NSL-KDD: a fifth of the training part, and the test part.

Sizes and checksums are those of upstream's files, which mirrors send as they are.
"""

from __future__ import annotations

from course_lib.data.entries import DataSet, served_as_is

_FILES = (
    ("KDDTrain+_20Percent.txt",
     3_822_033, "7ea86479faab5ca2190b7f18b4982fb058ce5bf2b46e0e1017d0d9ef90f9c16e"),
    ("KDDTest+.txt",
     3_441_513, "fa46b0935342616aa83b7c2578db355b6a7aaabbc492248172c7a1e8b7ab8f84"),
)  # fmt: skip

NSL_KDD = DataSet(
    name="NSL-KDD",
    origin="Tavallaee, Bagheri, Lu and Ghorbani, University of New Brunswick",
    homepage="https://www.unb.ca/cic/datasets/nsl.html",
    licence="none stated",
    mirrors=("https://raw.githubusercontent.com/jmnwong/NSL-KDD-Dataset/master/",),
    files=tuple(served_as_is(f"NSL-KDD/{path}", path, size, sha256) for path, size, sha256 in _FILES),
)
