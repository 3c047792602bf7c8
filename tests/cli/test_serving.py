"""Does the whole server start by one command, answer, check itself, and end in order?"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs import needs_program

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
START_S = 60


def _command(*words: str) -> list[str]:
    return [sys.executable, "-c", "from webapp.app import main; main()", *words]


def _environment(instance: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AFTERRUN_", "DATABASE_"))}
    return {**plain, "AFTERRUN_INSTANCE": str(instance), "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def _running(instance: Path, *words: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a verb; yield its process, and the file of what it says."""
    said = instance.with_suffix(f".{words[0]}.out")
    with said.open("w") as output:
        process = subprocess.Popen(
            _command(*words), cwd=ROOT, env=_environment(instance, **more), stdout=output, stderr=output, text=True
        )
    try:
        yield process, said
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait_for(said: Path, pattern: str) -> re.Match[str]:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        found = re.search(pattern, said.read_text())
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{pattern} was not said in {START_S} s:\n{said.read_text()}")


def _get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _wait_until_well(url: str) -> None:
    deadline = time.monotonic() + START_S
    while _get(f"{url}/healthz")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _stop(process: subprocess.Popen[str], number: int) -> float:
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(20) == 0
    return time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_starts_by_one_command_and_ends_in_order(tmp_path: Path, number: int) -> None:
    instance = tmp_path / "instance"
    with _running(instance, "serve", AFTERRUN_PORT="0") as (process, said):
        url = _wait_for(said, r"serves on (http://127\.0\.0\.1:\d+)")[1]
        welcome = _wait_for(said, r"http\S+(/welcome/\S+)")[1]
        assert "Welcome, admin" in _get(url + welcome)[1]
        _wait_until_well(url)
        _wait_for(said, "selfcheck: all well")
        words = _command("token", "create", "--user", "admin", "--scope", "admin")
        made = subprocess.run(words, cwd=ROOT, env=_environment(instance), capture_output=True, text=True, check=True)
        token = made.stdout.strip()
        status, text = _get(f"{url}/api/v1/runs", Authorization=f"Bearer {token}")
        assert (status, text.count('"selfcheck"')) == (200, 1)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as follower:
            follower.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert follower.recv(64).startswith(b"HTTP/1.1 200")
            assert _stop(process, number) < 10
        assert said.read_text().endswith("Stopped.\n")
    assert oct((instance / "secret.key").stat().st_mode & 0o777) == "0o600"


def test_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = _command("serve", "--port", port)
        done = subprocess.run(
            words, cwd=ROOT, env=_environment(tmp_path / "i"), capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"afterrun: cannot listen on 127.0.0.1 port {port}")
    assert "Traceback" not in done.stderr


@needs_program("postgres")
def test_server_and_worker_share_a_postgres(tmp_path: Path, fresh_postgres_url: str) -> None:
    more = {"DATABASE_URL": fresh_postgres_url, "AFTERRUN_LOG_FORMAT": "json"}
    serving = _running(tmp_path / "one", "serve", "--no-worker", AFTERRUN_PORT="0", **more)
    with serving as (server, said), _running(tmp_path / "two", "worker", **more) as (worker, working):
        url = _wait_for(said, r"serves on (http://127\.0\.0\.1:\d+)")[1]
        _wait_for(working, r'"message": "selfcheck: all well"')
        _wait_until_well(url)
        assert _stop(worker, signal.SIGTERM) < 10
        assert _get(f"{url}/healthz")[0] == 503
        assert _stop(server, signal.SIGTERM) < 10
    assert "Stopped." in working.read_text()
