"""What does a whole run look like as JSON: one document of sections `results`, `attempt1`, ..., or device by device.

Source of the shape: `docs/reporting.md`, section "The results document". The text of two equal runs is equal: names are
sorted and every result stands as it was sent.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_SUCCESS, DeviceStatus
from webapp.store.blobs import get_blob, stream_blob, unpack_many
from webapp.store.models.blobs import BlobRow
from webapp.store.models.inventory import DeviceRow
from webapp.store.models.results import DeviceResultRow
from webapp.store.results import (
    DeviceResult,
    iterate_device_results,
    list_attempts,
    list_device_names,
    of_section,
)
from webapp.store.runs import Run, list_steps
from webapp.store.statements import table_of

BATCH_ROWS = 200
BATCH_BYTES = 1 << 20
SELECTIONS: dict[str, frozenset[DeviceStatus]] = {
    "all": frozenset(DeviceStatus),
    "success": DEVICE_SUCCESS,
    "failed": DEVICE_FAILURE,
}


class DeviceContent(NamedTuple):
    """What the documents say of a device, and where its JSON result is; `size` is its bytes."""

    device: str
    status: str
    blob_id: int | None
    size: int | None


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
) -> Iterator[tuple[DeviceContent, bytes | None]]:
    """Yield a section's devices by name, each with its JSON result as it was sent, or None where it sent none.

    Small results are read many at a time; about twice `BATCH_BYTES` of them, or one large result, is held at once.
    """
    table, devices, blobs = table_of(DeviceResultRow).c, table_of(DeviceRow).c, table_of(BlobRow).c
    statement = (
        select(devices.name, table.status, table.blob_id, blobs.size)
        .join(DeviceRow, devices.id == table.device_id)
        .outerjoin(BlobRow, blobs.id == table.blob_id)
        .where(of_section(DeviceResultRow, run_id, attempt))
        .order_by(devices.name)
    )
    batch: list[DeviceContent] = []
    size = 0
    for row in session.execute(statement, execution_options={"yield_per": BATCH_ROWS}):
        batch.append(DeviceContent(*row))
        size += min(row.size or 0, BATCH_BYTES)
        if size >= BATCH_BYTES or len(batch) == BATCH_ROWS:
            yield from _with_contents(session, batch)
            batch, size = [], 0
    yield from _with_contents(session, batch)


def _with_contents(session: Session, batch: Sequence[DeviceContent]) -> Iterator[tuple[DeviceContent, bytes | None]]:
    small = {each.blob_id for each in batch if each.blob_id is not None and (each.size or 0) < BATCH_BYTES}
    blobs = table_of(BlobRow).c
    rows = session.execute(select(blobs.id, blobs.data, blobs.size).where(blobs.id.in_(small))).all()
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
