"""``python -m course_lib data``: list, fetch and verify the data sets of the course."""

from __future__ import annotations

import argparse
import os
import sys

from course_lib.data.cache import ENVIRONMENT_VARIABLE, cache_root, is_present, state
from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.registry import REGISTRY, DataSet, find
from course_lib.data.transfer import PATIENT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="{list,fetch,verify}")
    actions.add_parser("list", help="which data sets there are, and which of them are here")
    fetching = actions.add_parser("fetch", help="download data sets into the cache folder")
    fetching.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(REGISTRY)}")
    fetching.add_argument("--all", action="store_true", help="every data set")
    actions.add_parser("verify", help="compute the SHA-256 of every file again")


def run(args: argparse.Namespace) -> int:
    """Carry out the chosen action.

    Returns
    -------
    int
        Exit code: 0 if all is well, 1 if a download failed or a file is broken, 2 if a name is wrong or missing.
    """
    if args.action == "fetch":
        return _fetch(args.names, args.all)
    return _list() if args.action == "list" else _verify()


def _where() -> str:
    chosen = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    reason = f"chosen by {ENVIRONMENT_VARIABLE}" if chosen else f"set {ENVIRONMENT_VARIABLE} to use another"
    return f"Cache folder: {cache_root()} ({reason})"


def _presence(entry: DataSet) -> str:
    here = sum(is_present(file, cache_root()) for file in entry.files)
    if here == len(entry.files):
        return "yes"
    return "no" if here == 0 else f"{here} of {len(entry.files)}"


def _list() -> int:
    print(_where())
    row = "{:<22}{:<9}{:>10}{:>10}  {:<14}{}"
    print(row.format("name", "present", "download", "on disk", "licence", "from"))
    for entry in REGISTRY.values():
        download, size = f"{entry.download_size / 1e6:.0f} MB", f"{entry.size / 1e6:.0f} MB"
        print(row.format(entry.name, _presence(entry), download, size, entry.licence, entry.homepage))
    return 0


def _fetch(names: list[str], every: bool) -> int:
    try:
        entries = list(REGISTRY.values()) if every else [find(name) for name in names]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if not entries:
        print(f"Name what to fetch ({', '.join(REGISTRY)}), or give --all.", file=sys.stderr)
        return 2
    failed = False
    for entry in entries:
        try:
            root = fetch(entry, recheck=True, patience=PATIENT, report=print)
        except DownloadError as error:
            print(error, file=sys.stderr)
            failed = True
        else:
            print(f"{entry.name} is complete in {root}")
    return 1 if failed else 0


def _verify() -> int:
    print(_where())
    root = cache_root()
    broken = []
    for entry in REGISTRY.values():
        for file in entry.files:
            found = state(file, root)
            print(f"{found:<8} {file.path}")
            if found == "broken" and entry.name not in broken:
                broken.append(entry.name)
    if broken:
        print(
            f"Replace what is broken with `python -m course_lib data fetch {' '.join(broken)}`.",
            file=sys.stderr,
        )
    return 1 if broken else 0
