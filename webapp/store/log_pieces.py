"""How do a log's bytes lie: sealed chunks and a live end, found by a line's number or by a byte's offset."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from webapp.domain.ansi import style_after, style_of
from webapp.domain.loglines import LineLevel, find_marked
from webapp.store.blobs import unpack
from webapp.store.log_sealing import MAX_CHUNK
from webapp.store.models.blobs import BlobRow
from webapp.store.models.logs import LogChunkRow, LogRow, LogTailRow
from webapp.store.statements import table_of

# This many chunks are asked for at once when a log is read in order; they stay compressed until their turn.
_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """One log of a run at one moment; see the table for what the counts say."""

    id: int
    run_id: int
    stream: str
    size: int
    newlines: int
    errors: int
    warnings: int
    line_start: int
    sealed_size: int
    sealed_newlines: int
    sealed_errors: int
    sealed_warnings: int
    sealed_line_start: int
    sealed_sgr: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Consecutive bytes of a log: a chunk, or the live end.

    Args:
        start: the offset of the first byte.
        data: the bytes.
        newlines_before: how many line ends lie before the first byte.
        line_start: where the line begins that holds the first byte.
        sgr: the colours that hold at the first byte.
    """

    start: int
    data: bytes
    newlines_before: int
    line_start: int
    sgr: str

    def sgr_at(self, offset: int) -> str:
        """Return the colours that hold at the byte with this offset in the log."""
        return style_after(style_of(self.sgr), self.data[: offset - self.start]).sgr

    def find_levels(self, level: LineLevel) -> Iterator[int]:
        """Yield the numbers of the lines that begin in this piece and have the level, errors and warnings alone."""
        skipped = 0 if self.line_start == self.start else self.data.find(b"\n") + 1
        if skipped == 0 and self.line_start != self.start:
            return
        line = self.newlines_before + (skipped > 0)
        position = skipped
        block = self.data[skipped:]
        for start, found in find_marked(block).items():
            if found is level:
                line += self.data.count(b"\n", position, skipped + start)
                position = skipped + start
                yield line


_CHUNK = table_of(LogChunkRow)
_BLOB = table_of(BlobRow)
_TAIL = table_of(LogTailRow)

# The statements are made once: making one takes as long as reading a chunk.
_CHUNKS = (
    select(_CHUNK.c.start, _CHUNK.c.newlines_before, _CHUNK.c.line_start, _CHUNK.c.sgr, _BLOB.c.size, _BLOB.c.data)
    .join_from(_CHUNK, _BLOB)
    .where(_CHUNK.c.log_id == bindparam("log_id"))
)
_BY_LINE = (
    _CHUNKS.where(_CHUNK.c.newlines_before <= bindparam("line"))
    .order_by(_CHUNK.c.newlines_before.desc(), _CHUNK.c.start.desc())
    .limit(1)
)
_BY_OFFSET = _CHUNKS.where(_CHUNK.c.start <= bindparam("offset")).order_by(_CHUNK.c.start.desc()).limit(1)
_WITH_LEVELS = (_CHUNK.c.errors >= bindparam("errors"), _CHUNK.c.warnings >= bindparam("warnings"))
_BEFORE = _CHUNKS.where(_CHUNK.c.start < bindparam("offset"), *_WITH_LEVELS).order_by(_CHUNK.c.start.desc()).limit(1)
# The first bound spares the walk over all chunks before.
_IN_ORDER = (
    _CHUNKS.where(
        _CHUNK.c.start > bindparam("reached") - MAX_CHUNK,
        _CHUNK.c.start + _CHUNK.c.size > bindparam("reached"),
        _CHUNK.c.start < bindparam("stop"),
        *_WITH_LEVELS,
    )
    .order_by(_CHUNK.c.start)
    .limit(bindparam("rows"))
)
_LIVE = select(_TAIL.c.data).where(_TAIL.c.log_id == bindparam("log_id")).order_by(_TAIL.c.start)


def log_of(row: LogRow) -> StoredLog:
    """Return the values of a log's row."""
    return StoredLog(**{name: getattr(row, name) for name in StoredLog.__dataclass_fields__})


def find_line_end(session: Session, log: StoredLog, line: int) -> Piece:
    """Return the piece in which a line ends, by the line's number from 0; the live end for a line without an end."""
    if line >= log.sealed_newlines:
        return live_end(session, log)
    return _piece(session.execute(_BY_LINE, {"log_id": log.id, "line": line}).one())


def find_offset(session: Session, log: StoredLog, offset: int) -> Piece:
    """Return the piece that holds the byte with this offset."""
    if offset >= log.sealed_size:
        return live_end(session, log)
    return _piece(session.execute(_BY_OFFSET, {"log_id": log.id, "offset": offset}).one())


def live_end(session: Session, log: StoredLog) -> Piece:
    """Return the bytes that lie in no chunk yet."""
    return Piece(
        start=log.sealed_size,
        data=b"".join(session.scalars(_LIVE, {"log_id": log.id})),
        newlines_before=log.sealed_newlines,
        line_start=log.sealed_line_start,
        sgr=log.sealed_sgr,
    )


def iterate_pieces(
    session: Session,
    log: StoredLog,
    *,
    start: int = 0,
    stop: int | None = None,
    level: LineLevel = LineLevel.NONE,
) -> Iterator[Piece]:
    """Yield the pieces of a log in order, one in memory at a time.

    Args:
        session: a reading session.
        log: the log.
        start: an offset that the first piece holds.
        stop: the offset behind the last one that is wanted; the end of the log when not given.
        level: only chunks in which lines of this level begin; the live end is always among them.
    """
    stop = log.size if stop is None else stop
    values = {"log_id": log.id, "reached": start, "stop": min(stop, log.sealed_size), "rows": _ROWS, **_least(level)}
    while values["reached"] < values["stop"]:
        rows = session.execute(_IN_ORDER, values).all()
        for row in rows:
            yield _piece(row)
        if len(rows) < _ROWS:
            break
        values["reached"] = rows[-1].start + rows[-1].size
    if stop > log.sealed_size < log.size:
        yield live_end(session, log)


def find_piece_before(session: Session, log: StoredLog, *, offset: int, level: LineLevel) -> Piece | None:
    """Return the last chunk before an offset in which lines of a level begin, if there is one."""
    row = session.execute(_BEFORE, {"log_id": log.id, "offset": offset, **_least(level)}).one_or_none()
    return None if row is None else _piece(row)


def _least(level: LineLevel) -> dict[str, int]:
    return {"errors": int(level is LineLevel.ERROR), "warnings": int(level is LineLevel.WARNING)}


def _piece(row: Row[int, int, int, str, int, bytes]) -> Piece:
    return Piece(
        start=row.start,
        data=unpack(row.data, size=row.size),
        newlines_before=row.newlines_before,
        line_start=row.line_start,
        sgr=row.sgr,
    )
