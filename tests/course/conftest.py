"""A course of one tiny lesson and exercise set, for the tests of what builds and reads them."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LESSON = """\
# %% [markdown]
# # Tiny
# **Time** 3 minutes, runs in 1 second.

# %%
import sys

for step in range(3):
    sys.stderr.write(f"\\r{step}/3")
print("one")
print("two", flush=True)

# %% tags=["nbval-check-output"]
[1, 2]
"""

EXERCISE = '''\
# %% [markdown]
# # Exercises: Tiny

# %%
from course_lib.checks import expect_close, rng, task


class check:
    @staticmethod
    @task("10.1", "Double", passed="You can double.")
    def double(answer):
        x = rng().normal(size=3)
        expect_close(answer(x), 2 * x, "The double", mistakes=[(x**2, "That is the square.")])

    @staticmethod
    @task("10.2", "Share", passed="You can halve.")
    def share(answer):
        expect_close(answer, 0.5, "The share", mistakes=[(2.0, "Upside down."), (50, "In per cent.")])


# %% [markdown]
# ### Task 10.1 Double  ●○○  3 min
# <details><summary>Hint 1</summary>Twice.</details>

# %%
def double(x):
    """Twice x."""
    # SOLUTION
    result = x + x
    return result * 1.0
    # END SOLUTION


# %% tags=["check"]
check.double(double)

# %% [markdown]
# ### Task 10.2 Share  ●●○  2 min
# <details><summary>Hint 1</summary>Half.</details>

# %%
# SOLUTION
# STUB: share = None  # your answer
share = 0.5
# END SOLUTION

# %% tags=["check"]
check.share(share)

# %% [markdown] tags=["solution-only"]
# Half of it.
'''


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The root folder of the tiny course, not built so far; its kernels find this working tree's package."""
    for kind, text in (("lessons", LESSON), ("exercises", EXERCISE)):
        folder = tmp_path / "authoring" / kind
        folder.mkdir(parents=True)
        (folder / "10_tiny.py").write_text(text, encoding="utf-8")
    (tmp_path / "README.md").write_text("# Course\n<!-- lessons:begin -->\nold\n<!-- lessons:end -->\nend\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    return tmp_path
