"""What did two runs come to, side by side: what differs between them, and names and details for what is shown.

The database holds the two runs against each other, so that however large they are only what differs is read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    except_,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    select,
    true,
)
from sqlalchemy.orm import Session

from webapp.domain.changes import PASSING, Key, Pair
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.statements import in_chunks, table_of

Results: TypeAlias = FromClause  # the table of device results, or of case results, under a name of its own
Clause: TypeAlias = ColumnElement[bool]

# Made once: a name for a table takes SQLAlchemy longer than the statement that it is used in.
_OLD = {False: table_of(DeviceResultRow).alias("old"), True: table_of(CaseResultRow).alias("old")}
_NEW = {False: table_of(DeviceResultRow).alias("new"), True: table_of(CaseResultRow).alias("new")}
_LATER_CASES = table_of(CaseResultRow).alias("later")


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


# Two places are compared. Results of one device are held against those of another by what else is equal.


def load_differing(
    session: Session, a: Place, b: Place, *, is_case: bool, with_same: bool
) -> dict[Key, tuple[Pair | None, Pair]]:
    """Return what devices or cases came to in A (None: they are not there) and in B, by their key in B.

    Args:
        session: a reading session.
        a: where the older results are.
        b: where the newer results are.
        is_case: cases are compared, else devices.
        with_same: whether those that passed with the same result are returned too.
    """
    old, new = _OLD[is_case], _NEW[is_case]
    columns = [*_key(new, is_case=is_case), *_pair(old, is_case=is_case), *_pair(new, is_case=is_case)]
    statement: Select[Any] = select(*columns)
    # Whichever index leads from one result to the other, it must not be one that walks through the whole run.
    beside = and_(_is_beside(old, new, a, b, is_case=is_case), func.coalesce(_at(a, old, is_case=is_case), false()))
    statement = statement.outerjoin_from(new, old, and_(beside, old.c.run_id == a.run_id))
    statement = statement.where(_at(b, new, is_case=is_case))
    if not with_same:
        statement = statement.where(not_(_is_same(old, new, is_case=is_case)))
    found: dict[Key, tuple[Pair | None, Pair]] = {}
    for first, second, before, old_content, after, new_content in session.execute(statement):
        found[first, second] = (None if before is None else (before, old_content), (after, new_content))
    return found


def load_gone(session: Session, a: Place, b: Place, *, is_case: bool) -> dict[Key, Pair]:
    """Return what those devices or cases came to in A that are not in B, by their key in A."""
    old, new = _OLD[is_case], _NEW[is_case]
    kept = slice(None) if a.device_id == b.device_id else slice(1) if is_case else slice(0)
    gone = except_(
        select(literal(1), *_key(old, is_case=is_case)[kept]).where(_at(a, old, is_case=is_case)),
        select(literal(1), *_key(new, is_case=is_case)[kept]).where(_at(b, new, is_case=is_case)),
    )
    found: set[Any] = {tuple(row[1:]) for row in session.execute(gone)}
    if not found:
        return {}
    firsts = {key[0] for key in found if key}
    outcomes = load_outcomes(session, a, is_case=is_case, firsts=firsts or None)
    return {key: pair for key, pair in outcomes.items() if key[kept] in found}


def count_words(session: Session, place: Place, *, is_case: bool) -> dict[str, int]:
    """Return how many devices or cases came to each word."""
    results = _NEW[is_case]
    word = _word(results, is_case=is_case)
    counted = select(word, func.count()).where(_at(place, results, is_case=is_case)).group_by(word)
    return {found: count for found, count in session.execute(counted)}  # noqa: C416  (a row is no pair)


def load_outcomes(
    session: Session, place: Place, *, is_case: bool, firsts: Collection[int] | None = None
) -> dict[Key, Pair]:
    """Return what each device or case came to, or those with these ids of devices, or of cases, as first numbers."""
    results = _NEW[is_case]
    columns = [*_key(results, is_case=is_case), *_pair(results, is_case=is_case)]
    statement: Select[Any] = select(*columns).where(_at(place, results, is_case=is_case))
    outcomes: dict[Key, Pair] = {}
    for clause in _of(results, firsts, is_case=is_case):
        for first, second, word, content in session.execute(statement.where(clause)):
            outcomes[first, second] = (word, content)
    return outcomes


def load_durations(session: Session, place: Place, *, is_case: bool) -> dict[Key, float]:
    """Return how long each device or case took, of those that have a duration."""
    results = _NEW[is_case]
    statement: Select[Any] = select(*_key(results, is_case=is_case), results.c.duration_s)
    statement = statement.where(_at(place, results, is_case=is_case), results.c.duration_s.is_not(None))
    return {(first, second): took for first, second, took in session.execute(statement)}


def load_details(session: Session, place: Place, *, keys: Iterable[Key], is_case: bool) -> Mapping[Key, Detail]:
    """Return the messages and durations of these devices or cases."""
    results = _NEW[is_case]
    statement: Select[Any] = select(*_key(results, is_case=is_case), results.c.message, results.c.duration_s)
    statement = statement.where(_at(place, results, is_case=is_case))
    details: dict[Key, Detail] = {}
    for clause in _of(results, {first for first, _ in keys}, is_case=is_case):
        for first, second, message, took in session.execute(statement.where(clause)):
            details[first, second] = Detail(message=message, duration_s=took)
    return details


def _key(results: Results, *, is_case: bool) -> list[ColumnElement[Any]]:
    if is_case:
        return [results.c.test_case_id, func.coalesce(results.c.device_id, 0)]
    return [results.c.device_id, literal(0)]


def _word(results: Results, *, is_case: bool) -> ColumnElement[Any]:
    return results.c.result if is_case else results.c.status


def _pair(results: Results, *, is_case: bool) -> list[ColumnElement[Any]]:
    """Return the word, and the JSON result; outputs of cases are not part of it, they differ in every run."""
    return [_word(results, is_case=is_case), null() if is_case else results.c.blob_id]


def _at(place: Place, results: Results, *, is_case: bool) -> Clause:
    """Return what selects the results at a place; of a case that was reported twice in an attempt the later counts."""
    clauses: list[Clause] = [results.c.run_id == place.run_id]
    if place.attempt is None:
        clauses.append(results.c.is_overall.is_(true()))
    else:
        clauses.append(results.c.attempt == place.attempt)
        if is_case:
            clauses.append(not_(_is_replaced(results)))
    if place.device_id is not None:
        clauses.append(results.c.device_id == place.device_id)
    return and_(*clauses)


def _is_replaced(results: Results) -> Clause:
    later = _LATER_CASES
    return exists().where(
        later.c.run_id == results.c.run_id,
        later.c.test_case_id == results.c.test_case_id,
        later.c.device_id.is_not_distinct_from(results.c.device_id),
        later.c.attempt == results.c.attempt,
        later.c.id > results.c.id,
    )


def _is_beside(old: Results, new: Results, a: Place, b: Place, *, is_case: bool) -> Clause:
    """Return what leads from a result in B to the one in A that it is held against."""
    clauses: list[Clause] = [old.c.test_case_id == new.c.test_case_id] if is_case else []
    if a.device_id != b.device_id:
        clauses.append(old.c.device_id == a.device_id)
    elif is_case:
        clauses.append(old.c.device_id.is_not_distinct_from(new.c.device_id))
    else:
        clauses.append(old.c.device_id == new.c.device_id)
    return and_(*clauses)


def _is_same(old: Results, new: Results, *, is_case: bool) -> Clause:
    """Return whether something passed on both sides with the same result; false where A doesn't have it."""
    word = _word(new, is_case=is_case)
    clauses: list[Clause] = [word.in_(sorted(PASSING)), word.is_not_distinct_from(_word(old, is_case=is_case))]
    if not is_case:
        clauses.append(new.c.blob_id.is_not_distinct_from(old.c.blob_id))
    return and_(*clauses)


def _of(results: Results, firsts: Collection[int] | None, *, is_case: bool) -> list[Clause]:
    """Return clauses that select some devices or cases together; without a choice one that selects all."""
    if firsts is None:
        return [true()]
    column = results.c.test_case_id if is_case else results.c.device_id
    return [column.in_(chunk) for chunk in in_chunks(sorted(firsts))]


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
