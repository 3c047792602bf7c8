"""Where are the contents: JSON results, outputs, attachments and log chunks, each kept once and compressed."""

import hashlib
import io
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, cast

import msgspec
import zstandard
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.domain import jsontext
from webapp.errors import NotFoundError
from webapp.store.models.blobs import BlobRow
from webapp.store.statements import KeyedRows, in_chunks, table_of

ZSTD = 1
LEVEL = 3
PIECE = 256 * 1024
# JSON is keyed by what it means and other contents by their bytes, so the two never share a key.
JSON_KEY = b"application/json\n"

_BLOB = table_of(BlobRow)
# The lock keeps a blob from being removed as unreferenced before it is referenced again.
_BLOBS = KeyedRows(_BLOB, "digest", ("digest", "size", "codec", "data"), is_locked=True)


class Content(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Bytes to keep, and the key under which equal contents are kept once."""

    digest: bytes
    raw: bytes


def json_content(raw: bytes, *, path: str = "", is_shallow: bool = False) -> Content:
    """Return JSON as a content whose key is the same for every text of the same meaning.

    Args:
        raw: the text as it was sent; it is kept as it is.
        path: where it stands in the input, for the fault.
        is_shallow: its nesting was checked before.

    Raises:
        InvalidError: it is not JSON, is nested too deep, or holds NaN, Infinity or a lone surrogate.
    """
    if not is_shallow:
        jsontext.check_depth(raw, path=path)
    return Content(digest=hashlib.sha256(JSON_KEY + jsontext.canonical(raw, path=path)).digest(), raw=raw)


def bytes_content(raw: bytes) -> Content:
    """Return any bytes as a content keyed by the bytes themselves."""
    return Content(digest=hashlib.sha256(raw).digest(), raw=raw)


def add_blobs(session: Session, contents: Iterable[Content]) -> dict[bytes, int]:
    """Keep each content once and return the blob ids by digest."""
    wanted = {content.digest: content.raw for content in contents}
    found: dict[bytes, int] = _BLOBS.find(session, wanted)
    missing = sorted(digest for digest in wanted if digest not in found)
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    for digests in in_chunks(missing):
        raws = [wanted[digest] for digest in digests]
        columns = {
            "digest": digests,
            "size": [len(raw) for raw in raws],
            "codec": [ZSTD] * len(raws),
            "data": [compressor.compress(raw) for raw in raws],
        }
        found |= _BLOBS.add(session, columns)
    return found


def get_blob(session: Session, blob_id: int) -> bytes:
    """Return a whole content."""
    row = session.execute(select(BlobRow.size, BlobRow.data).where(BlobRow.id == blob_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no content {blob_id}")
    return unpack(row.data, size=row.size)


def unpack(data: bytes, *, size: int) -> bytes:
    """Return the content that a row keeps compressed; a row with its blob is read by one statement where it is many."""
    return zstandard.ZstdDecompressor().decompress(bytes(data), max_output_size=size)


def unpack_many(rows: Iterable[tuple[bytes, int]]) -> Iterator[bytes]:
    """Yield the contents of rows, each its compressed data and its size, as quickly as it goes."""
    unpacker = zstandard.ZstdDecompressor()
    for data, size in rows:
        yield unpacker.decompress(bytes(data), max_output_size=size)


def get_size(session: Session, blob_id: int) -> int:
    """Return how many bytes a content has."""
    size = session.scalar(select(BlobRow.size).where(BlobRow.id == blob_id))
    if size is None:
        raise NotFoundError(f"there is no content {blob_id}")
    return size


def get_digest(session: Session, blob_id: int) -> bytes:
    """Return the key of a content: the same for contents of the same meaning, and never another one's."""
    digest = session.scalar(select(BlobRow.digest).where(BlobRow.id == blob_id))
    if digest is None:
        raise NotFoundError(f"there is no content {blob_id}")
    return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFacts:
    """What is known of a content without reading it."""

    digest: bytes
    size: int


def find_blob_facts(session: Session, blob_ids: Iterable[int]) -> dict[int, BlobFacts]:
    """Return the key and size of those contents that are there."""
    facts: dict[int, BlobFacts] = {}
    for chunk in in_chunks(sorted(blob_ids)):
        rows = session.execute(select(BlobRow.id, BlobRow.digest, BlobRow.size).where(BlobRow.id.in_(chunk)))
        facts |= {row.id: BlobFacts(digest=bytes(row.digest), size=row.size) for row in rows}
    return facts


def stream_blob(session: Session, blob_id: int) -> Iterator[bytes]:
    """Yield a content in pieces of at most 256 KiB, holding no more than a piece or two in memory.

    The session must stay open while the pieces are read.
    """
    get_size(session, blob_id)
    driver = session.connection().connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        with driver.blobopen(_BLOB.name, "data", blob_id, readonly=True) as blob:
            yield from _unpack(_SqliteSource(blob))
    else:
        yield from _unpack(_SubstringSource(session, blob_id))


def _unpack(source: io.RawIOBase) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(cast("IO[bytes]", source), read_size=PIECE) as reader:
        while piece := reader.read(PIECE):
            yield piece


class _SqliteSource(io.RawIOBase):
    """A stored value that SQLite reads page by page."""

    def __init__(self, blob: sqlite3.Blob) -> None:
        self._blob = blob

    def read(self, size: int = -1, /) -> bytes:
        return self._blob.read(size)


class _SubstringSource(io.RawIOBase):
    """A stored value that the server cuts into pieces; compressed bytes are kept so that it can do so cheaply."""

    def __init__(self, session: Session, blob_id: int) -> None:
        self._session = session
        self._blob_id = blob_id
        self._position = 1

    def read(self, size: int = -1, /) -> bytes:
        piece = func.substr(_BLOB.c.data, self._position, size)
        data = self._session.scalar(select(piece).where(_BLOB.c.id == self._blob_id))
        self._position += size
        return bytes(data or b"")
