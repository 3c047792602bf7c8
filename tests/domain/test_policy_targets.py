"""Are recipients and callbacks of a notify block understood, and is everything wrong with them named?"""

import pytest

from tests.domain.known import ADDRESS, FINISHED, METHODS, TO, faults_of
from webapp.domain.policy import MASK
from webapp.domain.policy_check import find_email_fault

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("block", "path", "message"),
    [
        (FINISHED | {"recipients": {}}, "notify.recipients", "expected a list of {to: {method: ...}}, got a mapping"),
        (
            FINISHED | {"recipients": [{}]},
            "notify.recipients[0].to",
            f"expected a mapping with {TO}, because it is required",
        ),
        (
            FINISHED | {"recipients": [{"to": {}}]},
            "notify.recipients[0].to.method",
            f"expected one of {METHODS}, because it is required",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "mail", "user": "alice"}}]},
            "notify.recipients[0].to.method",
            f"'mail' is not one of {METHODS}; did you mean 'email'?",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "email"}}]},
            "notify.recipients[0].to",
            "expected user or email, so that somebody gets the mail",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "irc", "server": "x"}}]},
            "notify.recipients[0].to",
            "expected user or handle, so that somebody gets the message",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "irc", "handle": "a b"}}]},
            "notify.recipients[0].to.handle",
            "expected a nick or #channel, got 'a b'",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "irc", "handle": "a", "server": "irc://x"}}]},
            "notify.recipients[0].to.server",
            "expected a host or host:port, got 'irc://x'",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "email", "user": "nosuch"}}]},
            "notify.recipients[0].to.user",
            "there is no account 'nosuch'",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "email", "user": "{lava_device_owner}"}}]},
            "notify.recipients[0].to.user",
            "there is no account '{lava_device_owner}'",
        ),
        (
            FINISHED | {"recipients": [{"to": {"method": "email", "user": "alice", "email": "rubbish"}}]},
            "notify.recipients[0].to.email",
            "expected a mail address such as ada@example.org, got 'rubbish'",
        ),
        (
            FINISHED | {"recipients": [{"to": {"destination": "nowhere"}}]},
            "notify.recipients[0].to.destination",
            "there is no destination 'nowhere'",
        ),
        (
            FINISHED | {"callback": {"url": "http://a"}, "callbacks": []},
            "notify.callback",
            "expected either callback or callbacks, got both",
        ),
        (FINISHED | {"callback": {}}, "notify.callback.url", "expected a text, because it is required"),
        (FINISHED | {"callback": {"url": ""}}, "notify.callback.url", "expected a text, got an empty one"),
        (
            FINISHED | {"callback": {"url": "ftp://a"}},
            "notify.callback.url",
            f"expected an address such as {ADDRESS}, got 'ftp://a'",
        ),
        (
            FINISHED | {"callback": {"url": "http://good.example\\@evil.example/"}},
            "notify.callback.url",
            f"expected an address such as {ADDRESS}, got 'http://good.example\\\\@evil.example/'",
        ),
        (
            FINISHED | {"callback": {"url": "http://{ID}.example/"}},
            "notify.callback.url",
            "expected a host without placeholders",
        ),
        (
            FINISHED | {"callback": {"url": "http://u:p@a/"}},
            "notify.callback.url",
            "expected an address without user:password@; use `token` and `header`",
        ),
        (FINISHED | {"callback": {"url": "http://xhost/"}}, "notify.callback.url", "the host 'xhost' is not allowed"),
        (
            FINISHED | {"callback": {"url": "http://[::1"}},
            "notify.callback.url",
            f"expected an address such as {ADDRESS}: Invalid IPv6 URL",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "method": "PUT"}},
            "notify.callback.method",
            "'PUT' is not one of GET, POST",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "header": "Host"}},
            "notify.callback.header",
            "expected a header that may carry a token: Host is the request's own",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "header": "a:b"}},
            "notify.callback.header",
            "expected the name of an HTTP header, got 'a:b'",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "header": "a" * 65}},
            "notify.callback.header",
            f"expected the name of an HTTP header, got '{'a' * 60}'…",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "token": "a\nb"}},
            "notify.callback.token",
            "expected no control characters, got U+000A at character 2",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "token": "\u20ac"}},
            "notify.callback.token",
            "expected characters that an HTTP header can carry",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "secret": ["a", "b", "c"]}},
            "notify.callback.secret",
            "expected at most 2 secrets, the newest first, got 3",
        ),
        (
            FINISHED | {"callback": {"url": "http://a/", "dataset": "some"}},
            "notify.callback.dataset",
            "'some' is not one of minimal, logs, results, all",
        ),
    ],
)
def test_fault_is_named_with_its_path(block: object, path: str, message: str) -> None:
    assert faults_of(block) == {path: message}


def test_unknown_placeholder_is_refused_by_name() -> None:
    fault = faults_of(FINISHED | {"callback": {"url": "http://a/{LAVA_JOB_ID}/{TOKEN}"}})["notify.callback.url"]
    assert fault.startswith("{LAVA_JOB_ID} is not one of the placeholders ID, STATUS, STATUS_STRING, ")


@pytest.mark.parametrize("text", ["a\u202eb", "\ud800", "a\0", "x" * 3000])
def test_texts_that_hide_something_are_refused(text: str) -> None:
    block = FINISHED | {"recipients": [{"to": {"method": "irc", "handle": text, "user": "alice"}}]}
    assert list(faults_of(block)) == ["notify.recipients[0].to.handle"]


@pytest.mark.parametrize("address", ["a@b.c", "first.last+tag@mail.example.org", "root@localhost"])
def test_address_is_taken(address: str) -> None:
    assert find_email_fault(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "@b.c",
        "a@",
        "a@b",
        "a@b..c",
        "a b@c.d",
        "a@b@c.d",
        "a\n@b.c",
        "<a@b.c>",
        "a@b.c,d@e.f",
        "x" * 250 + "@b.cd",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert find_email_fault(address) != ""


def test_masked_token_is_not_taken_for_one() -> None:
    block = FINISHED | {"callback": {"url": "http://a/", "token": MASK}}
    assert list(faults_of(block)) == ["notify.callback.token"]
