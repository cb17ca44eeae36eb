"""`python -m course_lib data`, on a small registry."""

import argparse
import subprocess
import sys

import pytest

from course_lib.data import command
from course_lib.data.registry import REGISTRY


@pytest.fixture
def registry(toy, tmp_path, monkeypatch):
    for name in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, name)
    monkeypatch.setitem(REGISTRY, "Toy", toy.dataset)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    return toy


def data(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_list_says_what_is_present(registry, capsys, tmp_path):
    assert data("list") == 0
    first, _, row = capsys.readouterr().out.splitlines()
    assert first == f"Cache folder: {tmp_path} (chosen by COURSE_DATA_DIR)"
    assert row.split() == ["Toy", "no", "0", "MB", "0", "MB", "MIT", "http://example.org/"]
    assert data("fetch", "Toy") == 0
    capsys.readouterr()
    data("list")
    assert capsys.readouterr().out.splitlines()[2].split()[:2] == ["Toy", "yes"]
    (tmp_path / "Toy/raw/labels").unlink()
    data("list")
    assert "1 of 2" in capsys.readouterr().out


def test_list_names_the_real_sizes_and_licences(capsys):
    assert data("list") == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[2:]}
    assert "12 MB" in rows["MNIST"]
    assert "CC BY-SA 3.0" in rows["MNIST"]
    assert "31 MB" in rows["FashionMNIST"]
    assert "MIT" in rows["FashionMNIST"]
    assert rows["NAB"].split()[-6:] == ["5", "MB", "5", "MB", "MIT", "https://github.com/numenta/NAB"]
    assert rows["ADBench"].split()[-5:] == ["4", "MB", "BSD-2", "(repo)", "https://github.com/Minqi824/ADBench"]


@pytest.mark.parametrize("words", [("toy",), ("--all",)])
def test_fetch_downloads(words, registry, capsys, tmp_path):
    assert data("fetch", *words) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Toy is complete in {tmp_path}"
    assert (tmp_path / "Toy/raw/images").read_bytes() == registry.contents["Toy/raw/images"]


def test_a_failed_fetch_is_one_line_and_exit_code_1(registry, server, capsys, make_answer):
    server.serve("labels.gz", make_answer(status=404))
    assert data("fetch", "Toy") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "answered 404 (Not Found)" in error


def test_wrong_names_are_exit_code_2(registry, server, capsys):
    assert data("fetch", "Toy", "Game") == 2
    assert "no data set called 'Game': choose from Toy." in capsys.readouterr().err
    assert data("fetch") == 2
    assert "Name what to fetch (Toy), or give --all." in capsys.readouterr().err
    assert server.requests == []


def test_verify_tells_right_missing_and_broken_apart(registry, capsys, tmp_path):
    assert data("verify") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["missing  Toy/raw/images", "missing  Toy/raw/labels"]
    data("fetch", "Toy")
    capsys.readouterr()
    assert data("verify") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["right    Toy/raw/images", "right    Toy/raw/labels"]
    # One changed bit, the size as before.
    images = tmp_path / "Toy/raw/images"
    images.write_bytes(bytes([images.read_bytes()[0] ^ 1]) + images.read_bytes()[1:])
    assert data("verify") == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1:] == ["broken   Toy/raw/images", "right    Toy/raw/labels"]
    assert shown.err == "Replace what is broken with `python -m course_lib data fetch Toy`.\n"
    assert data("fetch", "Toy") == 0
    assert data("verify") == 0


def test_no_action_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        data()
    assert caught.value.code == 2
    assert "{list,fetch,verify}" in capsys.readouterr().err


def test_the_command_loads_nothing_heavy():
    heavy = {"numpy", "pandas", "scipy", "sklearn", "torch"}
    code = f"import sys, course_lib.data.command as c; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_offers_its_public_names_and_no_others():
    import course_lib.data

    assert set(course_lib.data.__all__) <= set(dir(course_lib.data))
    for name in course_lib.data.__all__:
        assert getattr(course_lib.data, name).__name__.rpartition(".")[2] == name
    with pytest.raises(AttributeError, match="no attribute 'load_cifar'"):
        _ = course_lib.data.load_cifar
