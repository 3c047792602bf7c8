"""Are secrets taken out of a definition, and is the rest left as it was?"""

import pytest

from webapp.domain.redaction import REDACTED, redact

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token: abc", f"token: {REDACTED}"),
        ("  API_KEY: abc", f"  API_KEY: {REDACTED}"),
        ("- password: 'a b'", f"- password: {REDACTED}"),
        ("export DB_PASSWORD=abc", f"export DB_PASSWORD={REDACTED}"),
        ('{"user": "u", "token": "abc", "n": 1}', f'{{"user": "u", "token": {REDACTED}, "n": 1}}'),
        ("secrets:\n  A: one\n  b: two\njob: x", f"secrets:\n  A: {REDACTED}\n  b: {REDACTED}\njob: x"),
        ("secrets: {a: 1}", f"secrets: {REDACTED}"),
        ("token: |\n  line one\n  line two\njob: x", f"token: |\n  {REDACTED}\n  {REDACTED}\njob: x"),
        ("url: https://u:pw@h/x", f"url: https://{REDACTED}@h/x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx", f"{REDACTED}\nx"),
    ],
)
def test_secret_is_redacted(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "job_name: nightly\ndevice_type: qemu\n",
        "timeouts:\n  job:\n    minutes: 15\n",
        "- test: keyboard and monkey",
        "",
        "\n\n",
        "https://example.org/path?x=1",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_known_values_are_redacted_wherever_they_stand() -> None:
    assert redact("curl -H hunter2 x hunter2", secrets=["hunter2", ""]) == f"curl -H {REDACTED} x {REDACTED}"
