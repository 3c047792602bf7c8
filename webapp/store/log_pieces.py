"""How do a log's bytes lie: sealed chunks and a live end, found by a line's number or by a byte's offset."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from webapp.domain.ansi import style_after, style_of
from webapp.domain.loglines import LineLevel, find_marked
from webapp.store.blobs import get_blob
from webapp.store.log_sealing import MAX_CHUNK
from webapp.store.models.logs import LogChunkRow, LogRow, LogTailRow

# The rows of this many chunks are asked for at once when a log is read in order.
_ROWS = 256


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


_COLUMNS = (
    LogChunkRow.start,
    LogChunkRow.size,
    LogChunkRow.newlines_before,
    LogChunkRow.newlines,
    LogChunkRow.line_start,
    LogChunkRow.sgr,
    LogChunkRow.blob_id,
)


def log_of(row: LogRow) -> StoredLog:
    """Return the values of a log's row."""
    return StoredLog(**{name: getattr(row, name) for name in StoredLog.__dataclass_fields__})


def find_line_end(session: Session, log: StoredLog, line: int) -> Piece:
    """Return the piece in which a line ends, by the line's number from 0; the live end for a line without an end."""
    statement = (
        select(*_COLUMNS)
        .where(LogChunkRow.log_id == log.id, LogChunkRow.newlines_before <= line)
        .order_by(LogChunkRow.newlines_before.desc(), LogChunkRow.start.desc())
    )
    row = session.execute(statement.limit(1)).first() if line < log.sealed_newlines else None
    return live_end(session, log) if row is None else _piece(session, row)


def find_offset(session: Session, log: StoredLog, offset: int) -> Piece:
    """Return the piece that holds the byte with this offset."""
    statement = (
        select(*_COLUMNS)
        .where(LogChunkRow.log_id == log.id, LogChunkRow.start <= offset)
        .order_by(LogChunkRow.start.desc())
    )
    row = session.execute(statement.limit(1)).first() if offset < log.sealed_size else None
    return live_end(session, log) if row is None else _piece(session, row)


def live_end(session: Session, log: StoredLog) -> Piece:
    """Return the bytes that lie in no chunk yet."""
    statement = select(LogTailRow.data).where(LogTailRow.log_id == log.id).order_by(LogTailRow.start)
    return Piece(
        start=log.sealed_size,
        data=b"".join(session.scalars(statement)),
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
    where: ColumnElement[bool] | None = None,
) -> Iterator[Piece]:
    """Yield the pieces of a log in order, one in memory at a time.

    Args:
        session: a reading session.
        log: the log.
        start: an offset that the first piece holds.
        stop: the offset behind the last one that is wanted; the end of the log when not given.
        where: only chunks whose rows meet this; the live end is always among them.
    """
    stop = log.size if stop is None else stop
    reached = start
    while reached < min(log.sealed_size, stop):
        # The bound below spares the walk over all chunks before.
        inside = (LogChunkRow.start > reached - MAX_CHUNK, LogChunkRow.start + LogChunkRow.size > reached)
        statement = select(*_COLUMNS).where(LogChunkRow.log_id == log.id, *inside, LogChunkRow.start < stop)
        if where is not None:
            statement = statement.where(where)
        rows = session.execute(statement.order_by(LogChunkRow.start).limit(_ROWS)).all()
        for row in rows:
            yield _piece(session, row)
        if len(rows) < _ROWS:
            break
        reached = rows[-1].start + rows[-1].size
    if stop > log.sealed_size < log.size:
        yield live_end(session, log)


def find_piece_before(
    session: Session, log: StoredLog, *, offset: int, where: tuple[ColumnElement[bool], ...]
) -> Piece | None:
    """Return the last chunk before an offset whose row meets all that is asked, if there is one."""
    statement = select(*_COLUMNS).where(LogChunkRow.log_id == log.id, LogChunkRow.start < offset, *where)
    row = session.execute(statement.order_by(LogChunkRow.start.desc()).limit(1)).first()
    return None if row is None else _piece(session, row)


def _piece(session: Session, row: Row[int, int, int, int, int, str, int]) -> Piece:
    return Piece(
        start=row.start,
        data=get_blob(session, row.blob_id),
        newlines_before=row.newlines_before,
        line_start=row.line_start,
        sgr=row.sgr,
    )
