"""What filters mean: fields, free text, operators, parentheses, flags, and the limits of a text."""

from datetime import UTC, datetime

import pytest

from tests.query.asking import NOW, day, glob, read, refused, term
from webapp.query.expressions import EVERYTHING, And, Expression, Not, Op, Or, Term, Text
from webapp.query.lexer import MAX_LENGTH
from webapp.query.parser import MAX_DEPTH, MAX_TERMS, MAX_VALUES, parse

pytestmark = pytest.mark.unit


def words(*patterns: str) -> Text:
    return Text(words=tuple(glob(pattern) for pattern in patterns))


A, B, C = words("a"), words("b"), words("c")
FLAKY = Term(field="flaky", op=Op.IS, values=(True,))


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\N{NO-BREAK SPACE}"])
def test_a_text_without_words_asks_for_everything(text: str) -> None:
    assert read(text) == EVERYTHING == And(parts=())


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b", words("a", "b")),
        ("a AND b", words("a", "b")),
        ("a OR b", Or(parts=(A, B))),
        ("a b OR c", Or(parts=(words("a", "b"), C))),
        ("a (b OR c)", And(parts=(A, Or(parts=(B, C))))),
        ("((a)) (b)", words("a", "b")),
        ("a OR (b OR c)", Or(parts=(A, B, C))),
        ("-a", Not(part=A)),
        ("NOT a", Not(part=A)),
        ("NOT NOT a", A),
        ("-(-a)", A),
        ("-(a b)", Not(part=words("a", "b"))),
        ("-a b", And(parts=(Not(part=A), B))),
        ("or and not", words("or", "and", "not")),
        ('"OR"', words("OR")),
        ("edge-*", words("edge-*")),
        ("10.0.0.1:22 fe80::1", words("10.0.0.1:22", "fe80::1")),
        ("x-y", words("x-y")),
        ("a=b", words("a=b")),
    ],
)
def test_words_are_joined(text: str, tree: Expression) -> None:
    assert read(text) == tree


def test_a_whole_filter_becomes_typed_values() -> None:
    text = (
        "Service:backup level:ERRORS device:edge-* status:running after:2026-11-01 before:2026-11-07 label:nightly "
        'submitter:anna number:>=100 duration:>5m -status:canceled attempts:2 slow "no route"'
    )
    assert read(text) == And(
        parts=(
            term("service", glob("backup")),
            term("level", "errors"),
            term("device", glob("edge-*")),
            term("status", "running"),
            term("started", day(1), op=Op.GE),
            term("started", day(7), op=Op.LT),
            term("label", glob("nightly")),
            term("submitter", glob("anna")),
            term("number", 100, op=Op.GE),
            term("duration", 300.0, op=Op.GT),
            Not(part=term("status", "canceled")),
            term("attempts", 2),
            words("slow", "no route"),
        )
    )


def test_terms_know_where_they_stand() -> None:
    tree = read("slow status:running")
    assert isinstance(tree, And)
    assert [part.position for part in tree.parts if isinstance(part, Term | Text)] == [0, 5]


@pytest.mark.parametrize(
    ("text", "view", "tree"),
    [
        ("is:running", "runs", term("status", "running")),
        ("is:finished", "runs", term("status", "complete", "incomplete", "canceled")),
        ("is:retried", "runs", term("attempts", 1, op=Op.GT)),
        ("is:step", "runs", term("parent", glob("*"))),
        ("is:flaky", "results", FLAKY),
        ("-is:flaky", "runs", Not(part=FLAKY)),
        ("is:failure", "cases", term("result", "fail")),
        ("IS:Workflow", "services", term("kind", "workflow")),
        ("is:queued,flaky", "runs", Or(parts=(term("status", "queued"), FLAKY))),
    ],
)
def test_flags_are_short_for_terms(text: str, view: str, tree: Expression) -> None:
    assert read(text, view) == tree


def test_a_hash_and_digits_are_the_number_of_a_run() -> None:
    assert read("#118") == term("number", 118)
    assert read('"#118"') == words("#118")
    assert read("#118", "devices") == words("#118")
    assert read("#a") == words("#a")


def test_the_text_field_is_free_text() -> None:
    assert read("text:a") == A
    assert read('text:a,"b c"') == Or(parts=(A, words("b c")))


@pytest.mark.parametrize(
    ("text", "message", "position", "length"),
    [
        ("status:running servce:x", 'there is no field "servce"; did you mean "service"?', 15, 6),
        ("http://x", 'there is no field "http"; runs have service, kind, status', 0, 4),
        ("platform:ios", '"platform" narrows devices and results; runs have service', 0, 8),
        ("x is:flakey", 'is: "flakey" is not one of flaky, queued', 5, 6),
        ("flaky:yes", 'write "is:flaky"', 6, 3),
        ("duration>5m", 'a field needs its colon: "duration:>5m"', 0, 11),
        ("level=errors", 'a field needs its colon: "level:errors"', 0, 12),
        ("a OR", "a word is missing after this OR", 2, 2),
        ("a AND OR b", "a word is missing after this AND", 2, 3),
        ("a NOT", "a word is missing after this NOT", 2, 3),
        ("OR a", "a word is missing before this", 0, 2),
        ("(OR a)", "a word is missing before this", 1, 2),
        ("(a", "this parenthesis is not closed", 0, 1),
        ("a)", "this parenthesis closes nothing", 1, 1),
        (")", "this parenthesis closes nothing", 0, 1),
        ("a ()", "there is nothing between these parentheses", 2, 1),
        ("(a OR )", "a word is missing after this OR", 3, 2),
        ("(a -)", "a minus excludes the word right after it", 3, 1),
    ],
)
def test_a_faulty_filter_says_what_and_where(text: str, message: str, position: int, length: int) -> None:
    error = refused(text)
    assert str(error).startswith(message)
    assert (error.position, error.length, error.text) == (position, length, text)


def test_the_number_of_words_is_bounded() -> None:
    assert read("a " * MAX_TERMS) == words(*["a"] * MAX_TERMS)
    error = refused("a " * MAX_TERMS + "-(b OR c)")
    assert f"at most {MAX_TERMS}" in str(error)
    assert error.position == MAX_TERMS * 2 + 2


def test_the_length_of_a_list_is_bounded() -> None:
    assert read("label:" + ",".join(["x"] * MAX_VALUES)) == term("label", glob("x"))
    assert f"at most {MAX_VALUES} values" in str(refused("label:" + ",".join(["x"] * (MAX_VALUES + 1))))


def test_the_depth_of_parentheses_is_bounded() -> None:
    assert read("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    error = refused("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
    assert f"more than {MAX_DEPTH} deep" in str(error)
    assert error.position == MAX_DEPTH
    assert read("(a) " * MAX_TERMS) == words(*["a"] * MAX_TERMS)


def test_a_long_chain_of_nots_is_no_nesting() -> None:
    assert read("NOT " * 400 + "a") == A


def test_the_length_of_a_text_is_bounded() -> None:
    assert read("x" * MAX_LENGTH) == words("x" * MAX_LENGTH)
    error = refused("x" * 1_000_000)
    assert f"at most {MAX_LENGTH}" in str(error)
    assert len(error.text) <= MAX_LENGTH + 1


def test_a_naive_now_and_an_unknown_view_are_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse("", view="runs", now=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="boats"):
        parse("", view="boats", now=datetime.now(UTC))


def test_now_may_be_in_any_zone() -> None:
    assert read("after:-0") == term("started", NOW, op=Op.GE)
