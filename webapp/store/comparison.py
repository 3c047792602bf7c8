"""What did two runs come to, side by side: compact rows for comparing, names and details only for those shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webapp.domain.changes import Key, Pair
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.statements import in_chunks

AnyResult = type[DeviceResultRow] | type[CaseResultRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which results of a run: those of its overall section or of one attempt, of all devices or of one."""

    run_id: int
    attempt: int | None = None
    device_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is shown of one result beside its word."""

    message: str
    duration_s: float | None


NO_DETAIL = Detail(message="", duration_s=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a device or case is called; a device has no suite."""

    device: str | None
    suite: str
    name: str


def load_devices(session: Session, place: Place) -> dict[Key, Pair]:
    """Return what each device came to."""
    table = DeviceResultRow
    rows = session.execute(select(table.device_id, table.status, table.blob_id).where(*_at(place, table)))
    return {(device_id, 0): (word, blob_id) for device_id, word, blob_id in rows}


def load_cases(session: Session, place: Place) -> dict[Key, Pair]:
    """Return what each case came to; outputs are not part of it, they differ in every run."""
    table = CaseResultRow
    statement = select(table.test_case_id, table.device_id, table.result).where(*_at(place, table))
    rows = session.execute(statement.order_by(table.id))
    return {(case_id, device_id or 0): (word, None) for case_id, device_id, word in rows}


def load_durations(session: Session, place: Place, *, is_case: bool) -> dict[Key, float]:
    """Return how long each device or case took, of those that have a duration."""
    if is_case:
        cases = CaseResultRow
        statement = select(cases.test_case_id, cases.device_id, cases.duration_s).where(*_at(place, cases))
        found = session.execute(statement.where(cases.duration_s.is_not(None)).order_by(cases.id))
        return {(case_id, device_id or 0): took for case_id, device_id, took in found if took is not None}
    devices = DeviceResultRow
    pairs = select(devices.device_id, devices.duration_s).where(*_at(place, devices))
    rows = session.execute(pairs.where(devices.duration_s.is_not(None)))
    return {(device_id, 0): took for device_id, took in rows if took is not None}


def load_details(session: Session, place: Place, *, keys: Iterable[Key], is_case: bool) -> Mapping[Key, Detail]:
    """Return the messages and durations of these devices or cases."""
    details: dict[Key, Detail] = {}
    for chunk in in_chunks(sorted({first for first, _ in keys})):
        if is_case:
            cases = CaseResultRow
            columns = (cases.test_case_id, cases.device_id, cases.message, cases.duration_s)
            statement = select(*columns).where(*_at(place, cases), cases.test_case_id.in_(chunk)).order_by(cases.id)
            for case_id, device_id, message, took in session.execute(statement):
                details[case_id, device_id or 0] = Detail(message=message, duration_s=took)
        else:
            devices = DeviceResultRow
            pairs = select(devices.device_id, devices.message, devices.duration_s).where(*_at(place, devices))
            for device_id, message, took in session.execute(pairs.where(devices.device_id.in_(chunk))):
                details[device_id, 0] = Detail(message=message, duration_s=took)
    return details


def section_of(table: AnyResult, attempt: int | None) -> ColumnElement[bool]:
    """Return what selects the rows of a section."""
    return table.is_overall.is_(True) if attempt is None else table.attempt == attempt


def _at(place: Place, table: AnyResult) -> tuple[ColumnElement[bool], ...]:
    """Return what selects the results at a place."""
    clauses = (table.run_id == place.run_id, section_of(table, place.attempt))
    return clauses if place.device_id is None else (*clauses, table.device_id == place.device_id)


def find_device_id(session: Session, name: str) -> int | None:
    """Return the id of the device of this name, if there is one."""
    return session.scalar(select(DeviceRow.id).where(DeviceRow.name == name))


def name_subjects(session: Session, keys: Sequence[Key], *, is_case: bool) -> dict[Key, Subject]:
    """Return what devices, or cases and the devices they ran on, are called."""
    if not is_case:
        names = _device_names(session, [device_id for device_id, _ in keys])
        return {(device_id, 0): Subject(device=name, suite="", name="") for device_id, name in names.items()}
    devices = _device_names(session, [device_id for _, device_id in keys if device_id])
    cases: dict[int, tuple[str, str]] = {}
    for chunk in in_chunks(sorted({case_id for case_id, _ in keys})):
        rows = session.execute(
            select(TestCaseRow.id, TestCaseRow.suite, TestCaseRow.name).where(TestCaseRow.id.in_(chunk))
        )
        cases.update((case_id, (suite, name)) for case_id, suite, name in rows)
    return {
        (case_id, device_id): Subject(device=devices.get(device_id), suite=cases[case_id][0], name=cases[case_id][1])
        for case_id, device_id in keys
    }


def _device_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for chunk in in_chunks(sorted(set(ids))):
        rows = session.execute(select(DeviceRow.id, DeviceRow.name).where(DeviceRow.id.in_(chunk)))
        names.update((device_id, name) for device_id, name in rows)
    return names
