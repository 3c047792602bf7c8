"""With what is a repository opened: a deploy key, a token, or what this server's own account has.

A key lies in a file of a private folder for the length of one call; a token is in nothing but git's environment.
"""

import base64
import binascii
import hashlib
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webapp.gitexport.addresses import Address, Kind
from webapp.gitexport.failures import hide_secrets
from webapp.gitexport.process import environment

CONNECT_S = 10
PREFIX = "call-"
LEFT_OVER_S = 3600
SSH_OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": str(CONNECT_S),
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "UpdateHostKeys": "no",
    "HashKnownHosts": "no",
    "ForwardAgent": "no",
    "PermitLocalCommand": "no",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What opens a repository; everything may be empty.

    Args:
        username: the name that goes with the token.
        token: for https.
        private_key: for ssh, in OpenSSH format.
        host_key: for ssh, the pinned key: its kind and its base64.
    """

    username: str = ""
    token: str = ""
    private_key: str = ""
    host_key: str = ""

    def hide(self, text: str) -> str:
        """Return a text without anything secret."""
        return hide_secrets(text, self.token, *([_basic(self)] if self.token else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A repository's address with the variables that open it; `known_hosts` is the file that ssh pins keys in."""

    env: Mapping[str, str]
    known_hosts: Path


@contextmanager
def opened(address: Address, access: Access, *, folder: Path, pins: bool = False) -> Iterator[Opened]:
    """Yield what git needs to reach a repository, as long as the block goes on.

    Args:
        address: the repository.
        access: what opens it.
        folder: where a key may lie meanwhile; what a killed call left there is removed.
        pins: whether a host key that is not known yet is accepted and written down.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as name:
        private = Path(name)
        known_hosts = private / "known_hosts"
        _write_private(known_hosts, f"{_host_label(address)} {access.host_key}\n" if access.host_key else "")
        config: dict[str, str] = {}
        extra = {"GIT_ALLOW_PROTOCOL": address.kind.value}
        if address.kind is Kind.SSH:
            extra["GIT_SSH_COMMAND"] = _ssh_command(access, private, known_hosts, pins=pins)
            extra["GIT_SSH_VARIANT"] = "ssh"
        if address.kind is Kind.HTTPS and access.token:
            extra["HOME"] = name  # no .netrc of this account
            config[f"http.{_origin(address)}.extraHeader"] = f"Authorization: Basic {_basic(access)}"
        yield Opened(env=environment(config, extra), known_hosts=known_hosts)


def read_host_key(known_hosts: Path) -> str:
    """Return the key that ssh wrote down: its kind and its base64, or nothing."""
    for line in known_hosts.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if len(words) >= 3 and not line.startswith(("#", "@")):
            return f"{words[1]} {words[2]}"
    return ""


def fingerprint(host_key: str) -> str:
    """Return how ssh shows a key: its kind and its SHA-256 fingerprint; nothing for what is no key."""
    kind, _, text = host_key.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(text, validate=True)).digest()
    except binascii.Error:
        return ""
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}" if text else ""


def _ssh_command(access: Access, private: Path, known_hosts: Path, *, pins: bool) -> str:
    options = dict(SSH_OPTIONS)
    words = ["ssh"]
    if access.private_key:
        key = private / "key"
        _write_private(key, access.private_key.replace("\r\n", "\n").rstrip("\n") + "\n")
        words += ["-F", os.devnull, "-i", str(key)]
        options |= {"IdentitiesOnly": "yes", "IdentityAgent": "none"}
    if access.private_key or access.host_key or pins:
        options |= {"UserKnownHostsFile": str(known_hosts), "GlobalKnownHostsFile": os.devnull}
    options["StrictHostKeyChecking"] = "accept-new" if pins and not access.host_key else "yes"
    return shlex.join([*words, *(f"-o{name}={value}" for name, value in options.items())])


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{PREFIX}*"):
        if time.time() - left.stat().st_mtime > LEFT_OVER_S:
            shutil.rmtree(left, ignore_errors=True)


def _host_label(address: Address) -> str:
    host = address.host.strip("[]")
    return host if address.port in {None, 22} else f"[{host}]:{address.port}"


def _origin(address: Address) -> str:
    return f"https://{address.host}" + (f":{address.port}" if address.port else "") + "/"


def _basic(access: Access) -> str:
    return base64.b64encode(f"{access.username or 'git'}:{access.token}".encode()).decode()


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
