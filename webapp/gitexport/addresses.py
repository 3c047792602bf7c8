"""Is this the address of a repository that this server may push to, and how is it reached?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from webapp.domain.names import find_text_fault
from webapp.errors import AfterrunError

LONGEST = 2048
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SHORT = re.compile(r"(?:(?P<user>[^@/:]*)@)?(?P<host>\[[^\]]*\]|[^@/:\[\]]+):(?P<path>[^:].*)", re.DOTALL)
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)|/\.))[A-Za-z0-9_][A-Za-z0-9._/@{}+-]*(?<![./])")


class AddressError(AfterrunError):
    """An address, a branch or a folder that git is not given; the text says what was expected."""


class Kind(StrEnum):
    """How a repository is reached."""

    FILE = "file"
    SSH = "ssh"
    HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a repository is; nothing in it is secret.

    Args:
        url: as git is given it.
        kind: how it is reached.
        host: the server's name, empty for a folder.
        port: the server's port when it is not the usual one.
        path: the repository's path on the server, or on this machine.
    """

    url: str
    kind: Kind
    host: str = ""
    port: int | None = None
    path: str


def read_local_roots(text: str) -> tuple[Path, ...]:
    """Return the folders that the setting GIT_LOCAL_ROOTS names."""
    return tuple(Path(part.strip()) for part in text.split(",") if part.strip())


def parse_address(text: str, *, local_roots: Sequence[Path]) -> Address:
    """Return the address that a text means.

    Args:
        text: `https://host/path`, `ssh://user@host:port/path`, `user@host:path`, a path or `file:///path`.
        local_roots: the folders below which a repository on this machine may lie.

    Raises:
        AddressError: it is none of these, holds a password, or lies elsewhere on this machine.
    """
    if not text or len(text) > LONGEST or find_text_fault(text) or any(char.isspace() for char in text):
        raise AddressError(f"expected an address of 1 to {LONGEST:,} characters without blanks")
    if text.startswith("-") or "::" in re.sub(r"\[[^\]]*\]", "", text):
        raise AddressError("expected the address of a repository, not an option or a program")
    if "://" in text:
        return _parse_url(text, local_roots)
    if text.startswith("/"):
        return _local(text, local_roots)
    short = _SHORT.fullmatch(text)
    if short is None:
        raise AddressError("expected https://host/path, ssh://user@host/path, user@host:path or a path")
    _check_user(short["user"])
    _check_host(short["host"])
    if short["path"].startswith("-"):
        raise AddressError("expected a path that does not begin with '-'")
    return Address(url=text, kind=Kind.SSH, host=short["host"], path=short["path"])


def check_branch(text: str) -> str:
    """Return the name of a branch as it is.

    Raises:
        AddressError: git would not take it.
    """
    if len(text) > 200 or not _BRANCH.fullmatch(text) or text == "HEAD":
        raise AddressError("expected the name of a branch, such as main or results/lab-1")
    return text


def _parse_url(text: str, local_roots: Sequence[Path]) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"expected an address: {error}") from None
    if parts.scheme == "file":
        if parts.netloc:
            raise AddressError("expected file:/// and a path of this machine")
        return _local(parts.path, local_roots)
    if parts.scheme not in {Kind.HTTPS, Kind.SSH}:
        raise AddressError(f"expected https, ssh or file, got {parts.scheme!r}")
    if parts.query or parts.fragment:
        raise AddressError("expected an address without '?' and '#'")
    if parts.password is not None or (parts.scheme == Kind.HTTPS and parts.username is not None):
        raise AddressError("expected an address without a name and password: a token is entered in its own field")
    if parts.scheme == Kind.SSH:
        _check_user(parts.username)
    _check_host(_host(parts))
    if len(parts.path) < 2 or parts.path.startswith("/-"):
        raise AddressError("expected the path of a repository after the host")
    return Address(url=text, kind=Kind(parts.scheme), host=_host(parts), port=port, path=parts.path)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _check_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise AddressError("expected the name or the IP address of a server")


def _check_user(user: str | None) -> None:
    if user is not None and not _USER.fullmatch(user):
        raise AddressError("expected a user name before the '@'")


def _local(path: str, local_roots: Sequence[Path]) -> Address:
    """Return a repository of this machine, whose hooks run as this server, so only where the operator allowed it."""
    for root in local_roots:
        if not root.is_absolute():
            raise AddressError(f"GIT_LOCAL_ROOTS names {str(root)!r}, expected the whole path of a folder")
    real = Path(path).resolve()
    if not any(real != root and real.is_relative_to(root.resolve()) for root in local_roots):
        raise AddressError("a repository on this machine must lie below a folder that GIT_LOCAL_ROOTS names")
    return Address(url=str(real), kind=Kind.FILE, path=str(real))
