"""When do a log's bytes become a chunk, and how are those kept that arrived last?

Where a log is cut depends on its bytes alone, not on how they arrived, so equal logs share their chunks.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.domain.ansi import clear_of_escape, style_after, style_of
from webapp.domain.loglines import LEVEL_HEAD, count_levels
from webapp.store.blobs import add_blobs, bytes_content
from webapp.store.models.logs import LogChunkRow, LogRow, LogTailRow
from webapp.store.statements import insert_rows, table_of

CHUNK = 256 * 1024
MAX_CHUNK = 1024 * 1024
# A giant line is cut this much before the greatest size, so that an escape that begins there is seen whole.
_SLACK = 128
# Small appends share a row up to this size.
_TAIL_ROW = 8 * 1024

_CHUNKS = table_of(LogChunkRow)
_TAIL = table_of(LogTailRow)


def store_bytes(session: Session, row: LogRow, fresh: bytes) -> None:
    """Add bytes to the end of a log and count its lines and levels; the row is changed, not flushed."""
    is_full = row.size - row.sealed_size + len(fresh) >= CHUNK
    if is_full and (row.newlines > row.sealed_newlines or b"\n" in fresh or _is_giant(row, fresh)):
        _seal(session, row, fresh)
    else:
        _recount_last_line(row, fresh)
        _extend_tail(session, row, fresh)
    _advance(row, fresh)


def _is_giant(row: LogRow, fresh: bytes) -> bool:
    return row.size - row.sealed_size + len(fresh) >= MAX_CHUNK


def _seal(session: Session, row: LogRow, fresh: bytes) -> None:
    """Make chunks of the live end and what is added to it; the rest becomes the new live end."""
    stored = session.scalars(select(LogTailRow.data).where(LogTailRow.log_id == row.id).order_by(LogTailRow.start))
    buffer = b"".join([*stored, fresh])
    position = 0
    chunks: list[tuple[dict[str, Any], bytes]] = []
    for end in _cuts(buffer):
        chunks.append(_make_chunk(row, buffer[position:end]))
        position = end
    if chunks:
        contents = [bytes_content(raw) for _, raw in chunks]
        ids = add_blobs(session, contents)
        rows = [
            values | {"blob_id": ids[content.digest]} for (values, _), content in zip(chunks, contents, strict=True)
        ]
        insert_rows(session, _CHUNKS, rows)
    session.execute(delete(LogTailRow).where(LogTailRow.log_id == row.id))
    rest = buffer[position:]
    if rest:
        insert_rows(session, _TAIL, [{"log_id": row.id, "start": row.sealed_size, "data": rest}])
    errors, warnings = _levels(row, rest)
    row.errors = row.sealed_errors + errors
    row.warnings = row.sealed_warnings + warnings


def _cuts(buffer: bytes) -> Iterator[int]:
    """Yield where each chunk ends: behind the last line end of 256 KiB, else behind the next one, else within 1 MiB."""
    position = 0
    while len(buffer) - position >= CHUNK:
        end = buffer.rfind(b"\n", position, position + CHUNK) + 1
        end = end or buffer.find(b"\n", position + CHUNK, position + MAX_CHUNK) + 1
        if not end:
            if len(buffer) - position < MAX_CHUNK:
                return
            end = clear_of_escape(buffer, position + MAX_CHUNK - _SLACK)
        yield end
        position = end


def _make_chunk(row: LogRow, raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the values of the next chunk's row, and move the sealed end of the log behind it."""
    errors, warnings = _levels(row, raw)
    newlines = raw.count(b"\n")
    values: dict[str, Any] = {
        "log_id": row.id,
        "start": row.sealed_size,
        "size": len(raw),
        "newlines_before": row.sealed_newlines,
        "newlines": newlines,
        "errors": errors,
        "warnings": warnings,
        "line_start": row.sealed_line_start,
        "sgr": row.sealed_sgr,
    }
    last = raw.rfind(b"\n")
    if last >= 0:
        row.sealed_line_start = row.sealed_size + last + 1
    row.sealed_size += len(raw)
    row.sealed_newlines += newlines
    row.sealed_errors += errors
    row.sealed_warnings += warnings
    row.sealed_sgr = style_after(style_of(row.sealed_sgr), raw).sgr
    return values, raw


def _levels(row: LogRow, raw: bytes) -> tuple[int, int]:
    """Count the errors and warnings among the lines that begin in the bytes behind the sealed end."""
    if row.sealed_line_start == row.sealed_size:
        return count_levels(raw)
    end = raw.find(b"\n")
    return count_levels(raw[end + 1 :]) if end >= 0 else (0, 0)


def _recount_last_line(row: LogRow, fresh: bytes) -> None:
    """Count the added lines, and anew the unfinished line that they go on with: its level may be another now."""
    if len(row.line_head) >= LEVEL_HEAD:
        end = fresh.find(b"\n")
        before, block = b"", fresh[end + 1 :] if end >= 0 else b""
    else:
        before, block = row.line_head, row.line_head + fresh
    errors, warnings = count_levels(block)
    old_errors, old_warnings = count_levels(before)
    row.errors += errors - old_errors
    row.warnings += warnings - old_warnings


def _extend_tail(session: Session, row: LogRow, fresh: bytes) -> None:
    last = session.execute(
        select(LogTailRow.start, func.length(LogTailRow.data).label("size"))
        .where(LogTailRow.log_id == row.id)
        .order_by(LogTailRow.start.desc())
        .limit(1)
    ).first()
    if last is None or last.size + len(fresh) > _TAIL_ROW:
        insert_rows(session, _TAIL, [{"log_id": row.id, "start": row.size, "data": fresh}])
        return
    place = (LogTailRow.log_id == row.id, LogTailRow.start == last.start)
    data = session.scalars(select(LogTailRow.data).where(*place)).one()
    session.execute(update(LogTailRow).where(*place).values(data=bytes(data) + fresh))


def _advance(row: LogRow, fresh: bytes) -> None:
    """Move the end of the log behind the added bytes."""
    last = fresh.rfind(b"\n")
    if last >= 0:
        row.newlines += fresh.count(b"\n")
        row.line_start = row.size + last + 1
        row.line_head = fresh[last + 1 : last + 1 + LEVEL_HEAD]
    elif len(row.line_head) < LEVEL_HEAD:
        row.line_head += fresh[: LEVEL_HEAD - len(row.line_head)]
    row.size += len(fresh)
