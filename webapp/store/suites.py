"""How did the suites of a run do, and who owns its devices?"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.domain.changes import Key
from webapp.domain.outcome import CaseResult
from webapp.store.models.accounts import UserRow
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.statements import in_chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedDevice:
    """A device that a run used, and the account that owns it, if any."""

    device_id: int
    device: str
    owner_id: int | None


def count_suites(session: Session, run_id: int) -> dict[str, dict[str, int]]:
    """Return how many cases of the overall section each suite has, by result; suites by name."""
    rows = session.execute(
        select(TestCaseRow.suite, CaseResultRow.result, func.count())
        .join(TestCaseRow, TestCaseRow.id == CaseResultRow.test_case_id)
        .where(CaseResultRow.run_id == run_id, CaseResultRow.is_overall.is_(True))
        .group_by(TestCaseRow.suite, CaseResultRow.result)
        .order_by(TestCaseRow.suite)
    )
    found: dict[str, dict[str, int]] = {}
    for suite, result, count in rows:
        found.setdefault(suite, {})[result] = count
    return found


def list_owned_devices(session: Session, run_id: int) -> list[OwnedDevice]:
    """Return the devices of a run's overall section by name, each with its owner."""
    rows = session.execute(
        select(DeviceRow.id, DeviceRow.name, DeviceRow.owner_id)
        .join(DeviceResultRow, DeviceResultRow.device_id == DeviceRow.id)
        .where(DeviceResultRow.run_id == run_id, DeviceResultRow.is_overall.is_(True))
        .order_by(DeviceRow.name)
    )
    return [OwnedDevice(device_id=row.id, device=row.name, owner_id=row.owner_id) for row in rows]


def find_owner_names(session: Session, device_ids: Iterable[int]) -> dict[int, str]:
    """Return the name of the account that owns each of some devices; those without an owner are left out."""
    found: dict[int, str] = {}
    for chunk in in_chunks(sorted(set(device_ids))):
        rows = session.execute(
            select(DeviceRow.id, UserRow.name)
            .join(UserRow, UserRow.id == DeviceRow.owner_id)
            .where(DeviceRow.id.in_(chunk))
        )
        found |= {row.id: row.name for row in rows}
    return found


def find_measurements(session: Session, *, run_id: int, keys: Iterable[Key]) -> dict[Key, tuple[float | None, str]]:
    """Return the measurement and its units of each of some cases of a run's overall section."""
    wanted = set(keys)
    found: dict[Key, tuple[float | None, str]] = {}
    table = CaseResultRow
    columns = (table.test_case_id, table.device_id, table.measurement, table.units)
    for chunk in in_chunks(sorted({case_id for case_id, _ in wanted})):
        rows = session.execute(
            select(*columns)
            .where(table.run_id == run_id, table.is_overall.is_(True), table.test_case_id.in_(chunk))
            .order_by(table.id)
        )
        for case_id, device_id, measurement, units in rows:
            if (case_id, device_id or 0) in wanted:
                found[case_id, device_id or 0] = (measurement, units)
    return found


def list_case_results(session: Session, run_id: int) -> list[tuple[str, str, CaseResult]]:
    """Return the suite, name and result of every case of a run's overall section."""
    rows = session.execute(
        select(TestCaseRow.suite, TestCaseRow.name, CaseResultRow.result)
        .join(TestCaseRow, TestCaseRow.id == CaseResultRow.test_case_id)
        .where(CaseResultRow.run_id == run_id, CaseResultRow.is_overall.is_(True))
    )
    return [(row.suite, row.name, CaseResult(row.result)) for row in rows]
