"""Filter texts changed by chips, cells and forms."""

import pytest

from tests.query.asking import glob, read, term
from webapp.query.editing import terms_of, with_term, with_value, without_field, without_value
from webapp.query.expressions import Op

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()),
        ("status:failed", ("failed",)),
        ('x Status:failed,"lost" y', ("failed", "lost")),
        ("status:a status:b,a", ("a", "b")),
        ("-status:failed", ()),
        ("NOT status:failed", ()),
        ("(status:failed)", ()),
        ("status:a OR status:b", ()),
        ("device:status", ()),
        ('status:"open', ()),
        ("status:a (", ()),
        ("status:a ) x (", ()),
    ],
)
def test_the_values_of_a_field_are_told(text: str, values: tuple[str, ...]) -> None:
    assert terms_of(text, "status") == values


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("", "status:failed"),
        ("slow", "slow status:failed"),
        ("a status:ok b", "a status:failed b"),
        ("a status:ok b -status:lost status:x", "a status:failed b"),
        ("-status:canceled", "status:failed"),
        ("a AND status:ok AND b", "a status:failed b"),
        ("a OR b", "(a OR b) status:failed"),
        ("(a OR status:ok) b", "(a OR status:ok) b status:failed"),
        ('"open', "status:failed"),
        (") (", "status:failed"),
    ],
)
def test_a_term_takes_the_place_of_the_old_ones(text: str, edited: str) -> None:
    assert with_term(text, "status", "failed") == edited


def test_a_value_is_quoted_where_it_needs_it() -> None:
    nasty = 'a "b", (c)* OR -d\\'
    text = with_term("x", "device", nasty)
    assert terms_of(text, "device") == (nasty,)
    assert with_term("", "after", "-14d") == "after:-14d"
    assert with_term("", "device", "edge-*") == 'device:"edge-*"'


def test_a_comparison_stands_before_the_value() -> None:
    text = with_term("duration:<1m", "duration", "5m", op=Op.GT)
    assert text == "duration:>5m"
    assert read(text) == term("duration", 300.0, op=Op.GT)


def test_an_empty_value_removes_the_field() -> None:
    assert with_term("a status:ok", "status", "") == "a"


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("", "status:lost"),
        ("a status:ok b", "a status:ok,lost b"),
        ("status:lost,ok", "status:lost,ok"),
        ("-status:ok", "-status:ok status:lost"),
        ("a OR b", "(a OR b) status:lost"),
    ],
)
def test_a_value_joins_the_list(text: str, edited: str) -> None:
    assert with_value(text, "status", "lost") == edited


def test_the_other_values_of_a_list_stay_as_they_are_written() -> None:
    text = with_value('device:edge-*,"a b"', "device", "c d")
    assert text == 'device:edge-*,"a b","c d"'
    assert without_value(text, "device", "a b") == 'device:edge-*,"c d"'
    assert read("device:edge-*,a\\ b") == term("device", glob("edge-*"), glob("a b"))


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("a status:ok,lost b", "a status:ok b"),
        ("a status:lost b", "a b"),
        ("status:lost", ""),
        ("a status:ok", "a status:ok"),
        ("-status:lost", "-status:lost"),
        ("status:lost OR a", "status:lost OR a"),
    ],
)
def test_a_value_leaves_the_list(text: str, edited: str) -> None:
    assert without_value(text, "status", "lost") == edited


def test_fields_are_removed() -> None:
    assert without_field("after:-7d a -before:2026 (b OR after:x)", "after", "before") == "a (b OR after:x)"
    assert without_field("a OR b", "after") == "a OR b"
    assert without_field("-(a b) -c", "after") == "-(a b) -c"
