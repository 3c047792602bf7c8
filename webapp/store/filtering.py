"""How does a filter become SQL: each field of each view as one clause, and which of them can lead to the rows.

A clause is cheap to test on a row. A few clauses of the runs view are also *drivers*: an index walks straight to their
rows in the order of the list, however many other rows there are.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    and_,
    any_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from webapp.query.expressions import And, Expression, Not, Op, Or, Term, Text, Value
from webapp.query.fields import TEXT_COLUMNS, View
from webapp.query.globs import Glob
from webapp.store.models.accounts import UserRow
from webapp.store.models.comparisons import RunChangeRow
from webapp.store.models.inventory import DeviceRow, ServiceRow, TestCaseRow
from webapp.store.models.notices import DeliveryRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunLabelRow, RunRow
from webapp.store.patterns import ANY, Clause, Column, matches, matches_exactly

# Fields of runs that an index follows, alone or together, the most selective first.
INDEXED = (
    ("uid",),
    ("key",),
    ("number",),
    ("service", "level"),
    ("service", "status"),
    ("service",),
    ("submitter",),
    ("trigger",),
    ("level",),
    ("status",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A filter as SQL.

    Args:
        clauses: all must hold.
        leads: the choices of those that an index follows in the order of ids, most selective by their fields first.
    """

    clauses: tuple[Clause, ...]
    leads: tuple[tuple[Clause, ...], ...]


def translate(session: Session, tree: Expression, view: View, *, service_id: int | None = None) -> Translation:
    """Return the clauses of a filter.

    Args:
        session: used to find which services, people and devices a name stands for.
        tree: what was asked.
        view: the list that is filtered.
        service_id: only runs of this service, whatever the filter says; names in filters ignore letter case.
    """
    translator = _Translator(session, view)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    clauses: list[Clause] = []
    drivers: dict[str, Clause] = {}
    if service_id is not None:
        drivers["service"] = RunRow.service_id == service_id
        clauses.append(drivers["service"])
    for part in parts:
        clause = translator.clause(part)
        clauses.append(clause)
        if view is View.RUNS and isinstance(part, Term) and translator.is_driver(part):
            drivers.setdefault(part.field, clause)
    return Translation(clauses=tuple(clauses), leads=_leads(drivers))


def _leads(drivers: Mapping[str, Clause]) -> tuple[tuple[Clause, ...], ...]:
    """Return what an index can follow; a field alone is no choice beside an index that follows it and another."""
    chosen: list[tuple[str, ...]] = []
    for fields in INDEXED:
        if drivers.keys() >= set(fields) and not any(set(fields) <= set(other) for other in chosen):
            chosen.append(fields)
    return tuple(tuple(drivers[name] for name in fields) for fields in chosen)


class _Translator:
    """Turns the nodes of one filter into clauses; names are looked up once each."""

    def __init__(self, session: Session, view: View) -> None:
        self.session = session
        self.view = view
        self.fields = FIELDS[view]
        self._ids: dict[tuple[str, tuple[Value, ...]], list[int]] = {}

    def clause(self, tree: Expression) -> Clause:
        match tree:
            case And():
                return and_(true(), *(self.clause(part) for part in tree.parts))
            case Or():
                return or_(false(), *(self.clause(part) for part in tree.parts))
            case Not():
                return not_(func.coalesce(self.clause(tree.part), false()))
            case Term():
                return self.fields[tree.field](self, tree)
            case Text():
                return and_(true(), *(self._any_column(word) for word in tree.words))

    def _any_column(self, word: Glob) -> Clause:
        fields = TEXT_COLUMNS[self.view]
        return or_(*(self.fields[name](self, Term(field=name, op=Op.HAS, values=(word,))) for name in fields))

    def is_driver(self, term: Term) -> bool:
        if term.op is not Op.IS or len(term.values) != 1:
            return False
        value = term.values[0]
        if term.field in {"status", "level", "number"}:
            return True
        if not isinstance(value, Glob):
            return False
        if term.field in {"service", "submitter"}:
            return len(self.ids(term)) == 1
        return term.field in {"trigger", "uid", "key"} and value.literal is not None

    def ids(self, term: Term) -> list[int]:
        """Return the ids of the services or people that the term's names stand for."""
        key = (term.field, term.values)
        if key not in self._ids:
            table, column = NAMED[term.field]
            found = self.session.execute(select(table.id).where(_named(column, term)))
            self._ids[key] = list(found.scalars())
        return self._ids[key]


NAMED: Mapping[str, tuple[type[ServiceRow] | type[UserRow], Column]] = {
    "service": (ServiceRow, ServiceRow.slug),
    "submitter": (UserRow, UserRow.name),
}

Translate = Callable[[_Translator, Term], Clause]

# In no catalogue: nobody types them.
ROW_ID = "id"
RESULT_ID = "result_id"


def only_rows(ids: Iterable[int]) -> Expression:
    """Return the filter of results or cases that selects these rows, however many, and no others."""
    return Term(field=ROW_ID, op=Op.IS, values=tuple(ids))


def only_with_results(blob_ids: Iterable[int]) -> Expression:
    """Return the filter of device results that selects those with one of these JSON results, however many."""
    return Term(field=RESULT_ID, op=Op.IS, values=tuple(blob_ids))


def _named(column: Column, term: Term) -> Clause:
    return or_(*(matches(column, term.op, value) for value in term.values if isinstance(value, Glob)))


def _name(column: Column) -> Translate:
    return lambda _translator, term: _named(column, term)


def _key(column: Column) -> Translate:
    def clause(translator: _Translator, term: Term) -> Clause:
        globs = [value for value in term.values if isinstance(value, Glob)]
        if term.op is Op.HAS:
            return or_(*(matches(column, Op.HAS, glob) for glob in globs))
        is_sqlite = translator.session.get_bind().dialect.name == "sqlite"
        return or_(*(matches_exactly(column, glob, is_sqlite=is_sqlite) for glob in globs))

    return clause


def _word(column: Column) -> Translate:
    def clause(_translator: _Translator, term: Term) -> Clause:
        return column == term.values[0] if len(term.values) == 1 else column.in_(term.values)

    return clause


def _number(column: Column) -> Translate:
    def clause(_translator: _Translator, term: Term) -> Clause:
        value = term.values[0]
        match term.op:
            case Op.GT:
                return column > value
            case Op.GE:
                return column >= value
            case Op.LT:
                return column < value
            case Op.LE:
                return column <= value
            case _:
                return column == value if len(term.values) == 1 else column.in_(term.values)

    return clause


def _resolved(column: Column) -> Translate:
    def clause(translator: _Translator, term: Term) -> Clause:
        found = translator.ids(term)
        return column == found[0] if len(found) == 1 else column.in_(found)

    return clause


def _label(translator: _Translator, term: Term) -> Clause:
    return exists().where(RunLabelRow.run_id == RunRow.id, _key(RunLabelRow.label)(translator, term))


def _has(_translator: _Translator, term: Term) -> Clause:
    return exists().where(
        DeviceResultRow.run_id == RunRow.id,
        DeviceResultRow.is_overall,
        DeviceResultRow.status.in_(term.values),
    )


def _change(_translator: _Translator, term: Term) -> Clause:
    return exists().where(RunChangeRow.run_id == RunRow.id, RunChangeRow.kind.in_(term.values))


def _took_part(_translator: _Translator, term: Term) -> Clause:
    devices = select(DeviceRow.id).where(_named(DeviceRow.name, term))
    return exists().where(DeviceResultRow.run_id == RunRow.id, DeviceResultRow.device_id.in_(devices))


def _parent(translator: _Translator, term: Term) -> Clause:
    if term.values == (ANY,):
        return RunRow.parent_run_id.is_not(None)
    return RunRow.parent_run_id.in_(_uids(translator, term))


def _uids(translator: _Translator, term: Term) -> Select[tuple[int]]:
    parent = RunRow.__table__.alias("parent")
    return select(parent.c.id).where(_key(parent.c.uid)(translator, term))


def _run_kind(_translator: _Translator, term: Term) -> Clause:
    return RunRow.service_id.in_(select(ServiceRow.id).where(ServiceRow.kind.in_(term.values)))


def _owner(column: Column) -> Translate:
    return lambda _translator, term: column.in_(select(UserRow.id).where(_named(UserRow.name, term)))


def _row_ids(column: Column) -> Translate:
    """Select rows by their ids, in one parameter: a list of parameters may be longer than a statement can have."""

    def clause(translator: _Translator, term: Term) -> Clause:
        if translator.session.get_bind().dialect.name == "sqlite":
            return column.in_(select(func.json_each(json.dumps(term.values)).table_valued("value").c.value))
        return column == any_(cast(list(term.values), ARRAY(BigInteger)))

    return clause


def _flaky_result(_translator: _Translator, _term: Term) -> Clause:
    return and_(DeviceResultRow.attempt > 1, DeviceResultRow.status.in_(["ok", "changed"]), DeviceResultRow.is_overall)


def _attempt(attempt: Column, is_overall: Column) -> Translate:
    def clause(translator: _Translator, term: Term) -> Clause:
        numbers = tuple(value for value in term.values if isinstance(value, int))
        found: list[Clause] = [is_overall.is_(True)] if "overall" in term.values else []
        if numbers:
            found.append(_number(attempt)(translator, Term(field=term.field, op=term.op, values=numbers)))
        return or_(*found)

    return clause


FIELDS: Mapping[View, Mapping[str, Translate]] = {
    View.RUNS: {
        "service": _resolved(RunRow.service_id),
        "kind": _run_kind,
        "status": _word(RunRow.status),
        "level": _word(RunRow.level),
        "has": _has,
        "change": _change,
        "device": _took_part,
        "number": _number(RunRow.number),
        "label": _label,
        "submitter": _resolved(RunRow.submitter_id),
        "trigger": _key(RunRow.trigger),
        "uid": _key(RunRow.uid),
        "key": _key(RunRow.external_key),
        "parent": _parent,
        "priority": _number(RunRow.priority),
        "attempts": _number(RunRow.attempts),
        "started": _number(RunRow.started_at),
        "ended": _number(RunRow.ended_at),
        "duration": _number(RunRow.duration_s),
        "message": _name(RunRow.message),
        "flaky": lambda _translator, _term: RunRow.flaky_devices > 0,
    },
    View.RESULTS: {
        ROW_ID: _row_ids(DeviceResultRow.id),
        RESULT_ID: _row_ids(DeviceResultRow.blob_id),
        "device": _name(DeviceRow.name),
        "group": _name(DeviceRow.group_name),
        "platform": _name(DeviceRow.platform),
        "status": _word(DeviceResultRow.status),
        "attempt": _attempt(DeviceResultRow.attempt, DeviceResultRow.is_overall),
        "duration": _number(DeviceResultRow.duration_s),
        "message": _name(DeviceResultRow.message),
        "flaky": _flaky_result,
    },
    View.CASES: {
        ROW_ID: _row_ids(CaseResultRow.id),
        "suite": _name(TestCaseRow.suite),
        "name": _name(TestCaseRow.name),
        "device": _name(DeviceRow.name),
        "result": _word(CaseResultRow.result),
        "attempt": _attempt(CaseResultRow.attempt, CaseResultRow.is_overall),
        "measurement": _number(CaseResultRow.measurement),
        "duration": _number(CaseResultRow.duration_s),
        "message": _name(CaseResultRow.message),
    },
    View.DEVICES: {
        "name": _name(DeviceRow.name),
        "group": _name(DeviceRow.group_name),
        "platform": _name(DeviceRow.platform),
        "owner": _owner(DeviceRow.owner_id),
        "status": _word(DeviceRow.last_status),
    },
    View.SERVICES: {
        "name": _name(ServiceRow.slug),
        "kind": _word(ServiceRow.kind),
        "owner": _owner(ServiceRow.owner_id),
        "description": _name(ServiceRow.description),
    },
    View.DELIVERIES: {
        "service": _resolved(RunRow.service_id),
        "number": _number(RunRow.number),
        "run": _key(RunRow.uid),
        "status": _word(DeliveryRow.state),
        "channel": _key(DeliveryRow.channel),
        "to": _name(DeliveryRow.to),
        "user": _owner(DeliveryRow.user_id),
        "route": _name(DeliveryRow.route),
        "event": _word(DeliveryRow.event),
        "tries": _number(DeliveryRow.attempts),
        "reason": _name(DeliveryRow.reason),
        "planned": _number(DeliveryRow.created_at),
    },
}
