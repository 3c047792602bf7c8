"""Which texts have people sent to be compared? They are kept by what they hold, and for as long as there is room."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from webapp.compare.linefile import BLOCK
from webapp.compare.shelf import Shelf
from webapp.compare.sources import WHOLE, LineRange
from webapp.compare.texts import Text
from webapp.errors import InvalidError, NotFoundError

SENT = "sent"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def keep_text(shelf: Shelf, pieces: Iterable[bytes]) -> str:
    """Keep a text and return its digest, by which it is asked for."""
    made = shelf.open("sending") / secrets.token_hex(16)
    digest = hashlib.sha256()
    try:
        with made.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        made.replace(shelf.open(_folder(digest.hexdigest())) / SENT)
    finally:
        made.unlink(missing_ok=True)
    return digest.hexdigest()


def sent_text(shelf: Shelf, digest: str, *, name: str, part: LineRange = WHOLE) -> Text:
    """Return a text that was kept.

    Raises:
        InvalidError: that is no digest.
        NotFoundError: it was never sent, or made room for others.
    """
    if not _DIGEST.fullmatch(digest):
        raise InvalidError((name.lower(), f"expected the digest of a text that was sent, got {digest[:80]!r}"))
    path = shelf.open(_folder(digest)) / SENT
    if not path.exists():
        raise NotFoundError(f"the text {name} is not kept any more: send it again")
    return Text(
        key=("sent", digest, part.first, part.stop or 0),
        name=f"text {name}{part.written()}",
        size=path.stat().st_size,
        lines=sum(block.count(b"\n") for block in _blocks(path)) + 1 if part.is_whole else None,
        pieces=lambda: _blocks(path),
        first=part.first,
        stop=part.stop,
    )


def _folder(digest: str) -> str:
    return f"sent-{digest[:40]}"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
