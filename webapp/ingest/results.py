"""How does a single result come in that is larger than a batch of messages may be?"""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.access import Caller
from webapp.domain.messages import MAX_ATTEMPT
from webapp.domain.names import find_name_fault
from webapp.domain.outcome import ENDED, DeviceStatus, RunStatus
from webapp.errors import InvalidError, TooLargeError
from webapp.ingest.doors import check_uid, get_run_for_writing, touch
from webapp.ingest.finish import revise
from webapp.ingest.ledger import Ledger
from webapp.store.blobs import add_blobs, json_content
from webapp.store.db import writing
from webapp.store.recording import save_run
from webapp.store.recording_results import ids_of_devices

MAX_RESULT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResult:
    """What became of a result: whether the device had a row in that attempt before."""

    created: bool


def put_result(raw: bytes, *, uid: str, device: str, attempt: int, caller: Caller, now: datetime) -> PutResult:
    """Keep one JSON text as the result of a device in an attempt, in a transaction of its own.

    It replaces an earlier one. A device that nothing else was said of is running until its `device.end` comes.

    Raises:
        InvalidError: the text is no JSON, or the device or attempt can't be.
        TooLargeError: the text has more than 64 MiB.
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    check_uid(uid)
    fault = find_name_fault(device)
    if fault is not None:
        raise InvalidError(("device", fault))
    if not 1 <= attempt <= MAX_ATTEMPT:
        raise InvalidError(("attempt", f"expected 1 to {MAX_ATTEMPT:,}, got {attempt}"))
    if len(raw) > MAX_RESULT:
        raise TooLargeError(f"a result may have at most {MAX_RESULT:,} bytes, got {len(raw):,}")
    content = json_content(raw, path="body")
    with writing() as session:
        run = get_run_for_writing(session, uid, caller=caller)
        device_id = ids_of_devices(session, [device], now=now)[device]
        ledger = Ledger(session, run)
        ledger.load(device_ids=[device_id])
        is_new = ledger.find_device(device_id, attempt) is None
        ledger.attempt(attempt, ts=now)
        record = ledger.device(device_id, attempt, status=DeviceStatus.RUNNING)
        record.blob_id = add_blobs(session, [content])[content.digest]
        if is_new:
            record.started_at = now
        ledger.write()
        if run.status is RunStatus.QUEUED:
            run.status = RunStatus.RUNNING
            run.started_at = run.started_at or now
        if run.status in ENDED:
            run.late_events += 1
            revise(session, run, now=now)
        run.last_seen_at = max(run.last_seen_at, now)
        touch(run, now=now)
        save_run(session, run)
    return PutResult(created=is_new)
