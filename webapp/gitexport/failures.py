"""Why did git not do it, in words, and is it worth trying again?"""

import re
from dataclasses import dataclass
from enum import StrEnum

from webapp.errors import AfterrunError

MAX_REASON = 500
USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
REMOTE = "remote:"


class Trouble(StrEnum):
    """What kind of failure it is."""

    CREDENTIALS = "credentials"
    HOST_KEY_UNKNOWN = "unknown host key"
    HOST_KEY_CHANGED = "changed host key"
    NO_REPOSITORY = "no repository"
    REFUSED = "refused"
    MOVED = "moved"
    CLOSED = "closed"
    SILENT = "silent"
    CERTIFICATE = "certificate"
    DISK_FULL = "disk full"
    OWNER = "owner"
    BUSY = "busy"
    CACHE = "cache"
    GIT = "git"


class RepositoryError(AfterrunError):
    """A repository could not be reached or written; the text is for people, without passwords.

    Args:
        trouble: what kind of failure it is.
        message: the sentence.
    """

    def __init__(self, trouble: Trouble, message: str) -> None:
        """Keep the kind beside the sentence."""
        self.trouble = trouble
        super().__init__(message)

    @property
    def is_permanent(self) -> bool:
        """Say whether trying again is useless until somebody has changed something."""
        return self.trouble in PERMANENT


PERMANENT = frozenset(
    {
        Trouble.CREDENTIALS,
        Trouble.HOST_KEY_UNKNOWN,
        Trouble.HOST_KEY_CHANGED,
        Trouble.NO_REPOSITORY,
        Trouble.REFUSED,
        Trouble.CERTIFICATE,
        Trouble.OWNER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    trouble: Trouble
    pattern: re.Pattern[str]
    sentence: str


def _sign(trouble: Trouble, pattern: str, sentence: str) -> _Sign:
    return _Sign(trouble=trouble, pattern=re.compile(pattern, re.IGNORECASE), sentence=sentence)


# In this order: the first that fits says what it is.
SIGNS = (
    _sign(Trouble.DISK_FULL, r"no space left on device|disk quota exceeded|out of disk ?space", "The disk is full"),
    _sign(
        Trouble.HOST_KEY_CHANGED,
        r"host identification has changed|host key for \S+ has changed",
        "The server showed another host key than the one that is pinned",
    ),
    _sign(
        Trouble.HOST_KEY_UNKNOWN,
        r"host key verification failed|no matching host key|host key is known",
        "The server's host key is not known yet: Test access pins it",
    ),
    _sign(
        Trouble.CREDENTIALS,
        r"error in libcrypto|invalid format|bad permissions|not a (?:public|private) key",
        "The deploy key cannot be used: expected a private key in OpenSSH format without a passphrase",
    ),
    _sign(
        Trouble.CREDENTIALS,
        r"permission denied \(|authentication failed|marked as read.only|not allowed to push|access not granted|"
        r"could not read (?:username|password)|returned error: 40[13]",
        "The server refused the credentials",
    ),
    _sign(Trouble.OWNER, r"dubious ownership", "The repository's folder belongs to another account of this machine"),
    _sign(
        Trouble.NO_REPOSITORY,
        r"not appear to be a git repository|repository '?\S* ?not found|returned error: (?:404|30\d)|"
        r"could not be found|not a git repository",
        "There is no such repository, or these credentials may not see it",
    ),
    _sign(
        Trouble.MOVED,
        r"fetch first|non-fast-forward|cannot lock ref|failed to update ref|reference already exists|stale info|"
        r"incorrect old value|needs force",
        "The branch was moved by somebody else again and again",
    ),
    _sign(Trouble.REFUSED, r"\[remote rejected\]|hook declined|protected branch", "The server refused the push"),
    _sign(Trouble.CERTIFICATE, r"certificate|ssl_cert|self.signed", "The server's certificate is not trusted"),
    _sign(Trouble.SILENT, r"timed out|operation too slow", "The server did not answer in time"),
    _sign(
        Trouble.CLOSED,
        r"connection refused|could(?:n't| not) (?:resolve|connect)|failed to connect|no route to host|"
        r"network is unreachable|connection (?:reset|closed)|returned error: 5\d\d|hung up",
        "The server cannot be reached",
    ),
    _sign(
        Trouble.CREDENTIALS,
        r"permission denied",
        "This server's account may not read or write the repository's files",
    ),
)


def hide_secrets(text: str, *secrets: str) -> str:
    """Return a text without the names and passwords that stand in addresses, and without these secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return USERINFO.sub("", text)


def classify(output: str) -> RepositoryError:
    """Return the failure that git's words mean.

    What the server's own programs print is asked only when git's own words say nothing: a hook may say anything.
    """
    lines = [line.strip() for line in output.replace("\r", "\n").splitlines() if line.strip()]
    ours = "\n".join(line for line in lines if not line.startswith(REMOTE))
    for text in (ours, "\n".join(lines)):
        for sign in SIGNS:
            if sign.pattern.search(text) and not (sign.trouble is Trouble.REFUSED and _is_full(lines)):
                return RepositoryError(sign.trouble, f"{sign.sentence}: {_telling(lines, sign)}"[:MAX_REASON])
    return RepositoryError(Trouble.GIT, f"git failed: {_telling(lines, None)}"[:MAX_REASON])


def _is_full(lines: list[str]) -> bool:
    """Say whether a refused push is about the server's full disk, which only the server's own lines tell."""
    return any(SIGNS[0].pattern.search(line) for line in lines)


def _telling(lines: list[str], sign: _Sign | None) -> str:
    """Return the lines that tell a person why: a refusal's own text, else the first line that speaks of it."""
    if sign is not None and sign.trouble is Trouble.REFUSED:
        said = " ".join(line.removeprefix(REMOTE).strip() for line in lines if line.startswith(REMOTE))
        reasons = re.findall(r"\[remote rejected\][^(]*\(([^)]*)\)", "\n".join(lines))
        return "; ".join(part for part in (*reasons[:1], said) if part) or lines[0]
    if sign is not None:
        lines = [line for line in lines if sign.pattern.search(line)] or lines
    fatal = [line for line in lines if line.lower().startswith(("fatal:", "error:"))]
    return next(iter(fatal or lines), "without a word")
