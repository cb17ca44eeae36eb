"""The course on the command line: ``python -m course_lib doctor``, ``progress``, ``data``, ``stream``, ``send``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "doctor": ("course_lib.doctor", "look at versions, device, memory and data, and time one training step"),
    "progress": ("course_lib.progress", "show which tasks of your exercise sets are solved"),
    "data": ("course_lib.data.command", "list, fetch and verify the data sets"),
    "stream": ("course_lib.streaming.service.command", "run the real-time detector"),
    "send": ("course_lib.streaming.service.send", "send traffic to the real-time detector"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The command and its arguments; those of the process when left out.

    Returns
    -------
    int
        The command's exit status.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="python -m course_lib", description="Tools of the course.")
    commands = parser.add_subparsers(required=True, metavar="{" + ",".join(COMMANDS) + "}")
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose.capitalize() + ".")
        # Only the command that was asked for is loaded, so that --help answers at once.
        if argv[:1] == [name]:
            chosen = import_module(module)
            chosen.add_arguments(command)
            command.set_defaults(run=chosen.run)
    args = parser.parse_args(argv)
    status: int = args.run(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
