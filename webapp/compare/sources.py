"""Which text is meant: the log of a run or device, or a device's JSON result, of one side of a comparison."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from webapp.compare.runs import Side
from webapp.compare.texts import Text
from webapp.errors import InvalidError
from webapp.store.blobs import get_digest, stream_blob
from webapp.store.db import Session, later_reading
from webapp.store.log_pieces import StoredLog
from webapp.store.logs import find_log, line_count, line_offset, read_log
from webapp.store.results import find_device_result


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRange:
    """A part of a text: the first line, from 0, and the line behind the last one, None for the end."""

    first: int = 0
    stop: int | None = None

    @property
    def is_whole(self) -> bool:
        """Say whether it is all of a text."""
        return self.first == 0 and self.stop is None

    def written(self) -> str:
        """Return it as people write it: ` lines 1 to 200`, empty for all."""
        return (
            ""
            if self.is_whole
            else f" lines {self.first + 1:,} to {'the end' if self.stop is None else f'{self.stop:,}'}"
        )


WHOLE = LineRange()
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})?")


def read_range(name: str, text: str) -> LineRange:
    """Return the lines that a parameter such as `1-200000` or `5000-` means; empty is all of them.

    Raises:
        InvalidError: it means nothing.
    """
    if not text:
        return WHOLE
    found = _RANGE.fullmatch(text)
    first, last = (int(found[1]), int(found[2]) if found[2] else None) if found else (0, None)
    if first < 1 or (last is not None and last < first):
        raise InvalidError((name, f"expected lines such as 1-200000 or 5000-, got {text[:40]!r}"))
    return LineRange(first=first - 1, stop=last)


def log_text(session: Session, side: Side, stream: str, part: LineRange = WHOLE) -> Text | None:
    """Return a side's log, or a range of its lines, as a text; None when it has none of that name."""
    log = find_log(session, run_id=side.run.id, stream=stream)
    if log is None:
        return None
    total = line_count(log)
    stop = total if part.stop is None else min(part.stop, total)
    start_at, stop_at = (line_offset(session, log, line) for line in (part.first, stop))
    return Text(
        key=("log", side.run.uid, side.run.created_at.isoformat(), stream, start_at, stop_at),
        name=f"{side.run.service} #{side.run.number} {stream}.log{part.written()}",
        size=max(stop_at - start_at, 0),
        lines=max(stop - part.first, 0),
        pieces=partial(_read_log, later_reading(), log, start_at, stop_at),
        first=part.first,
        is_cut=True,
    )


def result_text(session: Session, side: Side, device: str, part: LineRange = WHOLE) -> Text | None:
    """Return a device's JSON result on one side, written out with one value a line; None when it has none."""
    found = find_device_result(session, run_id=side.run.id, device=device, attempt=side.attempt)
    if found is None or found.blob_id is None or found.size is None:
        return None
    return Text(
        key=("json", get_digest(session, found.blob_id).hex(), part.first, part.stop or 0),
        name=f"{side.run.service} #{side.run.number} {device}.json{part.written()}",
        size=found.size,
        pieces=partial(_read_blob, later_reading(), found.blob_id),
        is_json=True,
        first=part.first,
        stop=part.stop,
    )


def _read_log(open_session: Callable[[], Session], log: StoredLog, start: int, stop: int) -> Iterator[bytes]:
    with open_session() as session:
        yield from read_log(session, log, start=start, stop=stop)


def _read_blob(open_session: Callable[[], Session], blob_id: int) -> Iterator[bytes]:
    with open_session() as session:
        yield from stream_blob(session, blob_id)
