"""Everything that CI runs, as named steps.

``python -m authoring.ci`` runs all of them, ``python -m authoring.ci lint tests`` some. A failing step stops no
other. The end is a table of what passed and how long it took; the exit status is 1 when any step failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NBVAL = ["-m", "pytest", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300", "-n", "2"]
# One notebook's cells share a kernel: loadfile keeps them on one worker.
NBVAL += ["--dist", "loadfile", "-p", "no:cacheprovider"]
LOADERS = (
    "load_mnist",
    "load_fashion_mnist",
    "load_nab",
    "load_adbench",
    "load_smd",
    "load_nsl_kdd",
    "load_creditcard",
)


def python(*arguments: str, **variables: str) -> int:
    """Run this Python on `arguments` in the course's folder with extra variables; return its exit status."""
    threads = str(max(1, (os.cpu_count() or 2) // 2))
    # Two test processes run at a time: each gets half of the cores.
    environment = {"OMP_NUM_THREADS": threads, **os.environ, **variables}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=False).returncode


def lint() -> int:
    """Ruff's rules."""
    return python("-m", "ruff", "check", ".")


def formatting() -> int:
    """Ruff's formatting."""
    return python("-m", "ruff", "format", "--check", ".")


def types() -> int:
    """Type hints."""
    return python("-m", "mypy")


def spelling() -> int:
    """Common misspellings, in texts and in code."""
    return python("-m", "codespell_lib", ".")


def produced() -> int:
    """The committed notebooks are what their sources give."""
    return python("-m", "authoring.build", "--check")


def tests() -> int:
    """The package's tests and those of the course itself."""
    return python("-m", "pytest", "-q", "-rs", "-n", "2", "--timeout=300", "tests")


def lessons() -> int:
    """Lessons and solutions, executed from top to bottom."""
    return python(*NBVAL, "notebooks", "solutions")


def offline() -> int:
    """Lessons that load data once more, with no data and no network."""
    names = [str(path.relative_to(ROOT)) for path in lessons_with_data(ROOT)]
    if not names:
        print("No lesson calls " + " or ".join(LOADERS) + ": the offline lane has nothing to prove.")
        return 1
    path = os.pathsep.join(filter(None, [str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as nothing:
        return python(*NBVAL, *names, COURSE_DATA_DIR=nothing, PYTHONPATH=path)


def lessons_with_data(root: Path) -> list[Path]:
    """The lessons that load public data."""
    return [
        path
        for path in sorted((root / "notebooks").glob("*.ipynb"))
        if any(name in path.read_text(encoding="utf-8") for name in LOADERS)
    ]


STEPS: dict[str, Callable[[], int]] = {
    "lint": lint,
    "format": formatting,
    "types": types,
    "spelling": spelling,
    "notebooks": produced,
    "tests": tests,
    "lessons": lessons,
    "offline": offline,
}


def run_steps(steps: dict[str, Callable[[], int]]) -> int:
    """Run every step, print what came of it, and return 1 if any failed."""
    results = []
    for name, step in steps.items():
        print(f"\n=== {name}: {step.__doc__}", flush=True)
        start = time.monotonic()
        status = step()
        results.append((name, status, time.monotonic() - start))
    print("\n=== summary")
    for name, status, seconds in results:
        verdict = "passed" if status == 0 else f"FAILED (exit status {status})"
        print(f"{name:10} {verdict:25} {seconds:6.1f} s")
    failed = sum(status != 0 for _, status, _ in results)
    print(f"{len(results) - failed} of {len(results)} steps passed", flush=True)
    return int(failed > 0)


def main(names: list[str]) -> int:
    """Run the named steps, or all of them."""
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"Unknown step {unknown[0]!r}: the steps are {', '.join(STEPS)}.", file=sys.stderr)
        return 2
    return run_steps({name: STEPS[name] for name in names or STEPS})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
