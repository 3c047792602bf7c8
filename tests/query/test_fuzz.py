"""Any text at all is read or refused, and every tree is written so that it is read again."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.query.asking import NOW
from webapp.errors import QueryError
from webapp.query.editing import terms_of, with_term, with_value, without_field, without_value
from webapp.query.expressions import (
    Expression,
    Op,
    Term,
    Text,
    canonical,
    conjunction,
    disjunction,
    negation,
)
from webapp.query.fields import FIELDS, Field, Kind, View
from webapp.query.globs import Glob, Wildcard, exactly, glob_of
from webapp.query.lexer import MAX_LENGTH
from webapp.query.parser import parse
from webapp.query.scalars import LARGEST_INTEGER

pytestmark = pytest.mark.unit

FRAGMENTS = [
    *(f"{field.name}:" for field in FIELDS), "is:", "nosuch:", "(", ")", "-", " ", " OR ", " AND ", "NOT ", '"', "\\",
    ",", "..", ">=", "<=", ">", "<", "=", "*", "?", "#", "0", "7", "99999999999999999999", "1e999", "5m", "-7d",
    "2026-11-01", "9999-12-31", "0001-01-01", "T23:59:60", "+14:00", "today", "running", "failed", "overall", "flaky",
    "\x00", "\u202e", "\ud800", "日本",
]  # fmt: skip
ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join),
)
VIEWS = st.sampled_from(list(View))
MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive ends
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=8)
GLOBS = (
    st.lists(st.one_of(PRINTABLE, st.sampled_from(Wildcard)), min_size=1, max_size=4)
    .map(glob_of)
    .filter(lambda glob: bool(glob.parts))
)
SCALES = st.sampled_from([Op.IS, Op.GT, Op.GE, Op.LT, Op.LE])
SECONDS = st.integers(0, 3 * 10**15).map(lambda micros: micros / 1_000_000)


def terms_of_kind(field: Field) -> st.SearchStrategy[Expression]:
    """Return terms of a field as the parser makes them."""
    name = field.stands_for or field.name

    def term(op: Op, values: list[Glob | str | int | float | datetime | bool]) -> Term:
        return Term(field=name, op=op, values=tuple(dict.fromkeys(values)))

    match field.kind:
        case Kind.NAME | Kind.KEY:
            return st.lists(GLOBS, min_size=1, max_size=3).map(lambda globs: term(Op.IS, [*globs]))
        case Kind.TEXT:
            return st.lists(GLOBS, min_size=1, max_size=3).map(lambda globs: term(Op.HAS, [*globs]))
        case Kind.ENUM:
            words = st.lists(st.sampled_from(field.values), min_size=1, max_size=3)
            return words.map(lambda chosen: term(Op.IS, [*chosen]))
        case Kind.FLAG:
            return st.just(term(Op.IS, [True]))
        case Kind.INTEGER:
            number = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
            return st.builds(lambda op, value: term(op, [value]), SCALES, number)
        case Kind.DECIMAL:
            decimals = st.floats(allow_nan=False, allow_infinity=False)
            return st.builds(lambda op, value: term(op, [value]), SCALES, decimals)
        case Kind.DURATION:
            comparisons = SCALES.filter(lambda op: op is not Op.IS)
            return st.builds(lambda op, value: term(op, [value]), comparisons, SECONDS)
        case Kind.TIME:
            return st.builds(lambda op, value: term(op, [value]), SCALES, MOMENTS)


def trees_of(view: View) -> st.SearchStrategy[Expression]:
    """Return trees that may be asked of a view."""
    words = GLOBS.map(lambda glob: Text(words=(glob,)))
    fields = [field for field in FIELDS if view in field.views and field.name != "text"]
    return st.recursive(
        st.one_of(words, *(terms_of_kind(field) for field in fields)),
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=4).map(conjunction),
            st.lists(parts, min_size=1, max_size=4).map(disjunction),
            parts.map(negation),
        ),
        max_leaves=12,
    )


def outcome_of(text: str, view: View, now: datetime) -> Expression | QueryError:
    """Return the tree of a text or the error that it is refused with; anything else is a fault."""
    try:
        return parse(text, view=view, now=now)
    except QueryError as error:
        return error


@settings(max_examples=600, deadline=None)
@given(ANYTHING, VIEWS, MOMENTS)
def test_any_text_is_read_or_refused(text: str, view: View, now: datetime) -> None:
    found = outcome_of(text, view, now)
    if isinstance(found, QueryError):
        assert 0 <= found.position <= len(text)
        assert found.length >= 1
        shown, carets = found.caret().split("\n")
        assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert set(carets) <= {" ", "^"}
    else:
        assert parse(canonical(found), view=view, now=NOW) == found


@settings(max_examples=150, deadline=None)
@given(st.data(), VIEWS)
def test_every_tree_is_written_so_that_it_is_read_again(data: st.DataObject, view: View) -> None:
    tree = data.draw(trees_of(view))
    written = canonical(tree)
    assume(len(written) <= MAX_LENGTH)
    again = parse(written, view=view, now=NOW)
    assert again == tree
    assert canonical(again) == written


@settings(max_examples=150, deadline=None)
@given(ANYTHING, PRINTABLE)
def test_editing_any_text_does_what_it_says(text: str, value: str) -> None:
    assert terms_of(with_term(text, "label", value), "label") == (value,)
    assert value in terms_of(with_value(text, "label", value), "label")
    assert value not in terms_of(without_value(text, "label", value), "label")
    assert terms_of(without_field(text, "label"), "label") == ()


@settings(max_examples=150, deadline=None)
@given(st.data(), VIEWS, PRINTABLE)
def test_an_edited_filter_is_the_filter_and_the_term(data: st.DataObject, view: View, value: str) -> None:
    text = canonical(data.draw(trees_of(view)))
    edited = with_term(text, "text", value)
    assume(len(edited) <= MAX_LENGTH)
    parts = [parse(text, view=view, now=NOW), Text(words=(exactly(value),))]
    assert parse(edited, view=view, now=NOW) == conjunction(parts)
