"""What does an IRC server do: ngircd as Debian has it, and a scripted one for sign-ins that ngircd does not know?"""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.certificates import Certificates
from tests.servers.product import free_port

START_S = 10
PASSWORD = "letmein"

CONFIG = """
[Global]
Name = irc.test
Info = Server of a test
Listen = 127.0.0.1
Ports = {port}
{password}
ServerUID = {user}
ServerGID = {group}
MotdPhrase = Welcome
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 20
ConnectRetry = 600
MaxPenaltyTime = 0
[Options]
Ident = no
DNS = no
PAM = no
AllowRemoteOper = no
[SSL]
CertFile = {certificate}
KeyFile = {key}
Ports = {tls_port}
[Channel]
Name = #ops
Modes = tn
[Channel]
Name = #keyed
Modes = ktn
Key = sesame
[Channel]
Name = #invited
Modes = itn
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IrcServer:
    """A running ngircd: `#ops` is open, `#keyed` wants the key `sesame`, `#invited` an invitation."""

    port: int
    tls_port: int


@contextmanager
def running_ngircd(
    program: str, certificates: Certificates, *, is_bad: bool = False, is_closed: bool = False
) -> Iterator[IrcServer]:
    """Start ngircd on loopback, yield it, and stop it at the end.

    Args:
        program: its path.
        certificates: what it shows.
        is_bad: it shows the certificate that nobody trusts.
        is_closed: it wants PASSWORD.
    """
    server = IrcServer(port=free_port(), tls_port=free_port())
    with tempfile.TemporaryDirectory(prefix="irc-") as folder:
        path = Path(folder) / "ngircd.conf"
        path.write_text(
            CONFIG.format(
                port=server.port,
                tls_port=server.tls_port,
                password=f"Password = {PASSWORD}" if is_closed else "",
                user=os.geteuid(),
                group=os.getegid(),
                certificate=certificates.stranger_chain if is_bad else certificates.chain,
                key=certificates.stranger_key if is_bad else certificates.key,
            )
        )
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([program, "-n", "-f", str(path)], stdout=log, stderr=log)
            try:
                _wait_for(server.port, process)
                yield server
            finally:
                process.terminate()
                process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"ngircd did not start; it said {process.returncode}")


class Listener:
    """Somebody in a channel, who keeps every line heard."""

    def __init__(self, port: int, nick: str, *, channel: str = "", key: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.say(f"NICK {nick}")
        self.say(f"USER {nick} 0 * :{nick}")
        self.wait_for(" 001 ")
        if channel:
            self.say(f"JOIN {channel} {key}")
            self.wait_for(" 366 ")

    def say(self, line: str) -> None:
        """Send a line."""
        self._socket.sendall(line.encode() + b"\r\n")

    def wait_for(self, part: str) -> str:
        """Return the next line that holds a text; the server's PINGs are answered meanwhile."""
        while True:
            line = self._file.readline().decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                raise AssertionError(f"hung up before {part!r}")
            if line.startswith("PING"):
                self.say(line.replace("PING", "PONG", 1))
            if part in line:
                return line

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


@dataclass(slots=True, kw_only=True)
class ScriptedIrc:
    """A server that answers lines by a script; `heard` is what it was told."""

    port: int = 0
    heard: list[str] = field(default_factory=list)


@contextmanager
def running_script(answer: Callable[[str], list[str]]) -> Iterator[ScriptedIrc]:
    """Start a server whose every answer is given by a function of the line heard; an empty list says nothing."""
    script = ScriptedIrc()
    with socket.create_server(("127.0.0.1", 0)) as server:
        script.port = server.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, script, answer), name="scripted irc")
        thread.start()
        try:
            yield script
        finally:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", script.port), timeout=1):
                pass
            thread.join(10)


def _serve(server: socket.socket, script: ScriptedIrc, answer: Callable[[str], list[str]]) -> None:
    connection, _address = server.accept()
    with connection, connection.makefile("rb") as file, contextlib.suppress(OSError):
        connection.settimeout(10)
        for raw in file:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            script.heard.append(line)
            for said in answer(line):
                connection.sendall(said.encode() + b"\r\n")
            if line.startswith("QUIT"):
                return
