"""How does a job that only has curl become a run: a ping at its end, or one at its start and one at its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from webapp.domain.access import Caller
from webapp.domain.messages import AnyEvent, AttemptStart, DeviceEnd, DeviceStart, RunEnd, RunStart
from webapp.domain.outcome import DeviceStatus
from webapp.domain.uids import make_uid
from webapp.ingest.doors import check_service, check_slug, open_past_run
from webapp.ingest.logs import append_bytes
from webapp.ingest.stream import accept_messages
from webapp.store.db import reading, writing
from webapp.store.runs import Run, find_open_run, get_run

TRIGGER = "ping"
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a ping says: the job's exit code, or None when it has only started."""

    exit_code: int | None


def ping(slug: str, signal: Signal, *, output: BinaryIO, device: str, caller: Caller, now: datetime) -> Run:
    """Begin or end a run by a ping and return it.

    A start always begins a run. An end belongs to the newest run of the service that a ping began and that still goes
    on; without one it is a whole run of its own, of which nobody is told that it is running.

    Args:
        slug: the service.
        signal: what the ping says.
        output: the job's output, which is added to the run's log.
        device: where the job ran; empty when that doesn't matter.
        caller: whoever pings.
        now: the moment.

    Raises:
        InvalidError: the service or device has no proper name.
        ForbiddenError: the caller's token is for other services.
    """
    check_slug(slug)
    check_service(caller, slug)
    with reading() as session:
        open_run = None if signal.exit_code is None else find_open_run(session, slug, trigger=TRIGGER)
    uid = open_run.uid if open_run else make_uid(now)
    if open_run is None:
        if signal.exit_code is not None:
            with writing() as session:
                open_past_run(session, uid, slug, caller=caller, now=now)
        accept_messages(_start(slug, device, now), uid=uid, caller=caller, now=now, stream="ping start")
    while piece := output.read(PIECE):
        append_bytes(piece, uid=uid, stream="run", offset=None, caller=caller, now=now)
    if signal.exit_code is not None:
        accept_messages(_end(signal.exit_code, device, now), uid=uid, caller=caller, now=now, stream="ping end")
    with reading() as session:
        return get_run(session, uid)


def _start(slug: str, device: str, now: datetime) -> Iterator[AnyEvent]:
    yield RunStart(seq=1, ts=now, service=slug, trigger=TRIGGER)
    yield AttemptStart(seq=2, ts=now, attempt=1)
    if device:
        yield DeviceStart(seq=3, ts=now, device=device)


def _end(exit_code: int, device: str, now: datetime) -> Iterator[AnyEvent]:
    message = f"exit code {exit_code}" if exit_code else None
    seq = 1
    if device:
        status = DeviceStatus.FAILED if exit_code else DeviceStatus.OK
        yield DeviceEnd(seq=seq, ts=now, device=device, status=status, message=message)
        seq += 1
    yield RunEnd(seq=seq, ts=now, status="incomplete" if exit_code else "complete", message=message)
