"""What is the first error that each of several logs tells of?"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from webapp.domain.loglines import LineLevel, find_marked
from webapp.store.blobs import unpack
from webapp.store.models.blobs import BlobRow
from webapp.store.models.logs import LogChunkRow, LogRow, LogTailRow


def first_errors(session: Session, *, run_id: int, streams: Sequence[str]) -> dict[str, bytes]:
    """Return the first error line of those of a run's logs that have one; ask for some hundreds at most."""
    rows = session.execute(
        select(LogRow.id, LogRow.stream, LogRow.sealed_errors).where(
            LogRow.run_id == run_id, LogRow.stream.in_(streams), LogRow.errors > 0
        )
    ).all()
    names = {row.id: row.stream for row in rows}
    sealed = [row.id for row in rows if row.sealed_errors]
    live = [row.id for row in rows if not row.sealed_errors]
    blocks = [_first_chunks(session, sealed), _live_ends(session, live)] if rows else []
    found: dict[str, bytes] = {}
    for log_id, block in (each for source in blocks for each in source):
        starts = (start for start, level in find_marked(block).items() if level is LineLevel.ERROR)
        start = next(starts, None)
        if start is not None:
            found[names[log_id]] = block[start:].split(b"\n", 1)[0]
    return found


def _first_chunks(session: Session, log_ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the first chunk of each log in which an error begins, from its first whole line on."""
    first = (
        select(LogChunkRow.log_id, func.min(LogChunkRow.start).label("start"))
        .where(LogChunkRow.log_id.in_(log_ids), LogChunkRow.errors > 0)
        .group_by(LogChunkRow.log_id)
        .subquery()
    )
    rows = session.execute(
        select(LogChunkRow.log_id, LogChunkRow.start, LogChunkRow.line_start, BlobRow.size, BlobRow.data)
        .join(first, and_(first.c.log_id == LogChunkRow.log_id, first.c.start == LogChunkRow.start))
        .join(BlobRow, BlobRow.id == LogChunkRow.blob_id)
    )
    for log_id, start, line_start, size, data in rows:
        block = unpack(data, size=size)
        yield log_id, block if line_start == start else block[block.find(b"\n") + 1 :]


def _live_ends(session: Session, log_ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the live end of each log that has one."""
    rows = session.execute(
        select(LogTailRow.log_id, LogTailRow.data)
        .where(LogTailRow.log_id.in_(log_ids))
        .order_by(LogTailRow.log_id, LogTailRow.start)
    )
    for log_id, pieces in groupby(rows, key=lambda row: row.log_id):
        yield log_id, b"".join(piece.data for piece in pieces)
