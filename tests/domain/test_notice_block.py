"""Is a notify block read as plain data, and hostile YAML refused?"""

import pytest

from webapp.domain.notice_block import read_notify
from webapp.errors import InvalidError

pytestmark = pytest.mark.unit


def test_mapping_is_taken_as_it_is() -> None:
    assert read_notify({"criteria": {"status": "finished"}}) == {"criteria": {"status": "finished"}}


def test_yaml_becomes_values_of_json() -> None:
    text = "criteria:\n  status: finished\nrecipients:\n- to: {method: email, 2: 2026-01-01}\n"
    text += "limit: 1.5\nraw: !!binary aGk=\n"
    assert read_notify(text) == {
        "criteria": {"status": "finished"},
        "recipients": [{"to": {"method": "email", "2": "2026-01-01"}}],
        "limit": 1.5,
        "raw": "aGk=",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a mapping"),
        ("- a", "expected a mapping"),
        ("a: [", "expected YAML: .*line 1, column 5"),
        ("a: &x [1]\nb: *x", "expected YAML without aliases"),
        ("a: .nan", "expected a finite number"),
        ("{" * 50, "expected at most 32 levels of nesting"),
        ("? [a]\n: 1", "expected a text"),
        ("a: \x00", "expected YAML"),
        ("a: !!python/object/apply:os.system [id]", "expected YAML: could not determine a constructor"),
        ("a: " + "x" * 65_536, "expected at most 65,536 characters"),
    ],
)
def test_what_is_no_block_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidError, match=f"^notify: .*{sentence}"):
        read_notify(text)
