"""What the words after a colon mean, kind by kind."""

from datetime import timedelta

import pytest

from tests.query.asking import NOW, day, glob, read, refused, term
from webapp.query.expressions import And, Expression, Op, Or
from webapp.query.globs import Glob
from webapp.query.values import MAX_STARS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("device:edge-1", Glob(parts=("edge-1",))),
        ('device:"edge 1"', Glob(parts=("edge 1",))),
        ('device:"edge "*', glob("edge *")),
        ("device:edge**?", glob("edge*?")),
        ("device:*", glob("*")),
        ('device:"*"', Glob(parts=("*",))),
        (r"device:\*x\?", Glob(parts=("*x?",))),
        (r"device:C:\temp", Glob(parts=(r"C:\temp",))),
        ("device:../../x", Glob(parts=("../../x",))),
        ("device:-x", Glob(parts=("-x",))),
        ("device:aa:bb:cc", Glob(parts=("aa:bb:cc",))),
        ('device:">5"', Glob(parts=(">5",))),
    ],
)
def test_names_are_globs(text: str, value: Glob) -> None:
    assert read(text) == term("device", value)


def test_lists_are_any_of_their_values() -> None:
    assert read('device:a,"b,c",d*,a') == term("device", glob("a"), glob("b,c"), glob("d*"))


def test_texts_are_asked_for_a_part() -> None:
    assert read("message:timeout", "results") == term("message", glob("timeout"), op=Op.HAS)


@pytest.mark.parametrize(
    ("text", "view", "values"),
    [
        ("status:Running,queued", "runs", ("running", "queued")),
        ("status:finished", "runs", ("complete", "incomplete", "canceled")),
        ("status:failure,failed", "results", ("failed", "unreachable", "timeout", "lost")),
        ("status:success", "devices", ("ok", "changed")),
        ("has:unreachable", "runs", ("unreachable",)),
        ("level:>=errors", "runs", ("errors", "failed")),
        ("level:>errors", "runs", ("failed",)),
        ("level:<errors", "runs", ("ok", "warnings")),
        ("level:<=Warnings", "runs", ("ok", "warnings")),
        ("level:warnings..errors", "runs", ("warnings", "errors")),
        ("level:..ok", "runs", ("ok",)),
        ("level:failed..", "runs", ("failed",)),
    ],
)
def test_words_are_expanded(text: str, view: str, values: tuple[str, ...]) -> None:
    assert read(text, view) == term(text.partition(":")[0], *values)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("number:118", term("number", 118)),
        ("number:1,2,1", term("number", 1, 2)),
        ("number:>100", term("number", 100, op=Op.GT)),
        ("number:<=100", term("number", 100, op=Op.LE)),
        ("number:..100", term("number", 100, op=Op.LE)),
        ("number:100..", term("number", 100, op=Op.GE)),
        ("number:7..7", And(parts=(term("number", 7, op=Op.GE), term("number", 7, op=Op.LE)))),
        ("number:9,<3", Or(parts=(term("number", 9), term("number", 3, op=Op.LT)))),
        ("number:-1..1", And(parts=(term("number", -1, op=Op.GE), term("number", 1, op=Op.LE)))),
        (f"number:{2**63 - 1}", term("number", 2**63 - 1)),
    ],
)
def test_numbers_compare(text: str, tree: Expression) -> None:
    assert read(text) == tree


def test_an_attempt_is_a_number_or_overall() -> None:
    assert read("attempt:Overall", "results") == term("attempt", "overall")
    assert read("attempt:2,overall", "cases") == term("attempt", 2, "overall")
    assert read("attempt:>1", "cases") == term("attempt", 1, op=Op.GT)


def test_measurements_are_decimals() -> None:
    assert read("measurement:3.5,-2e3", "cases") == term("measurement", 3.5, -2000.0)
    assert read("measurement:>=.5".replace(":>=.", ":>=0."), "cases") == term("measurement", 0.5, op=Op.GE)


def test_a_lone_duration_lasts_as_long_as_its_last_unit() -> None:
    low, high = term("duration", 300.0, op=Op.GE), term("duration", 360.0, op=Op.LT)
    assert read("duration:5m") == And(parts=(low, high))
    assert read("duration:>5m") == term("duration", 300.0, op=Op.GT)
    assert read("duration:5m..1h30m") == And(parts=(low, term("duration", 5400.0, op=Op.LE)))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("after:2026-11-01", term("started", day(1), op=Op.GE)),
        ("since:2026-11-01", term("started", day(1), op=Op.GE)),
        ("before:2026-11-01", term("started", day(1), op=Op.LT)),
        ("after:-7d", term("started", NOW - timedelta(days=7), op=Op.GE)),
        ("since:24h", term("started", NOW - timedelta(days=1), op=Op.GE)),
        ("started:24h", term("started", NOW - timedelta(days=1), op=Op.GE)),
        ("started:>2026-11-01", term("started", day(2), op=Op.GE)),
        ("started:>=2026-11-01", term("started", day(1), op=Op.GE)),
        ("started:<2026-11-01", term("started", day(1), op=Op.LT)),
        ("started:<=2026-11-01", term("started", day(2), op=Op.LT)),
        ("started:..yesterday", term("started", day(22), op=Op.LT)),
        ("ended:>now", term("ended", NOW, op=Op.GT)),
        ("ended:today", And(parts=(term("ended", day(22), op=Op.GE), term("ended", day(23), op=Op.LT)))),
        (
            "started:2026-11-01..2026-11-03",
            And(parts=(term("started", day(1), op=Op.GE), term("started", day(4), op=Op.LT))),
        ),
        ("started:2026-11-01T00:00:00.000000Z", term("started", day(1))),
    ],
)
def test_times_compare(text: str, tree: Expression) -> None:
    assert read(text) == tree


def test_a_list_of_days_is_any_of_them() -> None:
    tree = read("started:2026-11-01,2026-11-03")
    assert tree == Or(
        parts=(
            And(parts=(term("started", day(1), op=Op.GE), term("started", day(2), op=Op.LT))),
            And(parts=(term("started", day(3), op=Op.GE), term("started", day(4), op=Op.LT))),
        )
    )


def test_the_slug_of_a_service_is_its_name() -> None:
    assert read("slug:backup", "services") == term("name", glob("backup"))


@pytest.mark.parametrize(
    ("text", "message", "position", "length"),
    [
        ("status:runing", 'status: "runing" is not one of queued, running', 7, 6),
        ("status:running,failed", 'status: "failed" is not one of', 15, 6),
        ("status:>running", 'the words of "status" have no order', 7, 8),
        ("level:>failed", 'no word of "level" is left', 6, 7),
        ("level:failed..ok", 'no word of "level" is left', 6, 10),
        ("level:>bad", 'level: "bad" is not one of ok', 6, 4),
        ("level:..", "a range needs at least one end", 6, 2),
        ("service:>x", '"service" holds names, which have no order', 8, 2),
        ("number:x", 'number: "x" is not a whole number', 7, 1),
        ("number:>", "a value is missing after this sign", 7, 1),
        ("number:9..5", "this range is empty", 7, 4),
        ("number:..", "a range needs at least one end", 7, 2),
        ("number:9223372036854775808", 'number: "9223372036854775808" is too large', 7, 19),
        ("number:\N{ARABIC-INDIC DIGIT ONE}", 'number: "\N{ARABIC-INDIC DIGIT ONE}" is not a whole number', 7, 1),
        ("started:today..yesterday", "this range is empty", 8, 16),
        ("after:>2026", '"after" takes one time', 6, 5),
        ("before:2026,2027", '"before" takes one time', 7, 9),
        ("after:2026..", '"after" takes one time', 6, 6),
        ("duration:5", 'duration: "5" is not a duration', 9, 1),
        ("device:" + "*a" * (MAX_STARS + 1), f"at most {MAX_STARS} stars", 7, 2 * (MAX_STARS + 1)),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(text: str, message: str, position: int, length: int) -> None:
    error = refused(text)
    assert str(error).startswith(message)
    assert (error.position, error.length) == (position, length)


def test_a_word_of_another_field_leads_there() -> None:
    assert str(refused("status:failed")).endswith('did you mean "level:failed"?')
    assert str(refused("status:cancelled")).endswith('did you mean "canceled"?')
    assert "did you mean" not in str(refused("status:xyzzy"))


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(str(refused("number:" + "x" * 1900))) < 100


def test_the_special_word_of_a_field_is_named_in_its_error() -> None:
    assert str(refused("attempt:last", "results")).endswith("is not a whole number, and not overall")
