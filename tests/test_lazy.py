"""Packages whose names load when they are first used: every name arrives, and nothing heavy before."""

import subprocess
import sys

import pytest

from course_lib import data, explain, streaming
from course_lib.streaming import service


@pytest.mark.parametrize("package", [data, explain, streaming, service], ids=lambda package: package.__name__)
def test_every_public_name_arrives_and_is_listed(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__name__.rpartition(".")[2] == name
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nonsense'"):
        package.nonsense  # noqa: B018


@pytest.mark.parametrize("package", ["data", "explain", "streaming", "streaming.service"])
def test_importing_the_package_alone_loads_nothing_heavy(package):
    code = (
        f"import sys, course_lib.{package}; print(sorted({{'torch', 'numpy', 'sklearn', 'pandas'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
