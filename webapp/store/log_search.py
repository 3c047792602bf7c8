"""Which lines of a whole log hold a text, and where is the next error?"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.domain.ansi import strip_escapes
from webapp.domain.loglines import LineLevel
from webapp.domain.logsearch import Matcher
from webapp.store.log_pieces import Piece, StoredLog, find_line_end, find_piece_before, iterate_pieces

MAX_HITS = 1_000
BUDGET_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHits:
    """The lines that hold a text.

    Args:
        lines: their numbers, from 0, the first ones of all.
        total: how many there are, from where the search began to where it ended.
        has_more: whether there are, or may be, more than `lines`.
        searched: the number of the first line that was not looked at, when the time ran out.
    """

    lines: list[int]
    total: int
    has_more: bool
    searched: int | None


def search_log(
    session: Session,
    log: StoredLog,
    *,
    matcher: Matcher,
    first: int = 0,
    limit: int = MAX_HITS,
    budget_s: float = BUDGET_S,
) -> LogHits:
    """Look for a text in the lines from `first` on, one piece in memory at a time."""
    deadline = time.monotonic() + budget_s
    lines: list[int] = []
    total = 0
    searched = None
    for piece, found in _hits(session, log, matcher, first):
        total += len(found)
        lines += found[: limit - len(lines)]
        if time.monotonic() > deadline and piece.start + len(piece.data) < log.size:
            searched = piece.newlines_before + piece.data.count(b"\n")
            break
    return LogHits(lines=lines, total=total, has_more=total > len(lines) or searched is not None, searched=searched)


def _hits(session: Session, log: StoredLog, matcher: Matcher, first: int) -> Iterator[tuple[Piece, list[int]]]:
    """Yield each piece with the numbers of its lines that hold the text."""
    carry = b""
    told = first - 1
    for piece in iterate_pieces(session, log, start=find_line_end(session, log, first).line_start):
        # A giant line goes on from the piece before, and so may an occurrence.
        block = piece.data if piece.line_start == piece.start else carry + piece.data
        numbers = [line for found in matcher.find_lines(block) if (line := piece.newlines_before + found) > told]
        told = numbers[-1] if numbers else told
        carry = b"" if block.endswith(b"\n") or matcher.size == 1 else strip_escapes(block)[1 - matcher.size :]
        yield piece, numbers


def find_level(session: Session, log: StoredLog, *, level: LineLevel, first: int, is_backward: bool) -> int | None:
    """Return the number of the next line with a level.

    Args:
        session: a reading session.
        log: the log.
        level: error or warning.
        first: the line to begin with; it may be the answer.
        is_backward: whether to look at the lines before it instead of those behind.
    """
    if is_backward:
        return _find_before(session, log, level, first)
    start = find_line_end(session, log, first).line_start
    for piece in iterate_pieces(session, log, start=start, level=level):
        for line in piece.find_levels(level):
            if line >= first:
                return line
    return None


def _find_before(session: Session, log: StoredLog, level: LineLevel, last: int) -> int | None:
    piece: Piece | None = find_line_end(session, log, last)
    while piece is not None:
        found = [line for line in piece.find_levels(level) if line <= last]
        if found:
            return found[-1]
        piece = find_piece_before(session, log, offset=piece.start, level=level)
    return None
