"""Which addresses and hosts may be spoken to: decided without connecting to any."""

import pytest

from webapp.errors import SettingError
from webapp.notify.addresses import read_guard

pytestmark = pytest.mark.unit

NEVER = "never spoken to"
PRIVATE = "not public"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("8.8.8.8", ""),
        ("2001:4860:4860::8888", ""),
        ("::ffff:8.8.8.8", ""),
        ("64:ff9b::808:808", ""),
        ("2002:808:808::", ""),
        ("10.1.2.3", PRIVATE),
        ("127.0.0.1", PRIVATE),
        ("192.168.1.1", PRIVATE),
        ("172.16.0.1", PRIVATE),
        ("100.64.0.1", PRIVATE),
        ("192.0.2.1", PRIVATE),
        ("198.18.0.1", PRIVATE),
        ("240.0.0.1", PRIVATE),
        ("::1", PRIVATE),
        ("fd12::1", PRIVATE),
        ("fec0::1", PRIVATE),
        ("2001:db8::1", PRIVATE),
        ("::ffff:127.0.0.1", PRIVATE),
        ("::ffff:7f00:1", PRIVATE),
        ("::127.0.0.1", PRIVATE),
        ("64:ff9b::7f00:1", PRIVATE),
        ("2002:7f00:1::", PRIVATE),
        ("2001:0:808:808::80ff:fffe", PRIVATE),
        ("169.254.169.254", NEVER),
        ("::ffff:169.254.169.254", NEVER),
        ("64:ff9b::a9fe:a9fe", NEVER),
        ("2002:a9fe:a9fe::", NEVER),
        ("fe80::1%eth0", NEVER),
        ("fd00:ec2::254", NEVER),
        ("100.100.100.200", NEVER),
        ("168.63.129.16", NEVER),
        ("0.0.0.0", NEVER),
        ("::", NEVER),
        ("224.0.0.1", NEVER),
        ("ff02::1", NEVER),
        ("255.255.255.255", NEVER),
    ],
)
def test_only_public_addresses_are_let_through(address: str, reason: str) -> None:
    said = read_guard(hosts=(), networks=()).refusal(address)
    assert reason in said
    assert bool(said) == bool(reason)


def test_named_network_is_let_through_and_no_other() -> None:
    guard = read_guard(hosts=(), networks=("10.0.0.0/8", "fd12::/16"))
    assert [guard.refusal(each) for each in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::9", "8.8.8.8")] == [""] * 4
    assert guard.refusal("192.168.0.1")


def test_no_network_opens_metadata_services() -> None:
    guard = read_guard(hosts=(), networks=("0.0.0.0/0", "::/0"))
    assert guard.refusal("127.0.0.1") == ""
    for address in ("169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "224.0.0.1"):
        assert NEVER in guard.refusal(address)


@pytest.mark.parametrize(
    ("pattern", "host", "is_allowed"),
    [
        ("*.example.com", "ci.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "badexample.com", False),
        ("*.Example.COM", "CI.example.com", True),
        ("*.example.com", "ci.example.com.", True),
        ("example.com.", "example.com", True),
        ("example.com", "example.com.evil.org", False),
        ("ci-?.example.com", "ci-1.example.com", True),
        ("ci-[12].example.com", "ci-3.example.com", False),
        ("ci-[!12].example.com", "ci-3.example.com", True),
        ("münchen.example", "xn--mnchen-3ya.example", True),
        ("*.münchen.example", "ci.xn--mnchen-3ya.example", True),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example", True),
        ("127.0.0.1", "2130706433", False),
        ("::1", "[::1]", True),
    ],
)
def test_host_patterns(pattern: str, host: str, *, is_allowed: bool) -> None:
    assert read_guard(hosts=(pattern,), networks=()).allows_host(host) is is_allowed


def test_no_pattern_allows_every_host() -> None:
    assert read_guard(hosts=(), networks=()).allows_host("anything.example")


@pytest.mark.parametrize(
    "pattern",
    ["", "https://example.com", "example.com:443", "a@example.com", "m\u0300*.example", '["*.example.com"', "a.b c.d"],
)
def test_what_is_no_host_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(SettingError, match="CALLBACK_ALLOWED_HOSTS"):
        read_guard(hosts=(pattern,), networks=())


@pytest.mark.parametrize("network", ["10.0.0.1/8", "example.com", "10.0.0.0/33", ""])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(SettingError, match="CALLBACK_ALLOW_PRIVATE"):
        read_guard(hosts=(), networks=(network,))
