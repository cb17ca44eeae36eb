"""What several test folders share."""

import contextlib
import os
import re
from pathlib import Path

import pytest

# Two workers on two cores: one thread each, set before torch or NumPy start their pools.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.fixture
def refuses():
    """``with refuses(fragment, kind):`` the block must raise that kind, in one sentence that holds the fragment."""

    @contextlib.contextmanager
    def check(fragment, kind=ValueError, sentences=1):
        with pytest.raises(kind) as caught:
            yield
        message = str(caught.value)
        assert fragment in message
        assert "\n" not in message
        assert message.endswith("."), message
        assert len(re.findall(r"[.!?] [A-Z]", message)) < sentences, message

    return check


@pytest.fixture
def adbench():
    """``adbench("6_cardio")`` gives the features and labels of one real table, or skips where the data are absent."""
    import numpy as np

    def read(name):
        path = Path(os.environ.get("COURSE_DATA_DIR", "data/cache")) / "ADBench" / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"real data: {path} is not here; COURSE_DATA_DIR says where the data are")
        with np.load(path) as file:
            return file["X"].astype(float), file["y"].astype(int)

    return read
