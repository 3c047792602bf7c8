"""What did two runs come to, side by side: compact rows for comparing, names only for those that are shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.domain.changes import CONCLUSIVE, PASSING
from webapp.domain.outcome import RunStatus
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.runs import Run
from webapp.store.statements import in_chunks

# A device is (device id, 0), a case (test case id, device id or 0).
Key = tuple[int, int]


class Outcome(NamedTuple):
    """What a device or case came to in one run: its word, the id of its result or output, and how long it took."""

    word: str
    content: int | None
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Since when something fails: the first run of the streak, and how many runs it has."""

    uid: str
    number: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a device or case is called; a device has no suite."""

    device: str | None
    suite: str
    name: str


def load_devices(session: Session, *, run_id: int, attempt: int | None) -> dict[Key, Outcome]:
    """Return what each device of a section came to."""
    table = DeviceResultRow
    section = table.is_overall.is_(True) if attempt is None else table.attempt == attempt
    rows = session.execute(
        select(table.device_id, table.status, table.blob_id, table.duration_s).where(table.run_id == run_id, section)
    )
    return {(device_id, 0): Outcome(word, blob_id, duration_s) for device_id, word, blob_id, duration_s in rows}


def load_cases(session: Session, *, run_id: int, attempt: int | None) -> dict[Key, Outcome]:
    """Return what each case of a section came to; outputs are not part of it, they differ in every run."""
    table = CaseResultRow
    section = table.is_overall.is_(True) if attempt is None else table.attempt == attempt
    columns = (table.test_case_id, table.device_id, table.result, table.duration_s)
    rows = session.execute(select(*columns).where(table.run_id == run_id, section).order_by(table.id))
    return {(case_id, device_id or 0): Outcome(word, None, took) for case_id, device_id, word, took in rows}


def last_conclusive(session: Session, *, run: Run, keys: Sequence[Key], is_case: bool) -> dict[Key, str]:
    """Return the word of the last conclusive result of each key in the service's runs before one run.

    Runs that were canceled are not conclusive.
    """
    history = _history(session, run=run, keys=keys, words=CONCLUSIVE, is_case=is_case)
    return {key: word for key, _, word in history}


def failing_since(session: Session, *, run: Run, keys: Sequence[Key], is_case: bool) -> dict[Key, Streak]:
    """Return since which run each key fails, for keys that fail in `run`; its streak ends with that run."""
    failed: dict[Key, list[int]] = {}
    for key, run_id, word in _history(session, run=run, keys=keys, words=CONCLUSIVE, is_case=is_case):
        if word in PASSING:
            failed.pop(key, None)
        else:
            failed.setdefault(key, []).append(run_id)
    firsts = {runs[0] for runs in failed.values()}
    names = _names_of_runs(session, firsts)
    streaks: dict[Key, Streak] = {}
    for key in keys:
        runs = failed.get(key, [])
        uid, number = names[runs[0]] if runs else (run.uid, run.number)
        streaks[key] = Streak(uid=uid, number=number, runs=len(runs) + 1)
    return streaks


def name_devices(session: Session, keys: Iterable[Key]) -> dict[Key, Subject]:
    """Return what devices are called."""
    names = _device_names(session, [device_id for device_id, _ in keys])
    return {(device_id, 0): Subject(device=name, suite="", name="") for device_id, name in names.items()}


def name_cases(session: Session, keys: Iterable[Key]) -> dict[Key, Subject]:
    """Return what cases are called, and on which device they ran."""
    wanted = list(keys)
    devices = _device_names(session, [device_id for _, device_id in wanted if device_id])
    cases: dict[int, tuple[str, str]] = {}
    for chunk in in_chunks(sorted({case_id for case_id, _ in wanted})):
        rows = session.execute(
            select(TestCaseRow.id, TestCaseRow.suite, TestCaseRow.name).where(TestCaseRow.id.in_(chunk))
        )
        cases.update((case_id, (suite, name)) for case_id, suite, name in rows)
    return {
        (case_id, device_id): Subject(device=devices.get(device_id), suite=cases[case_id][0], name=cases[case_id][1])
        for case_id, device_id in wanted
    }


def load_messages(
    session: Session, *, run_id: int, attempt: int | None, keys: Iterable[Key], is_case: bool
) -> Mapping[Key, str]:
    """Return the messages that a run has about these devices or cases."""
    table = CaseResultRow if is_case else DeviceResultRow
    section = table.is_overall.is_(True) if attempt is None else table.attempt == attempt
    messages: dict[Key, str] = {}
    for chunk in in_chunks(sorted({first for first, _ in keys})):
        if is_case:
            columns = (CaseResultRow.test_case_id, CaseResultRow.device_id, CaseResultRow.message)
            rows = session.execute(select(*columns).where(table.run_id == run_id, section, columns[0].in_(chunk)))
            messages.update(((case_id, device_id or 0), message) for case_id, device_id, message in rows)
        else:
            pair = (DeviceResultRow.device_id, DeviceResultRow.message)
            found = session.execute(select(*pair).where(table.run_id == run_id, section, pair[0].in_(chunk)))
            messages.update(((device_id, 0), message) for device_id, message in found)
    return messages


def _history(
    session: Session, *, run: Run, keys: Sequence[Key], words: Iterable[str], is_case: bool
) -> Iterator[tuple[Key, int, str]]:
    """Yield the results with one of the words that each key had in the service's runs before one run, oldest first."""
    wanted = set(keys)
    for chunk in in_chunks(sorted({first for first, _ in keys})):
        earlier = (
            RunRow.service_id == run.service_id,
            RunRow.id < run.id,
            RunRow.status != RunStatus.CANCELED,
        )
        if is_case:
            cases = CaseResultRow
            found = session.execute(
                select(cases.test_case_id, cases.device_id, cases.run_id, cases.result)
                .join(RunRow, RunRow.id == cases.run_id)
                .where(cases.test_case_id.in_(chunk), cases.is_overall, cases.result.in_(words), *earlier)
                .order_by(cases.run_id, cases.id)
            )
            rows = (((case_id, device_id or 0), run_id, word) for case_id, device_id, run_id, word in found)
        else:
            devices = DeviceResultRow
            pairs = session.execute(
                select(devices.device_id, devices.run_id, devices.status)
                .join(RunRow, RunRow.id == devices.run_id)
                .where(devices.device_id.in_(chunk), devices.is_overall, devices.status.in_(words), *earlier)
                .order_by(devices.run_id)
            )
            rows = (((device_id, 0), run_id, word) for device_id, run_id, word in pairs)
        yield from (row for row in rows if row[0] in wanted)


def _names_of_runs(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    names: dict[int, tuple[str, int]] = {}
    for chunk in in_chunks(sorted(ids)):
        rows = session.execute(select(RunRow.id, RunRow.uid, RunRow.number).where(RunRow.id.in_(chunk)))
        names.update((run_id, (uid, number)) for run_id, uid, number in rows)
    return names


def _device_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for chunk in in_chunks(sorted(set(ids))):
        rows = session.execute(select(DeviceRow.id, DeviceRow.name).where(DeviceRow.id.in_(chunk)))
        names.update((device_id, name) for device_id, name in rows)
    return names
