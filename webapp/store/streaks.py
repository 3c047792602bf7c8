"""How did these devices or cases do before: their last conclusive results, and for how many runs they have failed?

Each question goes out from the results of one run and looks back from there, device by device or case by case, as far
as it has to: an index leads from one result to the one before it. Only runs of the same service count, and none that
was canceled.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, and_, func, select
from sqlalchemy.orm import Session

from webapp.domain.changes import CONCLUSIVE, FAILING, PASSING, Key
from webapp.domain.flaky import record_of
from webapp.domain.outcome import RunStatus
from webapp.store.comparison import Place
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.runs import Run
from webapp.store.statements import in_chunks, table_of
from webapp.store.trends import load_words

# So many of a service's runs are looked back at for a streak.
LOOKBACK = 500
# So many of them tell what is flaky.
FLAKY_RUNS = 20

Results: TypeAlias = FromClause  # the table of device results, or of case results, once more

_RUN = table_of(RunRow)
_NOW = {False: table_of(DeviceResultRow).alias("now"), True: table_of(CaseResultRow).alias("now")}
_PAST = {False: table_of(DeviceResultRow).alias("past"), True: table_of(CaseResultRow).alias("past")}
_FOUND = {False: table_of(DeviceResultRow).alias("found"), True: table_of(CaseResultRow).alias("found")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Runs in which something failed, one after the other: the first of them, and how many there are.

    `is_longer` says that it may have begun before all the runs that were looked at.
    """

    uid: str
    number: int
    runs: int
    is_longer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which devices or cases are asked about: those keys of the results at a place.

    With `device_id` the past of that device is looked at, which two compared devices need.
    """

    place: Place
    keys: Sequence[Key]
    is_case: bool
    device_id: int | None = None


def last_conclusive(session: Session, asked: Asked, *, before: Run) -> dict[Key, str]:
    """Return the word of the last conclusive result that each key had before a run, if it had one."""
    past = _Past(asked, before)
    found = _FOUND[asked.is_case]
    newest = past.newest("id", CONCLUSIVE)
    statement = select(*past.key, past.word(found)).join_from(past.now, found, found.c.id == newest)
    rows = (row for chunk in past.chunks(statement) for row in session.execute(chunk))
    return dict(past.by_key(rows))


def streaks_before(session: Session, asked: Asked, *, run: Run) -> dict[Key, Streak]:
    """Return the streak of failures that each key had when a run began, if it had one."""
    past = _Past(asked, run)
    floor = _floor(session, run)
    passed = func.coalesce(past.newest("run_id", PASSING, floor=floor), floor - 1)
    found: dict[Key, tuple[int, int, int]] = {}
    for chunk in past.chunks(select(*past.key, passed.label("passed_id"))):
        rows = session.execute(past.failures(chunk.subquery()))
        found.update(past.by_key((*row[: len(past.key)], tuple(row[len(past.key) :])) for row in rows))
    names = _names_of_runs(session, {first_id for _, first_id, _ in found.values()})
    return {
        key: Streak(uid=names[first][0], number=names[first][1], runs=runs, is_longer=0 < floor == passed_id + 1)
        for key, (runs, first, passed_id) in found.items()
    }


def find_flaky(session: Session, keys: Sequence[Key], *, run: Run, is_case: bool) -> frozenset[Key]:
    """Return those of the keys that passed and failed by turns in the last runs up to one, canceled ones left out."""
    newest = select(RunRow.id).where(
        RunRow.service_id == run.service_id, RunRow.id <= run.id, RunRow.status != RunStatus.CANCELED
    )
    run_ids = sorted(session.scalars(newest.order_by(RunRow.id.desc()).limit(FLAKY_RUNS)))
    flaky: set[Key] = set()
    for chunk in in_chunks(sorted(keys)):
        for key, words in load_words(session, chunk, run_ids, is_case=is_case).items():
            if record_of(words[run_id] for run_id in run_ids if run_id in words).is_flaky:
                flaky.add(key)
    return frozenset(flaky)


class _Past:
    """The parts of a question about the past of some keys, seen from a run of their service."""

    def __init__(self, asked: Asked, run: Run) -> None:
        self._asked = asked
        self._run = run
        self.now = _NOW[asked.is_case]
        self.past = _PAST[asked.is_case]
        names = ("test_case_id", "device_id") if asked.is_case else ("device_id",)
        self.key = [self.now.c[name] for name in names]

    def word(self, results: Results) -> ColumnElement[str]:
        """Return the column that says what a result is."""
        return results.c.result if self._asked.is_case else results.c.status

    def newest(self, column: str, words: Collection[str], *, floor: int = 0) -> ColumnElement[int]:
        """Return a column of the newest earlier result with one of the words."""
        past = self.past
        statement = (
            select(past.c[column])
            .join_from(past, _RUN, _RUN.c.id == past.c.run_id)
            .where(self._is_same(self.now, past), past.c.run_id >= floor, self._counts(past, words))
            .order_by(past.c.run_id.desc())
            .limit(1)
        )
        return statement.correlate(self.now).scalar_subquery()

    def failures(self, keyed: Subquery) -> Select[Any]:
        """Count the failures since each key passed, beginning with the key, and find the first of them."""
        past = self.past
        key = [keyed.c[column.key] for column in self.key]
        return (
            select(*key, func.count(past.c.run_id.distinct()), func.min(past.c.run_id), keyed.c.passed_id)
            .join_from(keyed, past, and_(self._is_same(keyed, past), past.c.run_id > keyed.c.passed_id))
            .join(_RUN, _RUN.c.id == past.c.run_id)
            .where(self._counts(past, FAILING))
            .group_by(*key, keyed.c.passed_id)
        )

    def chunks(self, statement: Select[Any]) -> Iterator[Select[Any]]:
        """Yield a statement about the results that the keys are of, for some of the keys at a time."""
        place = self._asked.place
        section = self.now.c.is_overall.is_(True) if place.attempt is None else self.now.c.attempt == place.attempt
        statement = statement.where(self.now.c.run_id == place.run_id, section)
        for chunk in in_chunks(sorted({first for first, _ in self._asked.keys})):
            yield statement.where(self.key[0].in_(chunk))

    def by_key(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Key, Any]]:
        """Yield what was found about the keys that are asked about, from rows of a key and that."""
        wanted = frozenset(self._asked.keys)
        for *parts, value in rows:
            key = (parts[0], (parts[1] or 0) if self._asked.is_case else 0)
            if key in wanted:
                yield key, value

    def _is_same(self, now: FromClause, past: Results) -> ColumnElement[bool]:
        """Select the results of the same device or case."""
        device_id: Any = now.c.device_id if self._asked.device_id is None else self._asked.device_id
        if not self._asked.is_case:
            return and_(past.c.device_id == device_id)
        return and_(past.c.test_case_id == now.c.test_case_id, past.c.device_id.is_not_distinct_from(device_id))

    def _counts(self, past: Results, words: Collection[str]) -> ColumnElement[bool]:
        """Select earlier results with one of the words, of runs that count; the run must be joined."""
        return and_(
            past.c.run_id < self._run.id,
            past.c.is_overall.is_(True),
            self.word(past).in_(sorted(words)),
            _RUN.c.service_id == self._run.service_id,
            _RUN.c.status != RunStatus.CANCELED,
        )


def _floor(session: Session, run: Run) -> int:
    """Return the id of the oldest run that is looked at, 0 when that is the service's first one."""
    earlier = select(RunRow.id).where(RunRow.service_id == run.service_id, RunRow.id < run.id)
    return session.scalar(earlier.order_by(RunRow.id.desc()).offset(LOOKBACK).limit(1)) or 0


def _names_of_runs(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    names: dict[int, tuple[str, int]] = {}
    for chunk in in_chunks(sorted(ids)):
        rows = session.execute(select(RunRow.id, RunRow.uid, RunRow.number).where(RunRow.id.in_(chunk)))
        names.update((run_id, (uid, number)) for run_id, uid, number in rows)
    return names
