"""A real HTTP server on this machine that misbehaves as told, and a small data set for it to serve."""

import contextlib
import gzip
import hashlib
import random
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from course_lib.data.registry import DataSet, RemoteFile


@dataclass
class Answer:
    """One answer of the server: by default all is well."""

    body: bytes = b""
    status: int = 200
    announce: int | None = None  # Content-Length if it is not the truth; -1 leaves the header out
    stall_after: int | None = None  # bytes of the body after which nothing more comes
    silent: bool = False  # no answer at all


@dataclass
class Server:
    """What the tests see of the server."""

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)  # the last answer repeats
    requests: list[str] = field(default_factory=list)

    def serve(self, name: str, *answers: Answer) -> None:
        self.answers[f"/{name}"] = list(answers)


def make_handler(server: Server, released: threading.Event):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.requests.append(self.path)
            waiting = server.answers.get(self.path, [Answer(status=404)])
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if answer.silent:
                released.wait(10)
                return
            self.send_response(answer.status)
            length = len(answer.body) if answer.announce is None else answer.announce
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.body[: answer.stall_after])
            if answer.stall_after is not None:
                self.wfile.flush()
                released.wait(10)

        def log_message(self, *arguments):
            pass

        def handle(self):
            # A client that gave up closes its end first.
            with contextlib.suppress(ConnectionError):
                super().handle()

    return Handler


@pytest.fixture
def server(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    released = threading.Event()
    shown = Server("")
    with ThreadingHTTPServer(("127.0.0.1", 0), make_handler(shown, released)) as running:
        running.daemon_threads = True
        shown.address = f"http://127.0.0.1:{running.server_port}/"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield shown
        released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def dead_mirror(server):
    """An address at which nothing listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    return f"http://127.0.0.1:{port}/"


def remote_file(path: str, content: bytes) -> tuple[RemoteFile, bytes]:
    """The registry's entry for a file with this content, and the archive that a server would send."""
    archive = gzip.compress(content, mtime=0)
    entry = RemoteFile(
        path=path,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        remote=path.rsplit("/", 1)[-1] + ".gz",
        remote_size=len(archive),
        remote_sha256=hashlib.sha256(archive).hexdigest(),
    )
    return entry, archive


@dataclass
class Toy:
    """A data set of two files, with what a server should send for each and what should come out."""

    dataset: DataSet
    archives: dict[str, bytes]
    contents: dict[str, bytes]


@pytest.fixture
def toy(server):
    noise = random.Random(0)
    # Random bytes do not shrink, so the archives are longer than one block of the transfer.
    contents = {"Toy/raw/images": noise.randbytes(200_000), "Toy/raw/labels": noise.randbytes(300)}
    pairs = [remote_file(path, content) for path, content in contents.items()]
    dataset = DataSet(
        "Toy", "nobody", "http://example.org/", "MIT", (server.address,), tuple(file for file, _ in pairs)
    )
    archives = {file.remote: archive for file, archive in pairs}
    for name, archive in archives.items():
        server.serve(name, Answer(archive))
    return Toy(dataset, archives, contents)


@pytest.fixture
def make_answer():
    """`Answer`, for test modules (which cannot import a conftest by name)."""
    return Answer


@pytest.fixture
def make_remote_file():
    return remote_file
