"""Is every name a safe file name, and never the file name of another one?"""

import random
import unicodedata

import pytest

from webapp.gitexport.filenames import LONGEST, file_name, read_file_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("edge-1.lab", "edge-1.lab"),
        ("core switch 1", "core switch 1"),
        ("SW-CORE-01", "SW-CORE-01="),
        ("Edge", "Edge=1"),
        ("eDge", "eDge=2"),
        ("..", "%2e%2e"),
        (".git", "%2egit"),
        (".GIT", "%2eGIT="),
        ("git~1", "git%7e1"),
        ("../../etc/passwd", "%2e.%2f..%2fetc%2fpasswd"),
        ("CON", "%43ON="),
        ("com1.x", "%63om1.x"),
        ("console", "console"),
        ("dots..", "dots.%2e"),
        ("blank ", "blank%20"),
        ("two\nlines", "two%0alines"),
        ('"quoted"', "%22quoted%22"),
        ("a=b", "a%3db"),
        ("100%", "100%25"),
        ("zürich", "zürich"),
        ("zu\u0308rich", "zu%cc%88rich"),
        ("\u0416\u0429", "\u0416\u0429="),
        ("straße", "stra%c3%9fe"),
        ("x\u200by", "x%e2%80%8by"),
    ],
)
def test_name_becomes_a_file_name_and_comes_back(name: str, expected: str) -> None:
    assert file_name(name) == expected
    assert read_file_name(expected) == name


@pytest.mark.parametrize("name", ["x" * 300, "ü" * 255, "/" * 100, "X" * 300])
def test_long_name_is_shortened_and_stays_its_own(name: str) -> None:
    short = file_name(name)
    assert len(short.encode()) <= LONGEST
    assert read_file_name(short) is None
    assert short != file_name(name + "y")
    assert "%" not in short[-34:]


def test_no_two_names_share_a_file_anywhere() -> None:
    """Files that case and Unicode form do not tell apart are one file on some systems."""
    odd = "aAeEgit.~%= \u0301\u0308éÉüÜß\u017fKk\u0131İﬁΣ\u03c3ς한\u1112\u1161\u11abж\u0416\ud800/:\\*\n"
    dice = random.Random(1)
    names = {"".join(dice.choice(odd) for _ in range(dice.randint(1, 5))) for _ in range(20_000)}
    names |= {chr(code) for code in range(1, 0x3000)}
    seen: dict[str, str] = {}
    for name in names:
        file = file_name(name)
        folded = unicodedata.normalize("NFD", unicodedata.normalize("NFC", file).casefold())
        assert seen.setdefault(folded, name) == name
        assert read_file_name(file) == name
        assert not set(file) & set('/\\:*?"<>|\n\x7f')
        assert file.strip(". ") == file
