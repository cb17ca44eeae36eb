"""The offline lane refuses the network in a real kernel, and only the network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

LANE = Path(__file__).resolve().parents[1] / "offline"
REFUSED = "network refused by the offline lane"


def environment(*folders):
    path = [*map(str, folders), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def run(code, *folders):
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(*folders), capture_output=True, text=True, timeout=60
    )


# 192.0.2.1 belongs to nobody: it is reserved for documentation (RFC 5737).
ATTEMPTS = {
    "urlopen": "from urllib.request import urlopen; urlopen('http://192.0.2.1/', timeout=3)",
    "name": "import socket; socket.getaddrinfo('example.org', 80)",
    "name as bytes": "import socket; socket.getaddrinfo(b'example.org', 80)",
    "old name": "import socket; socket.gethostbyname('example.org')",
    "create_connection": "import socket; socket.create_connection(('192.0.2.1', 80), timeout=3)",
    "connect": "import socket; socket.socket().connect(('192.0.2.1', 80))",
    "connect_ex": "import socket; socket.socket().connect_ex(('192.0.2.1', 80))",
    "udp": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 80))",
    "ipv6": "import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
}


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS)
def test_every_way_out_is_refused(code):
    result = run(code, LANE)
    assert result.returncode == 1
    assert REFUSED in result.stderr


def test_loopback_stays_open():
    code = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "client = socket.create_connection(('localhost', server.getsockname()[1]), timeout=3);"
        "server.accept()[0].sendall(b'hello'); print(client.recv(5))"
    )
    assert run(code, LANE).stdout.strip() == "b'hello'"


def test_a_kernel_works_and_is_cut_off():
    manager, client = start_new_kernel(env=environment(LANE))
    try:
        reply = client.execute_interactive("21 * 2", timeout=60, output_hook=lambda message: None)
        assert reply["content"]["status"] == "ok"
        code = ATTEMPTS["create_connection"]
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda message: None)
        assert reply["content"]["ename"] == "OSError"
        assert REFUSED in reply["content"]["evalue"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_sitecustomize_that_is_there_already_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.was_here = True")
    result = run(f"import builtins; print(builtins.was_here); {ATTEMPTS['connect']}", LANE, tmp_path)
    assert result.stdout.strip() == "True"
    assert REFUSED in result.stderr
