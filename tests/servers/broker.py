"""What is a broker to a test: its addresses, and a process that can be killed and started again on the same ports."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


class BrokerServer:
    """A running broker.

    Args:
        url: its address, as `CELERY_BROKER_URL` takes it.
        tls_url: the same, encrypted; it shows a certificate for `localhost`.
        start: starts the process and returns it when it listens.
    """

    def __init__(self, *, url: str, tls_url: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.url = url
        self.tls_url = tls_url
        self._start = start
        self._process = start()

    def kill(self) -> None:
        """End it in the middle of whatever it does; what it had in memory is gone."""
        kill_group(self._process)

    def restart(self) -> None:
        """Start it again on the same ports."""
        self._process = self._start()


def start_listening(
    command: list[str], *, port: int, folder: Path, timeout_s: float, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program with its children in a group of their own; return when it listens on a port of loopback."""
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        time.sleep(0.05)
    kill_group(process)
    raise AssertionError(f"{command[0]} does not listen on port {port}:\n{log.read_text(errors='replace')}")


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a program and its children at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
