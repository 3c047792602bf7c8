"""What is in a run's logs: bytes are added at the end; any page of lines and any range of bytes is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.domain.ansi import clear_of_escape, style_of
from webapp.domain.loglines import LINE_END, LogLine, LogLines, cut_line, find_newline
from webapp.errors import GapError, NotFoundError
from webapp.store.log_pieces import Piece, StoredLog, find_line_end, find_offset, iterate_pieces, log_of
from webapp.store.log_sealing import store_bytes
from webapp.store.models.logs import LogRow

# The stream of the run itself; others are named after devices.
RUN_LOG = "run"
MAX_PAGE = 5_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendedLog:
    """What an append came to.

    Args:
        offset: how many bytes the log has now, where the next append goes on.
        errors: how many more lines are errors; negative when the last line turned out to be none.
        warnings: the same for warnings.
    """

    offset: int
    errors: int
    warnings: int


def append_log(
    session: Session, *, run_id: int, stream: str, data: bytes, now: datetime, offset: int | None = None
) -> AppendedLog:
    """Add bytes to the end of a log and count their levels; the caller has locked the run and adds them up there.

    A call costs the same whatever the log holds already; give it what there is for a stream at once, up to some MiB.

    Args:
        session: a writing session.
        run_id: the run.
        stream: the log's name: `run`, or a device's name.
        data: the bytes.
        now: the moment.
        offset: where the bytes belong. What is stored already is dropped from them. None is the end of the log.

    Raises:
        GapError: bytes between the end of the log and the offset are missing.
    """
    row = _open_log(session, run_id=run_id, stream=stream, now=now)
    have = row.size
    if offset is not None and offset > have:
        raise GapError(f"the bytes from {have} to {offset} are missing", expected=have)
    fresh = data if offset is None else data[have - offset :]
    errors, warnings = row.errors, row.warnings
    if fresh:
        store_bytes(session, row, fresh)
        row.changed_at = now
        session.flush()
    return AppendedLog(offset=row.size, errors=row.errors - errors, warnings=row.warnings - warnings)


def _open_log(session: Session, *, run_id: int, stream: str, now: datetime) -> LogRow:
    wanted = select(LogRow).where(LogRow.run_id == run_id, LogRow.stream == stream)
    row = session.scalar(wanted)
    if row is None:
        session.add(LogRow(run_id=run_id, stream=stream, changed_at=now))
        session.flush()
        row = session.scalars(wanted).one()
    return row


def find_log(session: Session, *, run_id: int, stream: str) -> StoredLog | None:
    """Return a log of a run, if anything was written to it."""
    row = session.scalar(select(LogRow).where(LogRow.run_id == run_id, LogRow.stream == stream))
    return None if row is None else log_of(row)


def get_log(session: Session, *, run_id: int, stream: str) -> StoredLog:
    """Return a log of a run.

    Raises:
        NotFoundError: nothing was written to it.
    """
    log = find_log(session, run_id=run_id, stream=stream)
    if log is None:
        raise NotFoundError(f"this run has no log {stream!r}")
    return log


def find_main_log(session: Session, *, run_id: int) -> StoredLog | None:
    """Return the log that a run opens with, if it has any: the run's own, else the first by name."""
    log = find_log(session, run_id=run_id, stream=RUN_LOG)
    return log or next(iter(list_logs(session, run_id=run_id, limit=1)), None)


def list_logs(session: Session, *, run_id: int, after: str = "", limit: int = 1_000) -> list[StoredLog]:
    """Return the logs of a run by the order of their names, those behind `after`."""
    statement = select(LogRow).where(LogRow.run_id == run_id, LogRow.stream > after)
    return [log_of(row) for row in session.scalars(statement.order_by(LogRow.stream).limit(limit))]


def line_count(log: StoredLog) -> int:
    """Return how many lines there are, an unfinished last one included."""
    return log.newlines + (log.size > log.line_start)


def line_offset(session: Session, log: StoredLog, line: int) -> int:
    """Return where a line begins, by its number from 0; the size of the log for a line behind the last one."""
    if line == 0 or line >= line_count(log):
        return log.size if line else 0
    return _line_start(find_line_end(session, log, line), line)[0]


def page_lines(session: Session, log: StoredLog, *, first: int, count: int) -> LogLines:
    """Return lines by their numbers, at most 5,000; fewer at the end of the log."""
    stop = min(first + min(count, MAX_PAGE), line_count(log))
    lines: list[LogLine] = []
    sgr = ""
    while first + len(lines) < stop:
        piece = find_line_end(session, log, first + len(lines))
        start, position = _line_start(piece, first + len(lines))
        if not lines:
            sgr = piece.sgr_at(start) if start >= piece.start else _sgr_at(session, log, start)
        found = _lines_from(session, log, piece, start=start, position=position, count=stop - first - len(lines))
        if not found:
            break
        lines += found
    return LogLines(first=first, lines=lines, sgr=sgr)


def _lines_from(
    session: Session, log: StoredLog, piece: Piece, *, start: int, position: int, count: int
) -> list[LogLine]:
    """Return the lines that end in a piece, and the unfinished one when the piece is the live end.

    Args:
        session: a reading session.
        log: the log.
        piece: where the lines end.
        start: the offset at which the first line begins, maybe before the piece.
        position: where in the piece the first line begins, or goes on.
        count: the greatest number of lines.
    """
    data = piece.data
    lines: list[LogLine] = []
    while len(lines) < count and position < len(data):
        end = data.find(b"\n", position)
        if end < 0:
            if piece.start < log.sealed_size:
                break
            end = len(data)
        if start < piece.start:
            lines.append(_giant_line(session, log, start=start, stop=piece.start + end))
        elif end - position <= 2 * LINE_END:
            lines.append(LogLine(head=data[position:end], size=end - position))
        else:
            lines.append(cut_line(data, position, end, style=style_of(piece.sgr_at(start))))
        position = end + 1
        start = piece.start + position
    return lines


def read_log(session: Session, log: StoredLog, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes from an offset to another, in pieces of at most 1 MiB."""
    stop = log.size if stop is None else min(stop, log.size)
    if start >= stop:
        return
    for piece in iterate_pieces(session, log, start=start, stop=stop):
        yield piece.data[max(start - piece.start, 0) : stop - piece.start]


def follow_bytes(open_session: Callable[[], Session], log: StoredLog, *, start: int = 0) -> Iterator[bytes]:
    """Yield the bytes that the log had, from an offset on; each MiB in a transaction of its own.

    Args:
        open_session: opens a reading session, so that a slow reader holds none.
        log: the log, as it was when the reader asked.
        start: the first byte.
    """
    for offset in range(start, log.size, MIB):
        with open_session() as session:
            known = get_log(session, run_id=log.run_id, stream=log.stream)
            data = b"".join(read_log(session, known, start=offset, stop=min(offset + MIB, log.size)))
        yield data


def _line_start(piece: Piece, line: int) -> tuple[int, int]:
    """Return where a line begins that ends in this piece: its offset in the log, and where it goes on in the piece."""
    before = line - piece.newlines_before
    if before == 0:
        return piece.line_start, 0
    position = find_newline(piece.data, before) + 1
    return piece.start + position, position


def _giant_line(session: Session, log: StoredLog, *, start: int, stop: int) -> LogLine:
    """Return a line that lies in more than one piece; such a line is longer than what is handed over of it."""
    piece = find_offset(session, log, stop - LINE_END)
    tail = piece.start + clear_of_escape(piece.data, stop - LINE_END - piece.start)
    return LogLine(
        head=b"".join(read_log(session, log, start=start, stop=start + LINE_END)),
        size=stop - start,
        tail=b"".join(read_log(session, log, start=tail, stop=stop)),
        tail_sgr=piece.sgr_at(tail),
    )


def _sgr_at(session: Session, log: StoredLog, offset: int) -> str:
    return find_offset(session, log, offset).sgr_at(offset)
