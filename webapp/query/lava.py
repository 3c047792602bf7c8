"""What do LAVA's queries ask for: a saved query by name, or lists of conditions, read into the same tree as a filter?

A query is `{username, name}`, `{entity: testjob, conditions: {...}}`, a text of conditions joined by commas such as
`testjob__health__exact__Complete,submitter__anna`, or a filter of ours. The parts of a condition are joined by two
underscores: value, or operator and value, after the field, and a table may stand before it, which later conditions then
mean too. All conditions must hold; none selects every run. Source of the rules: docs/filters.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from webapp.errors import InvalidError
from webapp.query.expressions import Expression, Op, Term, Value, conjunction, negation
from webapp.query.fields import View
from webapp.query.globs import Glob, Wildcard, glob_of
from webapp.query.lexer import MAX_LENGTH
from webapp.query.parser import MAX_TERMS, parse
from webapp.query.scalars import UnreadableError, read_integer
from webapp.query.suggestions import clipped, did_you_mean, listed
from webapp.query.times import read_time

TABLE = "testjob"
_CONDITIONS = re.compile(r"\s*[a-z]+(?:_[a-z]+)*__")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """A saved query by its owner and name."""

    username: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """One condition: where it stands, and its parts."""

    path: str
    table: str
    field: str
    operator: str
    value: str


def read_filter(text: str, *, now: datetime, path: str = "query") -> Expression:
    """Return what a text asks for: a filter of runs, or LAVA's conditions.

    Args:
        text: as it was written.
        now: the moment that relative times count from, aware.
        path: where it stands, for the faults.

    Raises:
        InvalidError: conditions ask for what runs don't have here; every fault is told.
        QueryError: a filter can't be read.
    """
    if _CONDITIONS.match(text):
        return _tree(_split(text, path), now=now)
    return parse(text, view=View.RUNS, now=now)


def read_query(query: Mapping[str, Any] | str, *, now: datetime, path: str = "query") -> NamedQuery | Expression:
    """Return what a query asks for: the name of a saved query, or the tree of a filter of runs.

    Args:
        query: as it was written.
        now: the moment that relative times count from, aware.
        path: where it stands, for the faults.

    Raises:
        InvalidError: it is none of the forms, or conditions ask for what runs don't have here; every fault is told.
        QueryError: a filter of ours can't be read.
    """
    if isinstance(query, str):
        return read_filter(query, now=now, path=path)
    if set(query) == {"username", "name"}:
        return NamedQuery(username=_text(query, "username", path), name=_text(query, "name", path))
    if set(query) == {"entity", "conditions"}:
        if query["entity"] != TABLE:
            raise InvalidError((f"{path}.entity", f"expected {TABLE}, got {str(query['entity'])[:40]!r}"))
        if not isinstance(query["conditions"], Mapping):
            raise InvalidError((f"{path}.conditions", "expected a mapping"))
        return _tree(_join(query["conditions"], f"{path}.conditions"), now=now)
    raise InvalidError((path, "expected username and name, entity and conditions, or a filter as text"))


def _text(query: Mapping[str, Any], name: str, path: str) -> str:
    value = query[name]
    if isinstance(value, str) and value:
        return value
    raise InvalidError((f"{path}.{name}", "expected a text that is not empty"))


def _split(text: str, path: str) -> list[tuple[str, str]]:
    """Return the conditions of a text, each with its place."""
    if len(text) > MAX_LENGTH:
        raise InvalidError((path, f"expected at most {MAX_LENGTH:,} characters, got {len(text):,}"))
    return [(f"{path}: condition {number}", each) for number, each in enumerate(text.strip().split(","), start=1)]


def _join(conditions: Mapping[str, Any], path: str) -> list[tuple[str, str]]:
    """Return the conditions of a mapping in the words of a text: its keys may hold a table and an operator."""
    return [(f"{path}.{str(key)[:80]}", f"{key}__{value}"[:MAX_LENGTH]) for key, value in conditions.items()]


def _tree(conditions: list[tuple[str, str]], *, now: datetime) -> Expression:
    if len(conditions) > MAX_TERMS:
        raise InvalidError((conditions[MAX_TERMS][0], f"expected at most {MAX_TERMS} conditions"))
    faults: list[tuple[str, str]] = []
    terms: list[Expression] = []
    for each in _conditions(conditions):
        translated = each if isinstance(each, tuple) else (each.path, _translate(each, now))
        if isinstance(translated[1], str):
            faults.append((translated[0], translated[1]))
        else:
            terms.append(translated[1])
    if faults:
        raise InvalidError(*faults)
    return conjunction(terms)


def _conditions(conditions: list[tuple[str, str]]) -> Iterator[_Condition | tuple[str, str]]:
    """Yield each condition, or its place and what is wrong with its form."""
    table = TABLE
    for path, text in conditions:
        parts = text.split("__")
        if not 2 <= len(parts) <= 4:
            yield path, f"expected field__value, field__operator__value or {TABLE}__field__operator__value"
            continue
        if len(parts) == 4 or parts[:-2] == [TABLE]:
            table = parts.pop(0)
        field, operator, value = parts[-3:] if len(parts) > 2 else (parts[0], "exact", parts[1])
        yield _Condition(path=path, table=table, field=field, operator=operator, value=value)


def _translate(condition: _Condition, now: datetime) -> Expression | str:
    """Return what a condition asks for, or what is wrong with it."""
    if condition.table != TABLE:
        return f"conditions of {clipped(condition.table)} can't be read: runs are selected by {TABLE} alone"
    read = _FIELDS.get(condition.field)
    if read is None:
        known = f"; supported are {listed(_FIELDS, last='and')}"
        return f"the field {clipped(condition.field)} is not supported{did_you_mean(condition.field, _FIELDS) or known}"
    try:
        found = read(condition, now)
    except UnreadableError as error:
        return f"{condition.field}: {clipped(condition.value)} {error}"
    if found is None:
        return f"the operator {clipped(condition.operator)} is not supported for {condition.field}"
    return found


_Read: TypeAlias = Callable[[_Condition, datetime], Expression | None]


def _name(field: str, op: Op = Op.IS) -> _Read:
    """Read a condition of a text: equal, or a part of it."""

    def read(condition: _Condition, _now: datetime) -> Expression | None:
        any_text, value = Wildcard.ANY, condition.value
        globs: dict[str, Glob] = {
            "exact": glob_of([value]),
            "contains": glob_of([any_text, value, any_text]),
            "startswith": glob_of([value, any_text]),
            "endswith": glob_of([any_text, value]),
        }
        if condition.operator == "ne":
            return negation(_term(field, Op.IS, globs["exact"]))
        glob = globs.get(condition.operator.removeprefix("i"))
        if glob is None:
            return None
        return _term(field, op if condition.operator.endswith("contains") else Op.IS, glob)

    return read


def _word(field: str, words: Mapping[str, tuple[str, ...]]) -> _Read:
    """Read a condition of a word that LAVA shows, which stands for words of ours."""

    def read(condition: _Condition, _now: datetime) -> Expression | None:
        found = next((mine for label, mine in words.items() if label.lower() == condition.value.lower()), None)
        if found is None:
            raise UnreadableError(f"is not one of {listed(words)}")
        return _equal(condition.operator, _term(field, Op.IS, *found))

    return read


def _time(field: str) -> _Read:
    def read(condition: _Condition, now: datetime) -> Expression | None:
        return _compared(condition, field, read_time(condition.value, now=now.astimezone(UTC)).start)

    return read


def _priority(condition: _Condition, _now: datetime) -> Expression | None:
    label = condition.value.lower()
    number = _PRIORITIES[label] if label in _PRIORITIES else read_integer(condition.value)
    return _compared(condition, "priority", number)


def _compared(condition: _Condition, field: str, value: Value) -> Expression | None:
    if condition.operator in _COMPARISONS:
        return _term(field, _COMPARISONS[condition.operator], value)
    return _equal(condition.operator, _term(field, Op.IS, value))


def _equal(operator: str, term: Term) -> Expression | None:
    if operator in ("exact", "iexact"):
        return term
    return negation(term) if operator == "ne" else None


def _term(field: str, op: Op, *values: Value) -> Term:
    return Term(field=field, op=op, values=values)


_COMPARISONS: Mapping[str, Op] = {"gt": Op.GT, "gte": Op.GE, "lt": Op.LT, "lte": Op.LE}
_PRIORITIES: Mapping[str, int] = {"low": 0, "medium": 50, "high": 100}
_HEALTHS: Mapping[str, tuple[str, ...]] = {
    "Unknown": ("queued", "running"),
    "Complete": ("complete",),
    "Incomplete": ("incomplete",),
    "Canceled": ("canceled",),
}
_STATES: Mapping[str, tuple[str, ...]] = {
    "Submitted": ("queued",),
    "Scheduling": ("queued",),
    "Scheduled": ("queued",),
    "Running": ("running",),
    "Canceling": ("running",),
    "Finished": ("complete", "incomplete", "canceled"),
}
_FIELDS: Mapping[str, _Read] = {
    "submitter": _name("submitter"),
    "description": _name("service"),
    "actual_device": _name("device"),
    "failure_comment": _name("message", Op.HAS),
    "health": _word("status", _HEALTHS),
    "state": _word("status", _STATES),
    "start_time": _time("started"),
    "end_time": _time("ended"),
    "priority": _priority,
}
