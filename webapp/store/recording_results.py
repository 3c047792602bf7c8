"""How do results change: devices and cases by name, and their result rows, in few statements however many they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Update, bindparam, or_, select, tuple_, update
from sqlalchemy.orm import Session

from webapp.domain.outcome import DEVICE_OPEN, CaseResult, DeviceStatus
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.statements import KeyedRows, ManyRows, in_chunks, inserting, inserting_missing, table_of

CaseKey = tuple[int, int | None]

_DEVICE = table_of(DeviceRow)
_CASE = table_of(TestCaseRow)
_DEVICE_RESULT = table_of(DeviceResultRow)
_CASE_RESULT = table_of(CaseResultRow)
_WRITTEN = (
    "is_overall", "status", "is_given", "raw_status", "message", "started_at", "ended_at", "duration_s", "case_counts",
    "blob_id",
)  # fmt: skip

_REPORTED = (
    "test_case_id", "device_id", "attempt", "result", "is_overall", "raw_result", "message", "measurement", "units",
    "started_at", "duration_s", "blob_id",
)  # fmt: skip
_DEVICES = KeyedRows(_DEVICE, "name", ("name", "group_name", "platform", "attributes", "created_at"))
_NEW_CASE = inserting_missing(_CASE, ("suite", "name"))
_NEW_RESULT = inserting(_DEVICE_RESULT, ("run_id", "device_id", "attempt", *_WRITTEN))
_NEW_REPORT = inserting(_CASE_RESULT, ("run_id", *_REPORTED))


def _changed_result(_dialect: str) -> Update:
    statement = update(_DEVICE_RESULT).where(_DEVICE_RESULT.c.id == bindparam("row_id"))
    return statement.values({name: bindparam(name) for name in _WRITTEN})


_CHANGED_RESULT = ManyRows(_changed_result)


@dataclass(slots=True, kw_only=True)
class DeviceRecord:
    """A device's result in one attempt while its run is written to; `id` is None until it is stored."""

    device_id: int
    attempt: int
    status: DeviceStatus
    id: int | None = None
    is_overall: bool = False
    is_given: bool = False
    raw_status: str = ""
    message: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    case_counts: dict[str, int] | None = None
    blob_id: int | None = None
    is_changed: bool = False


@dataclass(slots=True, kw_only=True)
class CaseRecord:
    """One report of a case while its run is written to; `values` are the further columns of one not stored yet."""

    test_case_id: int
    device_id: int | None
    attempt: int
    result: CaseResult
    id: int | None = None
    is_overall: bool = False
    values: Mapping[str, Any] | None = None


def ids_of_devices(session: Session, names: Collection[str], *, now: datetime) -> dict[str, int]:
    """Return the ids of devices by name; unknown ones are made."""
    found: dict[str, int] = _DEVICES.find(session, names)
    missing = sorted(set(names) - found.keys())
    count = len(missing)
    columns: dict[str, list[Any]] = {
        "name": missing,
        "group_name": [""] * count,
        "platform": [""] * count,
        "attributes": [{}] * count,
        "created_at": [now] * count,
    }
    return found | _DEVICES.add(session, columns)


def ids_of_cases(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the ids of test cases by suite and name; unknown ones are made."""
    found = _find_cases(session, keys)
    missing = sorted(set(keys) - found.keys())
    for chunk in in_chunks(missing):
        _NEW_CASE.execute(session, [{"suite": suite, "name": name} for suite, name in chunk])
    return found | _find_cases(session, missing)


def _find_cases(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    query = select(_CASE.c.suite, _CASE.c.name, _CASE.c.id)
    for chunk in in_chunks(list(keys)):
        rows = session.connection().execute(query.where(tuple_(_CASE.c.suite, _CASE.c.name).in_(chunk)))
        found.update(((suite, name), number) for suite, name, number in rows)
    return found


def load_device_results(session: Session, run_id: int, device_ids: Collection[int]) -> Iterator[DeviceRecord]:
    """Yield every result of these devices in a run, whatever the attempt."""
    query = select(_DEVICE_RESULT).where(_DEVICE_RESULT.c.run_id == run_id)
    for chunk in in_chunks(sorted(device_ids)):
        for row in session.connection().execute(query.where(_DEVICE_RESULT.c.device_id.in_(chunk))):
            yield _device_record(row)


def _device_record(row: Row[Any]) -> DeviceRecord:
    return DeviceRecord(
        id=row.id,
        device_id=row.device_id,
        attempt=row.attempt,
        is_overall=row.is_overall,
        status=DeviceStatus(row.status),
        is_given=row.is_given,
        raw_status=row.raw_status,
        message=row.message,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_s=row.duration_s,
        case_counts=row.case_counts,
        blob_id=row.blob_id,
    )


def find_open_devices(session: Session, run_id: int, *, attempt: int | None = None) -> list[int]:
    """Return the ids of devices with a result that is not decided yet, in one attempt or in any."""
    query = select(DeviceResultRow.device_id).where(DeviceResultRow.run_id == run_id)
    query = query.where(DeviceResultRow.status.in_(sorted(DEVICE_OPEN)))
    if attempt is not None:
        query = query.where(DeviceResultRow.attempt == attempt)
    return sorted(set(session.scalars(query)))


def save_device_results(session: Session, run_id: int, records: Sequence[DeviceRecord]) -> None:
    """Write results of devices, new and changed."""
    new = [record for record in records if record.id is None]
    if new:
        columns = {**_columns(new), "run_id": [run_id] * len(new)}
        columns |= {name: [getattr(record, name) for record in new] for name in ("device_id", "attempt")}
        _NEW_RESULT.execute_columns(session, columns)
    changed = sorted((record.id, position) for position, record in enumerate(records) if record.id is not None)
    if changed:
        ordered = [records[position] for _, position in changed]
        _CHANGED_RESULT.execute_columns(session, {**_columns(ordered), "row_id": [number for number, _ in changed]})


def _columns(records: Sequence[DeviceRecord]) -> dict[str, list[Any]]:
    columns = {name: [getattr(record, name) for record in records] for name in _WRITTEN}
    columns["status"] = [record.status.value for record in records]
    return columns


def mark_devices(session: Session, run_id: int, statuses: Mapping[int, DeviceStatus]) -> None:
    """Note a run as the last one of devices, unless they took part in a later one."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # in one order, or two runs on the same devices wait for each other
        for chunk in in_chunks(sorted(statuses)):
            locked = select(_DEVICE.c.id).where(_DEVICE.c.id.in_(chunk)).order_by(_DEVICE.c.id)
            connection.execute(locked.with_for_update(key_share=True))
    is_last = or_(_DEVICE.c.last_run_id.is_(None), _DEVICE.c.last_run_id <= run_id)
    for status in sorted(set(statuses.values())):
        ids = sorted(device_id for device_id, each in statuses.items() if each is status)
        for chunk in in_chunks(ids):
            statement = update(_DEVICE).where(_DEVICE.c.id.in_(chunk), is_last)
            connection.execute(statement.values(last_run_id=run_id, last_status=status.value))


def load_case_results(session: Session, run_id: int, keys: Collection[CaseKey]) -> Iterator[CaseRecord]:
    """Yield every report of these cases in a run, oldest first."""
    table = _CASE_RESULT.c
    columns = (table.id, table.test_case_id, table.device_id, table.attempt, table.result, table.is_overall)
    query = select(*columns).where(table.run_id == run_id).order_by(table.id)
    bare = sorted(case_id for case_id, device_id in keys if device_id is None)
    with_device = sorted((case_id, device_id) for case_id, device_id in keys if device_id is not None)
    queries = [query.where(table.device_id.is_(None), table.test_case_id.in_(chunk)) for chunk in in_chunks(bare)]
    pair = tuple_(table.test_case_id, table.device_id)
    queries += [query.where(pair.in_(chunk)) for chunk in in_chunks(with_device)]
    for each in queries:
        for row in session.connection().execute(each):
            yield CaseRecord(
                id=row.id,
                test_case_id=row.test_case_id,
                device_id=row.device_id,
                attempt=row.attempt,
                result=CaseResult(row.result),
                is_overall=row.is_overall,
            )


def add_case_results(session: Session, run_id: int, records: Sequence[CaseRecord]) -> None:
    """Add reports of cases in their order."""
    rows = [
        {
            "run_id": run_id,
            "test_case_id": record.test_case_id,
            "device_id": record.device_id,
            "attempt": record.attempt,
            "result": record.result.value,
            "is_overall": record.is_overall,
            **(record.values or {}),
        }
        for record in records
    ]
    _NEW_REPORT.execute(session, rows)


def retire_case_results(session: Session, ids: Collection[int]) -> None:
    """Take reports out of the overall section, because later ones replaced them."""
    for chunk in in_chunks(sorted(ids)):
        session.connection().execute(update(_CASE_RESULT).where(_CASE_RESULT.c.id.in_(chunk)).values(is_overall=False))
