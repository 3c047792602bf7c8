"""How is git run: asking nobody, reading no configuration but ours, and killed with all its children in time."""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from webapp.gitexport.failures import RepositoryError, Trouble

MAX_OUTPUT = 16 << 20
# What git may know of the environment: where programs are, and how this machine reaches others and trusts them.
PASSED = (
    "PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
    "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
)  # fmt: skip
CONFIG = {
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.credentialsInUrl": "die",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "30",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How git ended, and the beginning of what it printed."""

    code: int
    out: str
    err: str


def environment(config: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that git is given.

    Args:
        config: git's settings beside ours; they are never written anywhere, and never stand in a command line.
        extra: further variables.
    """
    settings = {**CONFIG, **config}
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        numbered |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return {
        **{name: os.environ[name] for name in PASSED if name in os.environ},
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        **numbered,
        **extra,
    }


def run_git(
    arguments: Sequence[str], *, env: Mapping[str, str], timeout_s: float, pieces: Iterable[bytes] = ()
) -> Output:
    """Run git to its end.

    Args:
        arguments: what follows `git` in the command line.
        env: all its variables.
        timeout_s: how long it may take; it and its children are killed afterwards.
        pieces: what it reads.

    Raises:
        RepositoryError: git is not installed, or took too long.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                ["git", *arguments], stdin=subprocess.PIPE, stdout=out, stderr=err, env=env, start_new_session=True
            )
        except FileNotFoundError:
            raise RepositoryError(Trouble.GIT, "git is not installed on this server") from None
        is_late = threading.Event()
        alarm = threading.Timer(timeout_s, _end_late, (process, is_late))
        alarm.daemon = True
        alarm.start()
        try:
            _feed(process, pieces)
            code = process.wait()
        except BaseException:
            _kill(process)
            raise
        finally:
            alarm.cancel()
            process.wait()
        if is_late.is_set():
            raise RepositoryError(Trouble.SILENT, f"The server did not answer within {timeout_s:g} s")
        return Output(code=code, out=_beginning(out), err=_beginning(err))


def _feed(process: "subprocess.Popen[bytes]", pieces: Iterable[bytes]) -> None:
    """Hand everything over; git that ended early says why itself."""
    if process.stdin is None:
        return
    with suppress(BrokenPipeError), process.stdin:
        for piece in pieces:
            process.stdin.write(piece)


def _end_late(process: "subprocess.Popen[bytes]", is_late: threading.Event) -> None:
    is_late.set()
    _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _beginning(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MAX_OUTPUT).decode("utf-8", "replace")
