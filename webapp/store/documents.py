"""What does a whole run look like as JSON: one document of sections `results`, `attempt1`, ..., or device by device.

Source of the shape: `docs/reporting.md`, section "The results document". The text of two equal runs is equal: names are
sorted and every result stands as it was sent.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_SUCCESS, DeviceStatus
from webapp.store.blobs import get_blob, stream_blob, unpack_many
from webapp.store.models.blobs import BlobRow
from webapp.store.results import (
    DeviceResult,
    iterate_device_results,
    list_attempts,
    list_device_names,
)
from webapp.store.runs import Run, list_steps

BATCH_ROWS = 200
BATCH_BYTES = 1 << 20
SELECTIONS: dict[str, frozenset[DeviceStatus]] = {
    "all": frozenset(DeviceStatus),
    "success": DEVICE_SUCCESS,
    "failed": DEVICE_FAILURE,
}


def stream_results(session: Session, run: Run, *, selection: str = "all") -> Iterator[bytes]:
    """Yield the results document of a run in pieces; the session must stay open while they are read.

    Args:
        session: a reading session.
        run: the run.
        selection: whose results it holds: `all` devices, or those of `success` or of `failed`; the summary is whole.
    """
    statuses = () if selection == "all" else tuple(sorted(SELECTIONS[selection]))
    yield b'{"results":'
    yield from _stream_section(session, run, attempt=None, statuses=statuses)
    attempts = [attempt.number for attempt in list_attempts(session, run.id)]
    if len(attempts) > 1:
        for number in attempts:
            yield f',"attempt{number}":'.encode()
            yield from _stream_section(session, run, attempt=number, statuses=statuses)
    steps = list_steps(session, run.id)
    if steps:
        yield b',"services":' + _json({step.parent_step or step.service: _reference(step) for step in steps})
    yield b"}\n"


def iterate_device_contents(
    session: Session, *, run_id: int, attempt: int | None
) -> Iterator[tuple[DeviceResult, bytes | None]]:
    """Yield a section's device results by name, each with its JSON as it was sent, or None where it sent none.

    Small results are read many at a time; about twice `BATCH_BYTES` of them, or one large result, is held at once.
    """
    batch: list[DeviceResult] = []
    size = 0
    for result in iterate_device_results(session, run_id=run_id, attempt=attempt):
        batch.append(result)
        size += min(result.size or 0, BATCH_BYTES)
        if size >= BATCH_BYTES or len(batch) == BATCH_ROWS:
            yield from _with_contents(session, batch)
            batch, size = [], 0
    yield from _with_contents(session, batch)


def _with_contents(session: Session, batch: Sequence[DeviceResult]) -> Iterator[tuple[DeviceResult, bytes | None]]:
    small = {each.blob_id for each in batch if each.blob_id is not None and (each.size or 0) < BATCH_BYTES}
    rows = session.execute(select(BlobRow.id, BlobRow.data, BlobRow.size).where(BlobRow.id.in_(small))).all()
    contents = dict(zip((row.id for row in rows), unpack_many((row.data, row.size) for row in rows), strict=True))
    for result in batch:
        if result.blob_id is None:
            yield result, None
        elif result.blob_id in contents:
            yield result, contents[result.blob_id]
        else:
            yield result, get_blob(session, result.blob_id)


def _stream_section(
    session: Session, run: Run, *, attempt: int | None, statuses: Sequence[DeviceStatus]
) -> Iterator[bytes]:
    success = list_device_names(session, run_id=run.id, attempt=attempt, statuses=tuple(DEVICE_SUCCESS))
    failure = list_device_names(session, run_id=run.id, attempt=attempt, statuses=tuple(DEVICE_FAILURE))
    yield b'{"success":' + _json(not failure) + b',"summary":' + _json({"success": success, "failure": failure})
    yield b',"devices":{'
    comma = b""
    for result in iterate_device_results(session, run_id=run.id, attempt=attempt, statuses=statuses):
        yield comma + _json(result.device) + b":"
        yield from _stream_device(session, result)
        comma = b","
    yield b"}}"


def _stream_device(session: Session, result: DeviceResult) -> Iterator[bytes]:
    is_success = result.status in DEVICE_SUCCESS
    yield b'{"success":' + _json(is_success) + b',"status":' + _json(result.status.value) + b',"result":'
    if result.blob_id is None:
        yield b"null"
    else:
        yield from stream_blob(session, result.blob_id)
    yield b"}"


def _reference(step: Run) -> dict[str, Any]:
    return {"uid": step.uid, "service": step.service, "number": step.number, "status": step.status.value}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
