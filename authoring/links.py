"""What is generated from the repository's address: badges, links and the set-up cell."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from authoring.source import Cell, Source

_SETUP = """\
# Set-up: does nothing where the course is installed; on Colab it adds the course and keeps Colab's own torch.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_lib") is None:
    place = "git+{repository}@{branch}"
    course = "anomaly-detection-course[explain] @ " + place
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", course], check=True)
    importlib.invalidate_caches()"""


# What every learner meets in the first minutes of an exercise set, whatever it is about.
_HOW_TO_GO = (
    "Go cell by cell with <kbd>Shift</kbd> + <kbd>Enter</kbd>: *Run All* stops at the first task that is still open. "
    "A `NameError`? Run the two cells at the top again, then yours."
)


@dataclass(frozen=True)
class Repository:
    """Where the course is published: its address and branch, the two lines of ``[tool.course]``."""

    address: str
    branch: str

    @classmethod
    def of(cls, root: Path) -> Repository:
        """Read them from the ``pyproject.toml`` in `root`.

        Raises
        ------
        KeyError
            If the file has no ``[tool.course]`` with both.
        """
        course = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["course"]
        return cls(course["repository"].rstrip("/"), course["branch"])

    @property
    def _owner_and_name(self) -> str:
        return "/".join(self.address.split("/")[-2:])

    def colab(self, path: str) -> str:
        """Address that opens the notebook at `path` in Colab."""
        return f"https://colab.research.google.com/github/{self._owner_and_name}/blob/{self.branch}/{path}"

    def binder(self, path: str) -> str:
        """Address that opens the notebook at `path` in JupyterLab on Binder."""
        branch = quote(self.branch, safe="")
        place = quote(f"lab/tree/{path}", safe="")
        return f"https://mybinder.org/v2/gh/{self._owner_and_name}/{branch}?urlpath={place}"

    def badges(self, path: str) -> str:
        """Both addresses as pictures to click."""
        colab = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({self.colab(path)})"
        binder = f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({self.binder(path)})"
        return f"{colab} {binder}"

    def setup(self) -> str:
        """The code of the set-up cell, the same in every notebook."""
        return _SETUP.format(repository=self.address, branch=self.branch)


def opening(repository: Repository, folder: str, slug: str, lesson: Source | None, has_exercises: bool) -> list[Cell]:
    """The generated cells that follow the title: one line of badges and links, and the set-up cell.

    Parameters
    ----------
    repository : Repository
        Where the course is published.
    folder : {"notebooks", "exercises", "solutions"}
        Where the notebook will lie.
    slug : str
        Its name without suffix.
    lesson : Source or None
        The lesson of the same number, if it is there.
    has_exercises : bool
        Whether an exercise set of the same number is there.
    """
    notebook = f"{slug}.ipynb"
    lesson_link = f"lesson [{lesson.title}](../notebooks/{notebook})" if lesson else "no lesson so far"
    sentence = {
        "notebooks": f"Tasks with checks: [exercises](../exercises/{notebook}), in JupyterLab work in "
        f"[your own copy](../work/{notebook}).",
        "exercises": f"For the {lesson_link}. Compare with the [solution](../solutions/{notebook}) when you are done. "
        f"{_HOW_TO_GO}",
        "solutions": f"**This is the solution** of the [exercises](../exercises/{notebook}) for the {lesson_link}.",
    }[folder]
    if folder == "notebooks" and not has_exercises:
        sentence = ""
    line = f"{repository.badges(f'{folder}/{notebook}')} {sentence}".strip()
    # Keys that do not hold the address keep the ids when the course moves.
    return [
        Cell("markdown", line, ("links",), key=f"links {folder}"),
        Cell("code", repository.setup(), ("setup",), key="setup"),
    ]
