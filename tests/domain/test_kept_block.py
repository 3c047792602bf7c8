"""Do the secrets of a notify block stay out of sight and come back to their own places only?"""

import pytest

from webapp.domain.kept_block import hide_secrets, put_back_secrets
from webapp.domain.notice_block import read_notify
from webapp.errors import InvalidError

pytestmark = pytest.mark.unit

TEXT = """\
criteria: {status: finished}  # every end
callbacks:
  - url: https://one.example/
    method: POST
    token: "abc"
    secret: [abcdef, s2]
  - url: https://two.example/
    token: e
  - url: https://three.example/
    token: |
      of two
      lines
"""


def test_secrets_are_hidden_where_they_stand_and_come_back() -> None:
    shown = hide_secrets(TEXT)
    for secret in ("abc", "abcdef", "s2", "token: e", "of two"):
        assert secret not in shown
    assert 'token: "<secret 1>"' in shown
    assert "# every end" in shown
    assert read_notify(put_back_secrets(shown, TEXT)) == read_notify(TEXT)


def test_mapping_is_shown_as_text() -> None:
    block = {"criteria": {"status": "all"}, "callback": {"url": "https://x.example/", "token": "geheim"}}
    shown = hide_secrets(block)
    assert "geheim" not in shown
    assert 'token: "geheim"' in put_back_secrets(shown, block)


def test_new_secret_needs_no_marker() -> None:
    assert put_back_secrets("callback: {url: https://x.example/, token: new}", None).endswith("token: new}")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("https://one.example/", "https://evil.example/", "kept for another address"),
        ("<secret 1>", "<secret 9>", "stands for no stored secret"),
        ("<secret 1>", "<secret 0>", "stands for no stored secret"),
    ],
)
def test_secret_goes_nowhere_else(old: str, new: str, sentence: str) -> None:
    shown = hide_secrets(TEXT).replace(old, new)
    with pytest.raises(InvalidError, match=sentence):
        put_back_secrets(shown, TEXT)


def test_marker_outside_of_a_callback_is_no_way_out() -> None:
    shown = hide_secrets(TEXT) + "recipients:\n  - to: {method: email, email: '<secret 1>'}\n"
    with pytest.raises(InvalidError, match="only stand"):
        put_back_secrets(shown, TEXT)
    moved = "callbacks:\n  - url: https://evil.example/?<secret 1>\n"
    with pytest.raises(InvalidError, match="only stand"):
        put_back_secrets(moved, TEXT)


def test_text_that_is_no_block_is_refused() -> None:
    with pytest.raises(InvalidError, match="expected YAML"):
        put_back_secrets("a: [<secret 1>", TEXT)
    with pytest.raises(InvalidError):
        hide_secrets("a: [")
