"""How is the real server run in a process of its own, to be measured, or killed?"""

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S = 60
COMMAND = [sys.executable, "-c", "from webapp.app import main; main()"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A running server: where it is, what may do everything there, and its process."""

    url: str
    token: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End the server and its children in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def run_command(instance: Path, *words: str) -> str:
    """Run a verb of the command line and return what it prints."""
    done = subprocess.run(
        [*COMMAND, *words], cwd=ROOT, env=_environment(instance), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def running_product(instance: Path, *, port: int | None = None, token: str = "") -> Iterator[Product]:
    """Start the server on an instance folder, yield it when it answers, and stop it at the end.

    Args:
        instance: the folder; made when it is not there yet.
        port: where it listens; any free port without.
        token: one made before, so that a restart needs no other.
    """
    port = port or free_port()
    environment = _environment(instance, AFTERRUN_PORT=str(port))
    said = instance.with_suffix(".out")
    with said.open("ab") as output:
        process = subprocess.Popen(
            [*COMMAND, "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(url, process, said)
        made = token or run_command(instance, "token", "create", "--user", "admin", "--scope", "admin")
        yield Product(url=url, token=made, process=process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(instance: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not re.match("AFTERRUN_|DATABASE_|TASK_", name)}
    return {**plain, "AFTERRUN_INSTANCE": str(instance), "PYTHONUNBUFFERED": "1", **more}


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if _status(f"{url}/healthz") == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not answer:\n{said.read_text(errors='replace')}")


def _status(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
