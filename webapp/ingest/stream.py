"""How do messages get in: batches that are kept whole or not at all, numbered, each message once.

The mark of (run, stream) moves in the transaction of the rows, so a resend is free and a gap is noticed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import msgspec

from webapp.domain.access import Caller
from webapp.domain.messages import AnyEvent, Case, DeviceEnd, RunStart
from webapp.domain.outcome import ENDED
from webapp.domain.wire import check_event, decode_event
from webapp.errors import GapError, InvalidError, TooLargeError
from webapp.ingest.apply import Prepared, apply
from webapp.ingest.doors import check_service, check_stream, check_uid, create_run, get_run_for_writing, touch
from webapp.ingest.finish import begin
from webapp.store.blobs import bytes_content, json_content
from webapp.store.db import Session, reading, writing
from webapp.store.recording import RunRecord, find_run_id, get_mark, lock_run, save_run, set_mark

MAX_EVENTS = 1_000
MAX_BYTES = 4 * 1024 * 1024
IMPORT_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of a batch.

    Args:
        acked: the highest sequence number of the stream that is stored.
        duplicates: how many messages were stored before.
        cancel: somebody asked for the run to be canceled; the producer should stop.
    """

    acked: int
    duplicates: int
    cancel: bool


class _Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared message and the line it stood in."""

    place: int
    prepared: Prepared


def accept(lines: Iterable[bytes], *, uid: str, stream: str, caller: Caller, now: datetime) -> Accepted:
    """Keep one batch of lines, whole or not at all, in a transaction of its own.

    Args:
        lines: one JSON message each; blank lines are skipped.
        uid: the run, made by `run.start` when it is not there yet.
        stream: the sender's name for its own numbering.
        caller: whoever sends.
        now: the moment of arrival.

    Raises:
        InvalidError: a line is wrong; it names the line, the field and what was stored before.
        GapError: the first new message doesn't follow what is stored.
        TooLargeError: more messages or bytes than a batch may have.
        NotFoundError: the run is unknown and no `run.start` in the batch names a service.
        ForbiddenError: the caller's token is for other services.
    """
    check_uid(uid)
    check_stream(stream)
    try:
        batch = [_read(line, number) for number, line in _limited(lines)]
        return _store(batch, uid=uid, stream=stream, caller=caller, now=now)
    except InvalidError as error:
        raise InvalidError(*error.faults, acked=_find_mark(uid, stream)) from error


def accept_messages(
    messages: Iterable[AnyEvent], *, uid: str, caller: Caller, now: datetime, stream: str = "import"
) -> Accepted:
    """Keep messages that were read from a file, in batches of 500; see `accept` for what is refused.

    Returns:
        What became of all of them; `acked` and `cancel` are those of the last batch.
    """
    check_uid(uid)
    check_stream(stream)
    accepted = Accepted(acked=0, duplicates=0, cancel=False)
    for batch in _batches(messages):
        last = _store(batch, uid=uid, stream=stream, caller=caller, now=now)
        accepted = replace(last, duplicates=accepted.duplicates + last.duplicates)
    return accepted


def _limited(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    count = size = 0
    for number, line in enumerate(lines, start=1):
        size += len(line) + 1
        if size > MAX_BYTES + 1:
            raise TooLargeError(f"a batch may have at most {MAX_BYTES:,} bytes; line {number} goes beyond")
        if not line.strip():
            continue
        count += 1
        if count > MAX_EVENTS:
            raise TooLargeError(f"a batch may have at most {MAX_EVENTS:,} events; line {number} goes beyond")
        yield number, line


def _batches(messages: Iterable[AnyEvent]) -> Iterator[list[_Numbered]]:
    numbered = enumerate(messages, start=1)
    while batch := [_check(event, number) for number, event in islice(numbered, IMPORT_BATCH)]:
        yield batch


def _read(line: bytes, number: int) -> _Numbered:
    try:
        return _Numbered(place=number, prepared=_prepare(decode_event(line)))
    except InvalidError as error:
        raise _placed(error, f"line {number}") from error


def _check(event: AnyEvent, number: int) -> _Numbered:
    try:
        check_event(event)
        return _Numbered(place=number, prepared=_prepare(event))
    except InvalidError as error:
        raise _placed(error, f"message {number}") from error


def _placed(error: InvalidError, place: str) -> InvalidError:
    return InvalidError(*((f"{place}: {path}" if path else place, message) for path, message in error.faults))


def _prepare(event: AnyEvent) -> Prepared:
    """Do what needs no transaction: check and key the result or output."""
    if isinstance(event, DeviceEnd):
        raw = bytes(event.result)
        return Prepared(event=event, content=json_content(raw, path="result", is_shallow=True) if raw else None)
    if isinstance(event, Case) and event.output is not None:
        return Prepared(event=event, content=bytes_content(event.output.encode()))
    return Prepared(event=event)


def _store(batch: Sequence[_Numbered], *, uid: str, stream: str, caller: Caller, now: datetime) -> Accepted:
    with writing() as session:
        run = _find_or_create(session, batch, uid=uid, caller=caller, now=now)
        mark = get_mark(session, run_id=run.id, stream=stream)
        fresh = _fresh(batch, mark)
        _check_services(fresh, run)
        if fresh:
            apply(session, run, [each.prepared for each in fresh], now=now)
            mark = fresh[-1].prepared.event.seq
            set_mark(session, run_id=run.id, stream=stream, seq=mark)
            touch(run, now=now)
        run.last_seen_at = max(run.last_seen_at, now)
        save_run(session, run)
        is_wanted = run.cancel_requested_at is None or run.status in ENDED
        return Accepted(acked=mark, duplicates=len(batch) - len(fresh), cancel=not is_wanted)


def _find_or_create(
    session: Session, batch: Sequence[_Numbered], *, uid: str, caller: Caller, now: datetime
) -> RunRecord:
    run = lock_run(session, uid)
    if run is not None:
        check_service(caller, run.service)
        return run
    if batch and batch[0].prepared.event.seq > 1:
        raise GapError("nothing of this run is stored: send it from its first message", expected=1)
    events = (each.prepared.event for each in batch)
    service = next((event.service for event in events if isinstance(event, RunStart) and event.service), None)
    if service is None:
        return get_run_for_writing(session, uid, caller=caller)
    run, is_new = create_run(session, uid, service, caller=caller, now=now)
    if is_new:
        begin(session, run, now=now)
    return run


def _fresh(batch: Sequence[_Numbered], mark: int) -> list[_Numbered]:
    """Return the messages that are not stored yet; they must follow the mark without a gap."""
    fresh: list[_Numbered] = []
    for each in batch:
        seq = each.prepared.event.seq
        if seq == mark + 1:
            fresh.append(each)
            mark = seq
        elif seq > mark:
            raise GapError(f"line {each.place}: expected seq {mark + 1}, got {seq}", expected=mark + 1)
    return fresh


def _check_services(fresh: Sequence[_Numbered], run: RunRecord) -> None:
    for each in fresh:
        event = each.prepared.event
        if isinstance(event, RunStart) and event.service not in (None, run.service):
            raise InvalidError((f"line {each.place}: service", f"expected {run.service!r}, the service of this run"))


def _find_mark(uid: str, stream: str) -> int:
    with reading() as session:
        run_id = find_run_id(session, uid)
        return 0 if run_id is None else get_mark(session, run_id=run_id, stream=stream)
