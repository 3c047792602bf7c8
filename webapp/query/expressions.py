"""What does a filter ask for: a small tree of values, and the one way to write each tree."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from webapp.query.fields import Kind, kind_of
from webapp.query.globs import Glob
from webapp.query.quoting import quote_value, write_glob
from webapp.query.scalars import write_duration
from webapp.query.times import write_time

Value: TypeAlias = Glob | str | bool | int | float | datetime


class Op(StrEnum):
    """How a row's value is held against the values of a term."""

    IS = "is"  # equal to one of the values; for a glob: the whole text matches
    HAS = "has"  # contains one of the values, which are globs
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Every part holds; without parts it holds for every row."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """At least one part holds."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold, be it that the row has no value at all."""

    part: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A field of the row against typed values: any number of them for IS and HAS, one for a comparison.

    Names are globs, enums and special words strings, integers int, durations (in seconds) and decimals float,
    times aware UTC datetimes, flags True. The field's name is never an alias.
    """

    field: str
    op: Op
    values: tuple[Value, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Free text: each of the words is contained in at least one of the view's text columns."""

    words: tuple[Glob, ...]
    position: int = dataclasses.field(default=0, compare=False)


Expression: TypeAlias = And | Or | Not | Term | Text

EVERYTHING = And(parts=())


def conjunction(parts: Iterable[Expression]) -> Expression:
    """Return what holds when every part holds: flat, neighbouring free text in one node, a lone part as itself."""
    merged: list[Expression] = []
    for part in parts:
        for inner in part.parts if isinstance(part, And) else (part,):
            last = merged[-1] if merged else None
            if isinstance(inner, Text) and isinstance(last, Text):
                merged[-1] = Text(words=last.words + inner.words, position=last.position)
            else:
                merged.append(inner)
    return merged[0] if len(merged) == 1 else And(parts=tuple(merged))


def disjunction(parts: Iterable[Expression]) -> Expression:
    """Return what holds when one of the parts (at least one is given) holds: flat, a lone part as itself."""
    merged: list[Expression] = []
    for part in parts:
        merged.extend(part.parts if isinstance(part, Or) else (part,))
    return merged[0] if len(merged) == 1 else Or(parts=tuple(merged))


def negation(part: Expression) -> Expression:
    """Return what holds when the part does not; twice negated is the part itself."""
    return part.part if isinstance(part, Not) else Not(part=part)


def canonical(tree: Expression) -> str:
    """Return the one text of this tree: `parse` of it gives the tree again, as far as the limits of a text allow.

    Relative times, word groups and shortcuts were resolved when the tree was made and are written out.
    """
    match tree:
        case And():
            return " ".join(_inside_and(part) for part in tree.parts)
        case Or():
            return " OR ".join(canonical(part) for part in tree.parts)
        case Not():
            inner = canonical(tree.part)
            return f"-{inner}" if _is_unit(tree.part) else f"-({inner})"
        case Term():
            return _write_term(tree)
        case Text():
            return " ".join(write_glob(word, is_value=False) for word in tree.words)


def _inside_and(part: Expression) -> str:
    return f"({canonical(part)})" if isinstance(part, Or) else canonical(part)


def _is_unit(tree: Expression) -> bool:
    return isinstance(tree, Term) or (isinstance(tree, Text) and len(tree.words) == 1)


def _write_term(term: Term) -> str:
    if term.values == (True,) and kind_of(term.field) is Kind.FLAG:
        return f"is:{term.field}"
    sign = "" if term.op in {Op.IS, Op.HAS} else term.op.value
    return f"{term.field}:{sign}" + ",".join(_write_value(term, value) for value in term.values)


def _write_value(term: Term, value: Value) -> str:
    match value:
        case Glob():
            return write_glob(value, is_value=True)
        case datetime():
            return write_time(value, is_exact=term.op not in {Op.GE, Op.LT})
        case float() if kind_of(term.field) is Kind.DURATION:
            return write_duration(value)
        case str():
            return quote_value(value)
        case _:
            return repr(value)
