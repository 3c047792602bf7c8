"""The two lines that point at a fault: aligned, short and harmless."""

import pytest

from tests.query.asking import refused
from webapp.errors import QueryError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("status:runing x", "status:runing x\n       ^^^^^^"),
        ("a OR", "a OR\n  ^^"),
        ("x\x00y", "x\N{REPLACEMENT CHARACTER}y\n ^"),
        ("x\u202ey", "x\N{REPLACEMENT CHARACTER}y\n ^"),
        ("a\n\tservce:b", "a  servce:b\n   ^^^^^^"),
        ("日本 servce:x", "日本 servce:x\n     ^^^^^^"),
        ("e\u0301 servce:x", "e\u0301 servce:x\n  ^^^^^^"),
        ("number:日本", "number:日本\n       ^^^^"),
    ],
)
def test_the_caret_is_under_the_word(text: str, lines: str) -> None:
    assert refused(text).caret() == lines


def test_a_long_text_is_cut_around_the_fault() -> None:
    shown, carets = refused("x" * 500 + " servce:" + "y" * 500).caret().splitlines()
    assert shown.startswith("…x")
    assert shown.endswith("y…")
    assert len(shown) < 150
    assert shown[carets.index("^") : len(carets)] == "servce"


def test_a_long_fault_is_cut() -> None:
    shown, carets = refused("number:" + "x" * 1500).caret().splitlines()
    assert shown.startswith("number:xxx")
    assert len(carets) <= len(shown) < 150


def test_a_fault_behind_the_end_still_has_a_caret() -> None:
    assert QueryError("more is expected", position=2, length=0, text="ab").caret() == "ab\n  ^"
