"""Seeded pairs of texts to compare: logs of automation, JSON, and texts made to be hard."""

import json
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

Pair = tuple[bytes, bytes]
Event = tuple[int, int, int, int]  # template, and three numbers that belong to the message

_TEMPLATES = (
    "kernel: [{up}] eth{c} link becomes ready",
    'kernel: [{up}] audit: type=1400 apparmor="ALLOWED" profile=user{c} pid={pid}',
    "sshd[{pid}]: Accepted publickey for user{c} from 192.0.2.{a} port {port} ssh2",
    "sshd[{pid}]: Disconnected from user{c} port {port}",
    "systemd[1]: Started Session {port} of user user{c}.",
    "systemd[1]: unit{c}.service: Succeeded.",
    "systemd[1]: Starting unit{c}...",
    "CRON[{pid}]: (user{c}) CMD (/usr/lib/unit{c}/run --quick)",
    "dhclient[{pid}]: DHCPREQUEST on eth{c} to 255.255.255.255 port 67",
    "bgpd[{pid}]: %ADJCHANGE: neighbor 10.0.{c}.1 Up",
    "bgpd[{pid}]: %ADJCHANGE: neighbor 10.0.{c}.1 Down BGP Notification",
    "bgpd[{pid}]: UPDATE from 10.0.{c}.1 prefix 10.{a}.0.0/16 med {c}",
    "ospfd[{pid}]: SPF calculation took {ms} ms, {c} nodes",
    "runner: step {b} PASS in {ms} ms",
    "runner: step {b} START",
    "runner: assert metric{c} == {a}",
    "runner: case {b} verdict=passed elapsed={ms}ms",
    "app[{pid}]: request id={uuid} user=user{c} status=200 dur={ms}ms",
    "app[{pid}]: GET /api/unit{c}/{b} 200 {ms}ms",
    "app[{pid}]: object at 0x{hex} released",
    "app[{pid}]: worker {port} heartbeat",
    "ntpd[{pid}]: time reset {ms} s",
)
_WEIGHTS = [1 / (place + 1) ** 0.8 for place in range(len(_TEMPLATES))]


def events(random: Random, count: int) -> list[Event]:
    """Make the messages of a log."""
    kinds = random.choices(range(len(_TEMPLATES)), _WEIGHTS, k=count)
    return [(kind, random.randrange(50), random.randrange(400), random.randrange(12)) for kind in kinds]


def masked(items: Iterable[Event]) -> list[str]:
    """Write messages as they are when all that is volatile is masked."""
    names = {"up": "<N>", "pid": "<P>", "port": "<N>", "ms": "<N>", "uuid": "<U>", "hex": "<H>"}
    return [f"<T> rt1 {_TEMPLATES[kind].format(**names, a=a, b=b, c=c)}" for kind, a, b, c in items]


def stamped(random: Random, items: Iterable[Event], *, hour: int = 0) -> list[str]:
    """Write messages with times, process numbers and all else that changes from run to run."""
    lines: list[str] = []
    seconds = hour * 3600.0
    for kind, a, b, c in items:
        seconds += random.expovariate(4)
        clock = f"{int(seconds // 3600) % 24:02d}:{int(seconds // 60) % 60:02d}:{seconds % 60:09.6f}"
        text = _TEMPLATES[kind].format(
            a=a,
            b=b,
            c=c,
            up=f"{seconds:.6f}",
            pid=random.randrange(300, 32768),
            port=random.randrange(1024, 65535),
            ms=random.randrange(2000),
            uuid=f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}",
            hex=f"{random.getrandbits(44):012x}",
        )
        lines.append(f"2026-11-{1 + int(seconds // 86400) % 28:02d}T{clock}+00:00 rt1 {text}")
    return lines


def edited(random: Random, size: int, rate: float) -> list[tuple[Event, int | None]]:
    """Plan an edited log: for each line of the result its message and the line of the old log it stays, or None."""
    plan: dict[int, list[tuple[Event | None, int]]] = {}
    deleted: set[int] = set()
    changed: dict[int, Event] = {}
    done, target = 0, max(1, int(size * rate))
    while done < target:
        place = random.randrange(size)
        count = min(1 if random.random() < 0.5 else random.randint(2, 12), size - place)
        act = random.random()
        if act < 0.4:
            changed.update(zip(range(place, place + count), events(random, count), strict=True))
        elif act < 0.65:
            deleted.update(range(place, place + count))
        elif act < 0.9:
            plan.setdefault(place, []).extend((event, -1) for event in events(random, count))
        else:
            count = min(random.randint(5, 50), size - place)
            plan.setdefault(random.randrange(size), []).extend((None, line) for line in range(place, place + count))
            deleted.update(range(place, place + count))
        done += count
    result: list[tuple[Event, int | None]] = []
    nothing: Event = (0, 0, 0, 0)
    for line in range(size):
        result.extend((event or nothing, None if event else origin) for event, origin in plan.get(line, ()))
        if line not in deleted:
            result.append((changed[line], None) if line in changed else (nothing, line))
    return result


def text_of(lines: Sequence[str]) -> bytes:
    """Join lines."""
    return "".join(f"{line}\n" for line in lines).encode()


def log_pair(size: int, rate: float, *, style: str) -> Pair:
    """Make a log and its edited copy: `masked`, `stamped` (kept lines keep their times), or `raw` (they do not)."""
    random = Random(f"{size} {rate} {style}")
    items = events(random, size)
    plan = edited(random, size, rate)
    new = [event if origin is None else items[origin] for event, origin in plan]
    if style == "masked":
        return text_of(masked(items)), text_of(masked(new))
    old_lines = stamped(random, items)
    new_lines = stamped(random, new, hour=77)
    if style == "stamped":
        kept = [
            old_lines[origin] if origin is not None else line for line, (_, origin) in zip(new_lines, plan, strict=True)
        ]
        new_lines = kept
    return text_of(old_lines), text_of(new_lines)


def json_value(size: int, seed: int) -> dict[str, Any]:
    """Make the result of a test run as JSON."""
    random = Random(seed)
    results = [
        {
            "id": f"TC-{number:06d}",
            "title": f"test_{random.randrange(12)}_{random.randrange(400)}",
            "verdict": random.choices(["passed", "failed", "skipped"], [90, 7, 3])[0],
            "duration": round(random.random() * 30, 3),
            "device": {"host": f"rt{random.randrange(8)}", "os": random.choice(["ios", "junos", "eos"])},
            "metrics": {"rx": random.randrange(10**6), "latency": [round(random.random(), 2) for _ in range(4)]},
            "tags": random.sample(["smoke", "bgp", "ospf", "lldp", "ipv6"], 2),
        }
        for number in range(size)
    ]
    return {"run": "nightly", "results": results}


def json_pair(size: int, rate: float) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Make two JSON values and say how many edits lie between them."""
    random = Random(size)
    old, new = json_value(size, 1), json_value(size, 1)
    results: list[dict[str, Any]] = []
    edits = 0
    for number, result in enumerate(new["results"]):
        act = random.random() / rate
        if act < 0.5:
            result["verdict"] = "error"
            result["metrics"]["rx"] = -1
            edits += 2
        elif act < 0.75:
            results.append(json_value(1, number)["results"][0] | {"id": f"new {number}"})
            edits += 1
        elif act < 1:
            edits += 1
            continue
        results.append(result)
    new["results"] = results
    return old, new, edits


def hard_pairs(size: int) -> dict[str, Callable[[], Pair]]:
    """List the pairs that are hard to compare, made when called."""

    def drawn(kinds: int, seed: int) -> bytes:
        return text_of([f"word {number}" for number in Random(seed).choices(range(kinds), k=size)])

    def unique(mark: str) -> list[str]:
        random = Random(mark)
        return [f"{mark} {number} {random.random()}" for number in range(size)]

    def shuffled() -> Pair:
        lines = unique("u")
        other = lines.copy()
        Random(1).shuffle(other)
        return text_of(lines), text_of(other)

    def repeats() -> Pair:
        random = Random(3)
        old = ["!" if random.random() < 0.99 else f"line {number}" for number in range(size)]
        new = [line for line in old if random.random() > 0.01]
        return text_of(old), text_of(new)

    def half_blank() -> Pair:
        random = Random(4)
        words = [f" param {number}" for number in range(50)]
        old = ["" if random.random() < 0.5 else random.choice(words) for _ in range(size)]
        new = [random.choice(words) if random.random() < 0.03 else line for line in old if random.random() > 0.03]
        return text_of(old), text_of(new)

    def period() -> Pair:
        return (
            text_of([f"p {number % 7}" for number in range(size)]),
            text_of([f"p {number % 7}" for number in range(3, size) if number % 1000]),
        )

    return {
        "few kinds, random": lambda: (drawn(200, 1), drawn(200, 2)),
        "shuffled": shuffled,
        "reversed": lambda: (text_of(unique("u")), text_of(unique("u")[::-1])),
        "99 % the same line": repeats,
        "half blank": half_blank,
        "period of 7": period,
        "nothing in common": lambda: (text_of(unique("a")), text_of(unique("b"))),
    }


def pretty(value: object) -> bytes:
    """Write JSON for reading."""
    return json.dumps(value, indent=2).encode() + b"\n"
