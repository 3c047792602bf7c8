"""Do the built-in masks hide what is volatile, name it, and leave alone what must be seen?"""

import pytest

from webapp.diff.masks import Picks, hidden_parts, shape_of

pytestmark = pytest.mark.unit

HIDDEN = {
    b"2026-11-22T15:04:01.123456+00:00 up": [("timestamp", b"2026-11-22T15:04:01.123456+00:00")],
    b"2026/11/22 15:04 up": [("timestamp", b"2026/11/22 15:04")],
    b"at 20261122T101112Z": [("timestamp", b"20261122T101112Z")],
    b"Nov 22 15:04:01 host": [("timestamp", b"Nov 22 15:04:01")],
    b"Nov  2 15:04:01.250 host": [("timestamp", b"Nov  2 15:04:01.250")],
    b"Sun Nov 22 15:04:01 UTC 2026": [("timestamp", b"Sun Nov 22 15:04:01 UTC 2026")],
    b"Sun, 22 Nov 2026 15:04:01 GMT": [("timestamp", b"Sun, 22 Nov 2026 15:04:01 GMT")],
    b"- [22/Nov/2026:15:04:01 +0000] GET": [("timestamp", b"22/Nov/2026:15:04:01 +0000")],
    b"since 1700000000.123": [("timestamp", b"1700000000.123")],
    b"at 15:04:01,250 +0100 done": [("time", b"15:04:01,250 +0100")],
    b"on 2026-11-22.": [("date", b"2026-11-22")],
    b"uptime is 1 year, 3 weeks, 2 days": [("uptime", b"1 year, 3 weeks, 2 days")],
    b"up 12 days,  3:04, 2 users": [("uptime", b"12 days,  3:04")],
    b"up 3:04, 1 user": [("uptime", b"3:04")],
    b"up 5 min, 1 user": [("uptime", b"5 min")],
    b"kernel: [12345.678901] eth0": [("uptime", b"[12345.678901]")],
    b"kernel: [    5.000001] eth0": [("uptime", b"[    5.000001]")],
    b"Established 1w2d": [("uptime", b"1w2d")],
    b"for 3d 02:03:04 now": [("uptime", b"3d 02:03:04")],
    b"took 3.2s": [("duration", b"3.2s")],
    b"took 15 ms, then 2 hours": [("duration", b"15 ms"), ("duration", b"2 hours")],
    "took 7\u00b5s".encode(): [("duration", "7\u00b5s".encode())],
    b"real 1m30.5s": [("duration", b"1m30.5s")],
    b"sshd[123]: hello": [("pid", b"123")],
    b"[12345] INFO": [("pid", b"12345")],
    b"pid=33 PID 44 pid: 55": [("pid", b"33"), ("pid", b"44"), ("pid", b"55")],
    b"550e8400-e29b-41d4-a716-446655440000": [("uuid", b"550e8400-e29b-41d4-a716-446655440000")],
    b"abcdefab-e29b-41d4-a716-446655440000": [("uuid", b"abcdefab-e29b-41d4-a716-446655440000")],
    b"mac 00:1b:44:11:3a:b7 aa-bb-cc-dd-ee-ff": [("mac", b"00:1b:44:11:3a:b7"), ("mac", b"aa-bb-cc-dd-ee-ff")],
    b"mac 001b.4411.3ab7": [("mac", b"001b.4411.3ab7")],
    b"object at 0x7fff12": [("hex", b"0x7fff12")],
    b"sha 0123456789abcdef0123456789abcdef": [("hash", b"0123456789abcdef0123456789abcdef")],
    b"commit abc1234 pushed": [("hash", b"abc1234")],
    b"job #44 seq 9 seq=10 id=11": [("counter", b"44"), ("counter", b"9"), ("counter", b"10"), ("counter", b"11")],
    b"step [3/10] (4/10)": [("counter", b"3/10"), ("counter", b"4/10")],
    b"1234 packets, 99 bytes, rx packets:7": [("counter", b"1234"), ("counter", b"99"), ("counter", b"7")],
}
SEEN = (
    b"interface GigabitEthernet0/1 mtu 1500 vlan 10",
    b"10.0.0.1 2001:db8::10:20:30 fe80::1:2:3 10.0.0.0/24",
    b"version 15.4 v1.2.3 10x4",
    b"3 errors, loss 0 %, 7 drops, status=200",
    b"facade decade deadbeef",
    b"1234567890123456789012 and 99999999",
    b"10.1.2.3s",
    b"",
)


@pytest.mark.parametrize("line", HIDDEN)
def test_volatile_part_is_hidden_under_its_name(line: bytes) -> None:
    assert [(name, line[start:end]) for name, start, end in hidden_parts(line)] == HIDDEN[line]


@pytest.mark.parametrize("line", SEEN)
def test_part_that_must_be_seen_stays(line: bytes) -> None:
    assert hidden_parts(line) == []


@pytest.mark.parametrize("line", HIDDEN)
def test_picks_are_what_no_mask_hides(line: bytes) -> None:
    rest = line
    for _, part in HIDDEN[line]:
        rest = rest.replace(part, b"|", 1)
    assert b"|".join(Picks()[shape_of(line)](line)) == rest


def test_lines_that_differ_in_digits_share_a_shape() -> None:
    picks = Picks()
    lines = [b"10:0%d:00 job %d done\n" % (n, n) for n in range(9)]
    keys = {picks[shape_of(line)](line) for line in lines}
    assert len(picks) == 1
    assert len(keys) == 9


def test_only_so_many_shapes_are_kept() -> None:
    picks = Picks(most=3)
    parts = [picks[shape_of(line)](line) for line in (b"a 1s", b"bb 1s", b"ccc 1s", b"dddd 1s", b"dddd 1s")]
    assert len(picks) == 3
    assert parts[-1] == parts[-2] == (b"dddd ", b"")
