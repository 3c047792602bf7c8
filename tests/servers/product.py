"""How is the real server run in a process of its own, to be measured, or killed?"""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
START_S = 60
ANSWERS = (200, 503)  # the latter without a worker, which may come later
NOTHING: Mapping[str, str] = MappingProxyType({})
OURS = ("AFTERRUN_", "CELERY_", "DATABASE_", "TASK_")
PROGRAM = "from webapp.app import main; main()"
# Packages of the tests that libraries load where they find them, 20 MB in all: `make run` does not bring them.
LEAN_PROGRAM = f"import sys; sys.modules.update(psycopg=None, pygments=None); {PROGRAM}"


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


# Below the ports that the system hands out by itself; processes of tests begin far from each other.
PORTS = range(12_000, 32_000)
_FIRST = os.getpid() * 7919 % len(PORTS)
_ports: Iterator[int] = itertools.cycle([*PORTS[_FIRST:], *PORTS[:_FIRST]])


def free_port() -> int:
    """Return a port that nobody listens on, and that nobody else is given while a slow server starts on it."""
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("there is always a next port")


def run_command(instance: Path, *words: str, settings: Mapping[str, str] = NOTHING) -> str:
    """Run a verb of the command line and return what it prints."""
    environment = _environment(instance, **settings)
    done = subprocess.run(
        [*_command(settings), *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def running_product(
    instance: Path, *, port: int | None = None, token: str = "", settings: Mapping[str, str] = NOTHING
) -> Iterator[Product]:
    """Start the server on an instance folder, yield it when it answers, and stop it at the end.

    Args:
        instance: the folder; made when it is not there yet.
        port: where it listens; any free port without.
        token: one made before, so that a restart needs no other.
        settings: what its environment says besides.
    """
    port = port or free_port()
    process = start_verb(instance, "serve", {**settings, "AFTERRUN_PORT": str(port)})
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(url, process, _said(instance, "serve"))
        words = ("token", "create", "--user", "admin", "--scope", "admin")
        made = token or run_command(instance, *words, settings=settings)
        yield Product(url=url, token=made, process=process)
    finally:
        end(process)


def start_verb(instance: Path, verb: str, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a verb that goes on, in a process group of its own; what it says is kept beside the instance folder."""
    with _said(instance, verb).open("ab") as output:
        return subprocess.Popen(
            [*_command(settings), verb],
            cwd=ROOT,
            env=_environment(instance, **settings),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a verb in order, or at once when that takes too long."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _command(settings: Mapping[str, str]) -> list[str]:
    return [sys.executable, "-c", PROGRAM if "DATABASE_URL" in settings else LEAN_PROGRAM]


def _said(instance: Path, verb: str) -> Path:
    return instance.with_suffix(f".{verb}.out")


def _environment(instance: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**plain, "AFTERRUN_INSTANCE": str(instance), "PYTHONUNBUFFERED": "1", **more}


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if _status(f"{url}/healthz") in ANSWERS:
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
