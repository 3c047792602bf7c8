"""Trees have one form and one text."""

import pytest

from tests.query.asking import glob, read, term
from webapp.query.expressions import EVERYTHING, And, Not, Op, Or, Text, canonical, conjunction, disjunction, negation
from webapp.query.globs import Glob, Wildcard, exactly, glob_of

pytestmark = pytest.mark.unit

A = Text(words=(glob("a"),))
B = Text(words=(glob("b"),))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("( Status:RUNNING )", "status:running"),
        ("a OR (b OR c d)", "a OR b OR c d"),
        ("a (b OR c)", "a (b OR c)"),
        ("NOT (a b)", "-(a b)"),
        ("-(status:finished)", "-status:complete,incomplete,canceled"),
        ("-is:flaky", "-is:flaky"),
        ("after:yesterday", "started:>=2026-11-21"),
        ("started:2026-11-01..2026-11-03", "started:>=2026-11-01 started:<2026-11-04"),
        ("ended:>now", "ended:>2026-11-22T15:30:20.000005Z"),
        ("duration:90m..2h", "duration:>=90m duration:<=2h"),
        ("number:5..,3", "number:3 OR number:>=5"),
        ('device:"edge "*,"a*",x-?', r'device:edge\ *,"a*",x-?'),
        (r"\-a\* -\-b*", r'"-a*" -\-b*'),
        ('"OR" "a:b" "#5"', '"OR" "a:b" "#5"'),
    ],
)
def test_a_tree_has_one_text(text: str, written: str) -> None:
    tree = read(text)
    assert canonical(tree) == written
    assert read(written) == tree


def test_measurements_are_written_as_numbers() -> None:
    assert canonical(read("measurement:>1e30,5", "cases")) == "measurement:5.0 OR measurement:>1e+30"


def test_joining_makes_flat_trees() -> None:
    running = term("status", "running")
    assert conjunction([]) == EVERYTHING
    assert conjunction([running]) == running
    assert conjunction([A, And(parts=(B, running))]) == And(parts=(Text(words=A.words + B.words), running))
    assert disjunction([Or(parts=(A, running)), B]) == Or(parts=(A, running, B))
    assert disjunction([A]) == A
    assert negation(negation(A)) == A
    assert negation(A) == Not(part=A)


def test_positions_make_no_difference() -> None:
    assert read("   number:5") == term("number", 5, op=Op.IS)


def test_globs_have_one_form() -> None:
    assert glob_of(["a", "", "b", Wildcard.ANY, Wildcard.ANY, Wildcard.ONE]) == Glob(
        parts=("ab", Wildcard.ANY, Wildcard.ONE)
    )
    assert exactly("a*").literal == "a*"
    assert exactly("").literal == ""
    assert glob("a*").literal is None
    assert glob("*").literal is None
    assert glob("*a*?").stars == 2
