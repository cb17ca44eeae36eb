"""The downloader, against a real server that misbehaves."""

import errno
import io
import os
import re
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.data import cache, downloads
from course_lib.data.downloads import DownloadError, fetch
from course_lib.data.registry import REGISTRY, RemoteFile, find
from course_lib.data.transfer import Patience

# Long time-outs, so that a busy machine fails no test, except where the time-out is what is tested.
WILLING = Patience(connect=20, read=10, attempts=2, pause=0.01)
SHORT = {"silent": replace(WILLING, connect=0.3), "hangs": replace(WILLING, read=0.4)}


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def refused(dataset, root: Path, patience: Patience = WILLING, **options) -> str:
    """Fetch, which must fail, and return the message after checking what every message must have."""
    before = {name: (root / name).read_bytes() for name in files_below(root)}
    with pytest.raises(DownloadError) as caught:
        fetch(dataset, root=root, patience=patience, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", message), "more than one sentence"
    assert "COURSE_DATA_DIR" in message
    assert str(root) in message
    notice = caught.value.notice("something else", "Toy").splitlines()
    assert len(notice) == 3
    assert max(map(len, notice)) <= 100
    assert not re.search(r"127\.0\.0\.1|localhost|example|/", "".join(notice)), "a host or a path"
    assert {name: (root / name).read_bytes() for name in files_below(root)} == before
    return message


def test_a_complete_download_unpacks_every_file_and_is_not_repeated(toy, server, tmp_path):
    lines = []
    assert fetch(toy.dataset, root=tmp_path, patience=WILLING, report=lines.append) == tmp_path
    assert files_below(tmp_path) == sorted(toy.contents)
    for path, content in toy.contents.items():
        assert (tmp_path / path).read_bytes() == content
    assert server.requests == ["/images.gz", "/labels.gz"]
    assert lines[0] == f"Downloading Toy/raw/images (0.2 MB) from {server.address[7:-1]}"
    fetch(toy.dataset, root=tmp_path, patience=WILLING)
    assert len(server.requests) == 2


def test_a_file_that_is_served_as_it_lies_in_the_cache_is_not_unpacked(toy, server, tmp_path, make_answer):
    content = toy.archives["labels.gz"]
    packed = toy.dataset.files[1]
    plain = RemoteFile(
        "Toy/plain.csv", packed.remote_size, packed.remote_sha256, "plain.csv", len(content), packed.remote_sha256
    )
    server.serve("plain.csv", make_answer(content))
    fetch(replace(toy.dataset, files=(plain,)), root=tmp_path, patience=WILLING)
    assert (tmp_path / "Toy/plain.csv").read_bytes() == content


# What the server does, what the message says of it, and how often one mirror is asked.
FAILURES = {
    "cut off": (lambda good, Answer: Answer(good[:70_000], announce=len(good)), "broke off after", 2),
    "wrong bytes": (lambda good, Answer: Answer(good[:-1] + b"?"), "sent a different file (wrong SHA-256 checksum)", 1),
    "a page instead": (lambda good, Answer: Answer(b"<html>Please log in"), "offered a different file (19 bytes", 1),
    "endless": (lambda good, Answer: Answer(good * 2, announce=-1), "sent more than the expected", 1),
    "short, no length": (lambda good, Answer: Answer(good[:9], announce=-1), "broke off after 9 of", 2),
    "404": (lambda good, Answer: Answer(status=404), "answered 404 (Not Found)", 1),
    "500": (lambda good, Answer: Answer(status=500), "answered 500 (Internal Server Error)", 2),
    "silent": (lambda good, Answer: Answer(silent=True), "did not answer within 0.3 s", 1),
    "hangs": (lambda good, Answer: Answer(good, stall_after=70_000), "fell silent after", 2),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_named_and_leaves_nothing(case, toy, server, tmp_path, make_answer):
    behave, phrase, asked = FAILURES[case]
    server.serve("images.gz", behave(toy.archives["images.gz"], make_answer))
    message = refused(toy.dataset, tmp_path, SHORT.get(case, WILLING))
    assert f"{server.address[7:-1]} {phrase}" in message
    assert "Toy/raw/images could not be had" in message
    assert "python -m course_lib data fetch Toy" in message
    assert server.requests == ["/images.gz"] * asked
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_leaves_what_was_there(case, toy, server, tmp_path, make_answer):
    behave = FAILURES[case][0]
    images, labels = tmp_path / "Toy/raw/images", tmp_path / "Toy/raw/labels"
    images.parent.mkdir(parents=True)
    images.write_bytes(toy.contents["Toy/raw/images"])
    labels.write_bytes(b"half")
    server.serve("labels.gz", behave(toy.archives["labels.gz"] * 400, make_answer))
    good = replace(toy.dataset.files[1], remote_size=400 * len(toy.archives["labels.gz"]))
    refused(replace(toy.dataset, files=(toy.dataset.files[0], good)), tmp_path, SHORT.get(case, WILLING))
    assert images.read_bytes() == toy.contents["Toy/raw/images"]
    assert labels.read_bytes() == b"half"


@pytest.mark.parametrize("case", ["cut off", "500", "hangs"])
def test_a_passing_failure_is_tried_again(case, toy, server, tmp_path, make_answer):
    good = toy.archives["images.gz"]
    server.serve("images.gz", FAILURES[case][0](good, make_answer), make_answer(good))
    fetch(toy.dataset, root=tmp_path, patience=SHORT.get(case, WILLING))
    assert (tmp_path / "Toy/raw/images").read_bytes() == toy.contents["Toy/raw/images"]
    assert server.requests[:2] == ["/images.gz", "/images.gz"]


def test_the_pause_between_attempts_doubles(toy, server, tmp_path, make_answer, monkeypatch):
    pauses = []
    monkeypatch.setattr(downloads.time, "sleep", pauses.append)
    server.serve("images.gz", make_answer(status=503))
    with pytest.raises(DownloadError, match="answered 503"):
        fetch(toy.dataset, root=tmp_path, patience=replace(WILLING, attempts=4, pause=0.5))
    assert pauses == [0.5, 1.0, 2.0]


def test_the_second_mirror_serves_when_the_first_is_dead(toy, dead_mirror, server, tmp_path):
    fetch(replace(toy.dataset, mirrors=(dead_mirror, server.address)), root=tmp_path, patience=WILLING)
    assert files_below(tmp_path) == sorted(toy.contents)


def test_the_second_mirror_serves_when_the_first_sends_wrong_bytes(toy, server, tmp_path, make_answer):
    server.serve("wrong/images.gz", make_answer(bytes(len(toy.archives["images.gz"]))))
    mirrors = (server.address + "wrong/", server.address)
    fetch(replace(toy.dataset, mirrors=mirrors), root=tmp_path, patience=WILLING)
    assert (tmp_path / "Toy/raw/images").read_bytes() == toy.contents["Toy/raw/images"]


def test_every_mirror_is_named_with_its_own_failure(toy, dead_mirror, server, tmp_path, make_answer):
    server.serve("images.gz", make_answer(status=404))
    message = refused(replace(toy.dataset, mirrors=(dead_mirror, server.address)), tmp_path)
    assert f"{dead_mirror[7:-1]} refused the connection, {server.address[7:-1]} answered 404 (Not Found);" in message
    assert len(server.requests) == 1


def test_without_a_network_the_failure_is_quick_and_says_so(toy, tmp_path, monkeypatch):
    asked = []

    def no_name_service(host, *arguments, **options):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name_service)
    mirrors = ("http://first.example/", "http://second.example/")
    message = refused(replace(toy.dataset, mirrors=mirrors), tmp_path)
    assert "first.example and second.example could not be found (no network" in message
    assert asked == ["first.example", "second.example"]


def test_a_name_service_that_hangs_does_not_keep_anybody_waiting(toy, tmp_path, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: released.wait(10))
    start = time.perf_counter()
    mirrors = ("http://a.example/", "http://b.example/")
    message = refused(replace(toy.dataset, mirrors=mirrors), tmp_path, replace(WILLING, connect=0.4))
    assert time.perf_counter() - start < 2
    released.set()
    assert "a.example and b.example did not answer within 0.2 s" in message


def test_a_blocked_socket_counts_as_no_network_whatever_it_raises(toy, tmp_path, monkeypatch):
    def blocked(*arguments, **options):
        raise RuntimeError("sockets are blocked here")

    monkeypatch.setattr(socket, "create_connection", blocked)
    assert "could not be reached (RuntimeError: sockets are blocked here)" in refused(toy.dataset, tmp_path)


class FullDisk(io.BytesIO):
    def write(self, block):
        if self.tell() > 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(block)


def test_a_disk_that_fills_up_during_the_download(toy, server, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads.tempfile, "TemporaryFile", lambda **options: FullDisk())
    message = refused(toy.dataset, tmp_path)
    assert "Toy/raw/images could not be stored because the disk is full: free 1 MB" in message
    assert len(server.requests) == 1


def test_a_disk_that_fills_up_while_unpacking(toy, tmp_path, monkeypatch):
    def fill(source, sink, *arguments):
        sink.write(source.read(100_000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(downloads.shutil, "copyfileobj", fill)
    assert "because the disk is full" in refused(toy.dataset, tmp_path)
    assert files_below(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full, a disk that is always full")
def test_a_really_full_disk(toy, tmp_path, monkeypatch):
    with open("/dev/full", "w+b", buffering=0) as full:
        monkeypatch.setattr(downloads.tempfile, "TemporaryFile", lambda **options: full)
        assert "because the disk is full" in refused(toy.dataset, tmp_path)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written(code, toy, tmp_path, monkeypatch):
    def deny(**options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(downloads.tempfile, "TemporaryFile", deny)
    message = refused(toy.dataset, tmp_path)
    assert f"the cache folder {tmp_path} cannot be written" in message
    assert str(tmp_path / "Toy/raw/images") in message


@pytest.fixture
def read_only(tmp_path):
    folder = tmp_path / "read_only"
    folder.mkdir()
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_a_really_read_only_folder(toy, read_only):
    read_only.chmod(0o555)
    if os.access(read_only, os.W_OK):
        pytest.skip("permissions do not bind this user (root, or Windows), so the folder stays writable")
    assert "cannot be written" in refused(toy.dataset, read_only)


def test_a_read_only_folder_that_is_complete_simply_works(toy, server, read_only, monkeypatch):
    fetch(toy.dataset, root=read_only, patience=WILLING)
    server.requests.clear()

    def deny(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for path in (read_only, *read_only.rglob("*")):
        path.chmod(0o555)
    monkeypatch.setattr(downloads.tempfile, "TemporaryFile", deny)
    monkeypatch.setattr(Path, "mkdir", deny)
    assert fetch(toy.dataset, root=read_only, recheck=True) == read_only
    assert server.requests == []


def test_a_file_in_place_of_the_folder(toy, tmp_path):
    (tmp_path / "Toy").write_text("not a folder")
    assert f"could not be stored in {tmp_path}" in refused(toy.dataset, tmp_path)


def test_stopping_in_the_middle_leaves_nothing(toy, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads.shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(toy.dataset, root=tmp_path, patience=WILLING)
    assert files_below(tmp_path) == []


def test_offline_asks_nobody(toy, server, tmp_path):
    assert "it is not in the cache and the network is not to be used" in refused(toy.dataset, tmp_path, offline=True)
    assert server.requests == []


def test_an_archive_that_somebody_put_beside_is_used_first(toy, server, tmp_path):
    folder = tmp_path / "Toy/raw"
    folder.mkdir(parents=True)
    for name, archive in toy.archives.items():
        (folder / name).write_bytes(archive)
    fetch(toy.dataset, root=tmp_path, offline=True)
    assert (folder / "images").read_bytes() == toy.contents["Toy/raw/images"]
    assert server.requests == []


def test_a_damaged_archive_beside_is_named_and_the_mirrors_are_asked(toy, server, tmp_path):
    folder = tmp_path / "Toy/raw"
    folder.mkdir(parents=True)
    (folder / "images.gz").write_bytes(b"damaged")
    assert f"the archive {folder / 'images.gz'} is damaged" in refused(toy.dataset, tmp_path, offline=True)
    fetch(toy.dataset, root=tmp_path, patience=WILLING)
    assert (folder / "images").read_bytes() == toy.contents["Toy/raw/images"]


def test_a_file_of_the_wrong_size_is_replaced_and_a_changed_one_on_request(toy, tmp_path):
    fetch(toy.dataset, root=tmp_path, patience=WILLING)
    images, labels = tmp_path / "Toy/raw/images", tmp_path / "Toy/raw/labels"
    images.write_bytes(b"cut")
    labels.write_bytes(bytes(300))
    fetch(toy.dataset, root=tmp_path, patience=WILLING)
    assert images.read_bytes() == toy.contents["Toy/raw/images"]
    assert labels.read_bytes() == bytes(300)
    fetch(toy.dataset, root=tmp_path, patience=WILLING, recheck=True)
    assert labels.read_bytes() == toy.contents["Toy/raw/labels"]


def test_two_downloads_at_once_both_succeed(toy, tmp_path):
    outcomes = []

    def work():
        outcomes.append(fetch(toy.dataset, root=tmp_path, patience=WILLING))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [tmp_path] * 4
    assert files_below(tmp_path) == sorted(toy.contents)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"no data set called 'CIFAR': choose from MNIST, FashionMNIST, NAB, ADBench, S"
    ):
        fetch("CIFAR")
    assert find("fashion-mnist") is REGISTRY["FashionMNIST"]


def test_the_cache_folder_is_the_chosen_one_else_the_checkouts_else_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "mine"))
    assert cache.cache_root() == tmp_path / "mine"
    monkeypatch.setenv("COURSE_DATA_DIR", "~/course data")
    assert cache.cache_root() == Path.home() / "course data"
    monkeypatch.setenv("COURSE_DATA_DIR", " ")
    assert cache.cache_root() == Path(__file__).resolve().parents[2] / "data" / "cache"
    assert cache._default_root(tmp_path) == Path.home() / ".cache" / "course_lib"


def test_the_registry_holds_what_a_download_needs():
    paths = [file.path for entry in REGISTRY.values() for file in entry.files]
    assert len(set(paths)) == len(paths)
    assert {name: len(entry.files) for name, entry in REGISTRY.items()} == {
        "MNIST": 4,
        "FashionMNIST": 4,
        "NAB": 37,
        "ADBench": 12,
        "ServerMachineDataset": 12,
        "NSL-KDD": 2,
    }
    for entry in REGISTRY.values():
        assert all(mirror.endswith("/") for mirror in entry.mirrors)
        for file in entry.files:
            assert file.path.startswith(f"{entry.name}/")
            assert re.fullmatch(r"[0-9a-f]{64} [0-9a-f]{64}", f"{file.sha256} {file.remote_sha256}")
            if file.remote.endswith(".gz"):
                assert file.remote_size < file.size
            else:
                assert (file.remote_size, file.remote_sha256) == (file.size, file.sha256)
                assert file.path.endswith(f"/{file.remote}")


def test_what_is_in_the_cache_has_the_checksums_of_the_registry():
    root = cache.cache_root()
    small = [file for name in ("NAB", "ADBench") for file in REGISTRY[name].files]
    here = [file for file in small if (root / file.path).is_file()]
    if not here:
        pytest.skip(f"NAB and ADBench are not in {root}: fetch them with `python -m course_lib data fetch NAB ADBench`")
    assert {file.path: cache.state(file, root) for file in here} == {file.path: "right" for file in here}
