"""Which devices or cases fail most in some runs of a service, and which pass and fail by turns?

The failures of the runs are read from an index; the whole row of cells only for what is shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BigInteger, Integer, Select, column, func, literal_column, select, values
from sqlalchemy.orm import Session

from webapp.domain.changes import Key
from webapp.domain.flaky import Record, record_of
from webapp.domain.outcome import DEVICE_FAILURE, CaseResult, RunStatus
from webapp.store.comparison import Subject, name_subjects
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.runs import Run

FLAKY_ROWS = 20
# How many of those with the most streaks of failures are looked at closely for the flaky ones.
CANDIDATES = 100
# Runs with more failures than these in all are not read together.
MAX_FAILURES = 200_000
FETCH_ROWS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """One device or case in some runs.

    Args:
        subject: what it is called.
        words: its status or result by the id of the run; runs without one are not in it.
        record: how often it passed, failed and switched; canceled runs do not count.
    """

    subject: Subject
    words: Mapping[int, str]
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What fails in some runs.

    Args:
        failing: how many devices or cases failed at least once.
        worst: a part of them, those that failed most often first.
        flaky: at most `FLAKY_ROWS` of those that pass and fail by turns, most switches first.
    """

    failing: int
    worst: Sequence[TrendRow]
    flaky: Sequence[TrendRow]


def within_reach(runs: Sequence[Run], *, is_case: bool) -> Sequence[Run]:
    """Return as many of the runs, given newest first, as have at most `MAX_FAILURES`; the newest at least."""
    total = 0
    for index, run in enumerate(runs):
        total += run.case_counts.get(CaseResult.FAIL, 0) if is_case else _failed_devices(run)
        if total > MAX_FAILURES:
            return runs[: max(index, 1)]
    return runs


def load_trends(session: Session, *, runs: Sequence[Run], is_case: bool, skip: int = 0, limit: int = 40) -> Trends:
    """Return what fails in these runs.

    Args:
        session: a reading session.
        runs: runs of one service that are `within_reach`, newest first.
        is_case: look at cases, else at devices.
        skip: how many of the worst to leave out.
        limit: how many of the worst to return, at most some hundreds.
    """
    failures = _failures(session, [run.id for run in _counted(runs)], is_case=is_case)
    if not failures:
        return Trends(failing=0, worst=[], flaky=[])
    worst = sorted(failures, key=lambda key: (-len(failures[key]), -failures[key][-1], key))[skip : skip + limit]
    streaks = {key: _streaks(places) for key, places in failures.items()}
    candidates = sorted(failures, key=lambda key: (-streaks[key], key))[:CANDIDATES]
    rows = _rows(session, {*worst, *candidates}, runs=runs, is_case=is_case)
    flaky = sorted(
        (rows[key] for key in candidates if rows[key].record.is_flaky),
        key=lambda row: (-row.record.switches, -row.record.failed),
    )
    return Trends(failing=len(failures), worst=[rows[key] for key in worst], flaky=flaky[:FLAKY_ROWS])


def trend_row(subject: Subject, words: Mapping[int, str], runs: Sequence[Run]) -> TrendRow:
    """Return the row of a device or case, given its words by run and the runs, newest first."""
    return TrendRow(
        subject=subject,
        words=words,
        record=record_of(words[run.id] for run in _counted(runs) if run.id in words),
    )


def _counted(runs: Sequence[Run]) -> Iterator[Run]:
    """Yield the runs that count, oldest first: what a canceled one says is not conclusive."""
    return (run for run in reversed(runs) if run.status is not RunStatus.CANCELED)


def _failed_devices(run: Run) -> int:
    return sum(run.device_counts.get(word, 0) for word in DEVICE_FAILURE)


def _failures(session: Session, run_ids: Sequence[int], *, is_case: bool) -> dict[Key, list[int]]:
    """Return the places of the runs in which each key failed, in order; keys that never failed are not there."""
    if is_case:
        cases = CaseResultRow
        statement = select(cases.test_case_id, func.coalesce(cases.device_id, 0), cases.run_id)
        statement = statement.where(cases.run_id.in_(run_ids), cases.is_overall, cases.result == CaseResult.FAIL)
    else:
        devices = DeviceResultRow
        statement = select(devices.device_id, literal_column("0"), devices.run_id)
        statement = statement.where(devices.run_id.in_(run_ids), devices.is_overall, devices.status.in_(DEVICE_FAILURE))
    places = {run_id: place for place, run_id in enumerate(run_ids)}
    found: dict[Key, list[int]] = {}
    for first, second, run_id in session.execute(statement.execution_options(yield_per=FETCH_ROWS)):
        found.setdefault((first, second), []).append(places[run_id])
    for each in found.values():
        each.sort()
    return found


def _streaks(places: Sequence[int]) -> int:
    """Return how many streaks of neighbours there are: what fails switches at most twice for each."""
    return sum(place - 1 != before for before, place in zip([-2, *places], places, strict=False))


def _rows(session: Session, keys: Iterable[Key], *, runs: Sequence[Run], is_case: bool) -> dict[Key, TrendRow]:
    wanted = sorted(keys)
    words = load_words(session, wanted, [run.id for run in runs], is_case=is_case)
    subjects = name_subjects(session, wanted, is_case=is_case)
    return {key: trend_row(subjects[key], words[key], runs) for key in wanted}


def load_words(
    session: Session, keys: Sequence[Key], run_ids: Sequence[int], *, is_case: bool
) -> dict[Key, dict[int, str]]:
    """Return what each device or case came to, by the id of the run; runs without it are not in it."""
    statement = _case_words(keys, run_ids) if is_case else _device_words(keys, run_ids)
    words: dict[Key, dict[int, str]] = {key: {} for key in keys}
    # Every attempt is read: a clause on the overall section would lead to an index that walks through whole runs.
    for first, second, run_id, word, is_overall in session.execute(statement):
        if is_overall:
            words[first, second][run_id] = word
    return words


def _device_words(keys: Sequence[Key], run_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    table = DeviceResultRow
    wanted = _wanted(keys)
    return (
        select(table.device_id, literal_column("0"), table.run_id, table.status, table.is_overall)
        .join(wanted, table.device_id == wanted.c.first)
        .where(table.run_id.in_(run_ids))
    )


def _case_words(keys: Sequence[Key], run_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    table = CaseResultRow
    wanted = _wanted(keys)
    return (
        select(table.test_case_id, func.coalesce(table.device_id, 0), table.run_id, table.result, table.is_overall)
        .join(wanted, table.test_case_id == wanted.c.first)
        .where(table.run_id.in_(run_ids), table.device_id.is_not_distinct_from(func.nullif(wanted.c.second, 0)))
    )


def _wanted(keys: Sequence[Key]) -> CTE:
    """Return the keys as a table, from which the database looks up one row after the other."""
    return values(column("first", BigInteger), column("second", Integer)).data(list(keys)).cte("wanted")
