"""What should the sums of a run be: counted again from its rows, the slow way."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import AttemptRow, RunRow

Counts = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums of a run and, by number, those of its attempts."""

    devices: Counts
    cases: Counts
    flaky: int
    attempts: dict[int, tuple[Counts, Counts]]
    overall_devices: frozenset[tuple[int, int]]
    overall_cases: frozenset[int]


def stored_sums(session: Session, uid: str) -> Sums:
    """Return what is stored."""
    run = session.scalars(select(RunRow).where(RunRow.uid == uid)).one()
    attempts = session.scalars(select(AttemptRow).where(AttemptRow.run_id == run.id)).all()
    devices = session.scalars(select(DeviceResultRow).where(DeviceResultRow.run_id == run.id)).all()
    cases = session.scalars(select(CaseResultRow).where(CaseResultRow.run_id == run.id)).all()
    return Sums(
        devices=run.device_counts,
        cases=run.case_counts,
        flaky=run.flaky_devices,
        attempts={each.number: (each.device_counts, each.case_counts) for each in attempts},
        overall_devices=frozenset((row.device_id, row.attempt) for row in devices if row.is_overall),
        overall_cases=frozenset(row.id for row in cases if row.is_overall),
    )


def recounted_sums(session: Session, uid: str) -> Sums:
    """Return what the rows add up to."""
    run = session.scalars(select(RunRow).where(RunRow.uid == uid)).one()
    rows = session.scalars(select(DeviceResultRow).where(DeviceResultRow.run_id == run.id)).all()
    devices: dict[int, dict[int, str]] = {}
    for row in rows:
        devices.setdefault(row.device_id, {})[row.attempt] = row.status
    query = select(CaseResultRow).where(CaseResultRow.run_id == run.id).order_by(CaseResultRow.id)
    cases: dict[tuple[int, int | None], dict[int, CaseResultRow]] = {}
    for report in session.scalars(query):
        cases.setdefault((report.test_case_id, report.device_id), {})[report.attempt] = report
    numbers = set(session.scalars(select(AttemptRow.number).where(AttemptRow.run_id == run.id)))
    last = {key: max(attempts) for key, attempts in devices.items()}
    passed = ("ok", "changed")
    return Sums(
        devices=dict(Counter(devices[key][last[key]] for key in devices)),
        cases=dict(Counter(attempts[max(attempts)].result for attempts in cases.values())),
        flaky=sum(last[key] > 1 and devices[key][last[key]] in passed for key in devices),
        attempts={
            number: (
                dict(Counter(each[number] for each in devices.values() if number in each)),
                dict(Counter(each[number].result for each in cases.values() if number in each)),
            )
            for number in numbers
        },
        overall_devices=frozenset((key, last[key]) for key in devices),
        overall_cases=frozenset(attempts[max(attempts)].id for attempts in cases.values()),
    )
