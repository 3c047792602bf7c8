"""How is a commit told to `git fast-import`?"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from webapp.gitexport.tree import File

SMALL = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit says.

    Args:
        uid: the run's, by which its commit is known again.
        author: name and mail address.
        committer: name and mail address.
        at: when the run ended; the same run on the same tip makes the same commit.
        message: subject and trailers.
        folder: where the files go, below the repository's root.
        number: the run's, by which a late one is told from the newest.
    """

    uid: str
    author: tuple[str, str]
    committer: tuple[str, str]
    at: datetime
    message: str
    folder: str
    number: int = 0


def scratch_head(reference: str, tip: str | None) -> bytes:
    """Return what begins a commit of which only the tree is used."""
    parent = f"from {tip}\n" if tip else ""
    return f"commit {reference}\ncommitter x <x> 0 +0000\ndata 0\n{parent}".encode()


def stream_files(files: Iterable[File], folder: str, known: dict[str, str]) -> Iterator[bytes]:
    """Yield what makes a folder hold these files and no others.

    Args:
        files: the files.
        folder: the folder.
        known: what it holds already: the id of the content by the path in it; used up.
    """
    for file in files:
        pieces = file.pieces
        kept = known.pop(file.path, None)
        if kept is not None and file.size <= SMALL:
            pieces = (b"".join(pieces),)
            if _content_id(pieces[0]) == kept:
                continue
        yield b"M 100644 inline %b\ndata %d\n" % (f"{folder}/{file.path}".encode(), file.size)
        yield from pieces
        yield b"\n"
    for path in known:
        yield f"D {folder}/{path}\n".encode()


def _content_id(text: bytes) -> str:
    """Return the id that git gives a content."""
    return hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()


def commit_text(reference: str, tree: str, commit: Commit, tip: str | None) -> bytes:
    """Return what makes a commit whose folder holds a tree, on a tip or as the first one."""
    when = f"{int(commit.at.timestamp())} +0000"
    message = commit.message.encode()
    lines = [
        f"commit {reference}",
        f"author {_person(commit.author)} {when}",
        f"committer {_person(commit.committer)} {when}",
        f"data {len(message)}",
    ]
    head = "\n".join(lines).encode() + b"\n" + message + b"\n"
    parent = f"from {tip}\n".encode() if tip else b""
    return head + parent + f"M 040000 {tree} {commit.folder}\n".encode()


def _person(person: tuple[str, str]) -> str:
    name, mail = (re.sub(r"[<>\x00-\x1f\x7f]+", " ", text).split() for text in person)
    return f"{' '.join(name) or 'unknown'} <{''.join(mail)}>"
