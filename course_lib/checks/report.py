"""A pytest plugin for `course_lib.progress`: writes how each code cell ended, as nbval ran it, to a JSON file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course_lib.core.atomic import atomic_write

_RESULTS = pytest.StashKey[dict[str, dict[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption("--course-report", metavar="PATH", help="where to write how each code cell ended")


def pytest_configure(config: pytest.Config) -> None:
    """Start with no results."""
    config.stash[_RESULTS] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Note the outcome of a notebook's cell, and the error it stopped with."""
    outcome = yield
    number = getattr(item, "cell_num", None)
    if number is None or (call.when != "call" and not call.excinfo):
        return
    result = {"outcome": outcome.get_result().outcome, "error": "", "message": ""}
    errors = [out for out in getattr(item, "test_outputs", None) or [] if out.output_type == "error"]
    if errors and "Timeout" not in str(call.excinfo and call.excinfo.value):
        result |= {"error": errors[0].ename, "message": errors[0].evalue}
    elif call.excinfo:
        result |= {"error": call.excinfo.typename, "message": str(call.excinfo.value)}
    item.config.stash[_RESULTS][str(number)] = result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file."""
    path = session.config.getoption("--course-report")
    if path:
        with atomic_write(Path(path)) as temporary:
            temporary.write_text(json.dumps(session.config.stash[_RESULTS]), encoding="utf-8")
