"""Does a Git repository answer? Asked by git itself, which is killed with all its children when it is silent."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass

from webapp.errors import AfterrunError

PROTOCOLS = "https:http:ssh:file:git"
MAX_REASON = 500
USERINFO = re.compile(r"(?<=://)[^/@\s]+@")


class RepositoryError(AfterrunError):
    """A repository could not be reached; the text is git's, without passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What a repository answered."""

    branches: int


def find_remote(address: str, *, timeout_s: float) -> Remote:
    """Ask a repository for its branches.

    Args:
        address: as git takes it: https, ssh, `user@host:path`, or a path.
        timeout_s: how long git may take; it is killed afterwards.

    Raises:
        RepositoryError: git is missing, refuses, fails, or is silent.
    """
    if not address or address.startswith("-") or "::" in address:
        raise RepositoryError("this is not the address of a repository")
    command = ["git", "ls-remote", "--heads", "--", address]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise RepositoryError("git is not installed") from None
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise RepositoryError(f"no answer within {timeout_s:g} s") from None
    if process.returncode != 0:
        raise RepositoryError(_reason(err))
    return Remote(branches=len(out.splitlines()))


def hide_secrets(text: str) -> str:
    """Return a text without the names and passwords that stand in addresses."""
    return USERINFO.sub("", text)


def _environment() -> dict[str, str]:
    """Return variables that keep git from asking anybody anything."""
    return {
        **os.environ,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=5",
    }


def _reason(output: bytes) -> str:
    lines = hide_secrets(output.decode("utf-8", "replace")).strip().splitlines()
    fatal = [line for line in lines if line.startswith(("fatal:", "ERROR:", "error:"))]
    return (fatal or lines or ["git failed without a word"])[0][:MAX_REASON]
