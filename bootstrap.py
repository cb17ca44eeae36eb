"""Set the course up and run it: ``python3 bootstrap.py lab`` or ``python3 bootstrap.py test``.

Only the standard library is used here, and no syntax newer than Python 3.7 knows, so that an old Python can
still say what is missing.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is also started by Pythons that the package does not support
    sys.exit(
        "The course needs Python 3.11 or newer and this is Python {}.{}: install a newer one, "
        "then name it, for example: python3.12 bootstrap.py lab".format(*sys.version_info[:2])
    )

import argparse
import hashlib
import json
import os
import subprocess
from pathlib import Path

from authoring import environment

ROOT = Path(__file__).resolve().parent
COMMANDS = {
    "lab": "environment, your copies of the exercises, then JupyterLab on the first lesson",
    "test": "environment, then everything that CI runs (or the steps named after --)",
    "notebooks": "environment, then write the notebooks whose sources changed",
    "bench": "environment, then the side-by-side runs in benchmarks/",
    "env": "only the environment and your copies of the exercises",
    "copies": "only your copies of the exercises (for conda and Binder, where the environment is there)",
}
GROUPS = {"test": {"dev"}, "notebooks": {"dev"}, "bench": {"bench"}}
COPIED_FROM = ".copied.json"
# What the file list leaves out: Jupyter's own patterns, and what the installer leaves behind.
HIDDEN = ("__pycache__", "*.pyc", "*.pyo", ".DS_Store", "*~", "*.egg-info")
AS_ROOT = "You are root, so JupyterLab and its notebooks run with root's rights: right in a container of your own."


def copy_exercises(root: Path) -> list[str]:
    """Copy each exercise set to ``work/`` unless the learner has it already; nothing is ever overwritten.

    What each copy was made from is kept in a small file beside them, so that a newer set is noticed.

    Returns
    -------
    list of str
        One line for the learner per copy made and per copy that is older than the course.
    """
    work, lines = root / "work", []
    work.mkdir(exist_ok=True)
    record = work / COPIED_FROM
    made_from = _read_record(record)
    for exercise in sorted((root / "exercises").glob("*.ipynb")):
        version, copy = hashlib.sha256(exercise.read_bytes()).hexdigest(), work / exercise.name
        if not copy.exists():
            _write(copy, exercise.read_bytes())
            made_from[exercise.name] = version
            lines.append(f"work/{exercise.name}: your copy of the exercises is ready.")
        elif made_from.get(exercise.name, version) != version:
            lines.append(
                f"work/{exercise.name}: the course has a newer version, and yours is untouched; "
                "to get the new one too, rename yours and run: python3 bootstrap.py copies"
            )
    _write(record, json.dumps(made_from, indent=1, sort_keys=True).encode())
    return lines


def _read_record(record: Path) -> dict[str, str]:
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: bytes) -> None:
    """Write aside and rename, so that an interrupted run leaves no half notebook."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    os.replace(aside, path)


def first_lesson(root: Path) -> Path:
    """The lesson with the lowest number; ends the program with one sentence when there is none."""
    lessons = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        sys.exit("There is no lesson in notebooks/: write them with: python3 bootstrap.py notebooks")
    return lessons[0]


def lab_command(python: str, root: Path, extra: list[str]) -> list[str]:
    """JupyterLab on the first lesson, with the whole course in its file list, not only that folder.

    The lesson is the default address, not a file to open, so that the address that is printed for people without
    a browser leads there too.
    """
    address = f"/lab/tree/{first_lesson(root).relative_to(root).as_posix()}"
    hidden = [f"--ContentsManager.hide_globs={pattern}" for pattern in HIDDEN]
    options = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={address}", *hidden]
    if is_root():  # in most containers; JupyterLab would refuse, after the minutes of installing
        options.append("--allow-root")
    return [python, "-m", "jupyterlab", *options, *extra]


def is_root() -> bool:
    """Whether this user may do everything on this machine."""
    user = getattr(os, "geteuid", None)  # Windows has none
    return user is not None and user() == 0


def run(command: list[str]) -> int:
    """Run in the course's folder; Ctrl-C goes to the program, which knows how to stop itself."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split at ``--``: what stands before it is for this program, what follows for the one it starts."""
    at = argv.index("--") if "--" in argv else len(argv)
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        usage="python3 bootstrap.py [options] COMMAND [-- arguments passed on]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n" + "\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items()),
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    parser.add_argument(
        "--cpu", action="store_true", help="small install: torch and torchvision from PyTorch's CPU index"
    )
    parser.add_argument(
        "--constraints",
        default="constraints.txt",
        metavar="FILE",
        help="versions to install (default: constraints.txt; none: the newest that fit)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the installer prints")
    return parser.parse_args(argv[:at]), argv[at + 1 :]


def main(argv: list[str]) -> int:
    """Do what one of COMMANDS says and return the exit status."""
    options, extra = parse(argv)
    python = sys.executable
    if options.command != "copies":
        groups = {"lab", "explain", *GROUPS.get(options.command, ())}
        wish = environment.Wish.read(ROOT, options.constraints, groups, cpu=options.cpu)
        python = str(environment.prepare(ROOT / ".venv", wish, verbose=options.verbose))
    if options.command in {"lab", "env", "copies"}:
        for line in copy_exercises(ROOT):
            print(line, flush=True)
    if options.command == "lab":
        if is_root():
            print(AS_ROOT, flush=True)
        print(f"First lesson: {first_lesson(ROOT).relative_to(ROOT).as_posix()}", flush=True)
        return run(lab_command(python, ROOT, extra))
    if options.command == "test":
        return run([python, "-m", "authoring.ci", *extra])
    if options.command == "notebooks":
        return run([python, "-m", "authoring.build", *extra])
    if options.command == "bench":
        scripts = sorted((ROOT / "benchmarks").glob("[!_]*.py"))
        return max((run([python, str(script), *extra]) for script in scripts), default=0)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command to start again.")
