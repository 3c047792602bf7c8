"""What does a lab's week look like: runs that pages and pictures are shown with, sent by the real way in."""

import json
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Event = dict[str, Any]

SITES = ("ams", "fra", "lon")
BACKUP = "config-backup"
BOARD = "board-smoke"
DAYS = 6
BROKEN_BY_DAY = (0, 1, 2, 0, 1, 3)
BROKEN = {"edge-ams-03": "unreachable", "core-fra-01": "failed", "edge-lon-05": "timeout"}
MESSAGES = {
    "unreachable": "no route to host (port 22)",
    "failed": "startup configuration differs from the running one",
    "timeout": "no prompt within 30 s",
}
SUITES = {
    "boot": ("power", "kernel", "login"),
    "network": ("link", "dhcp", "throughput", "vlan"),
    "storage": ("write",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A server that takes runs."""

    url: str
    token: str

    def send(self, events: Iterable[Event]) -> str:
        """Send the events of one run and return its uid."""
        uid = str(uuid.uuid4())
        lines = [json.dumps({"seq": seq, **event}) for seq, event in enumerate(events, 1)]
        request = urllib.request.Request(
            f"{self.url}/api/v1/runs/{uid}/events?stream=demo",
            data="\n".join(lines).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            assert answer.status == 200
        return uid


def fill(lab: Lab) -> dict[str, list[str]]:
    """Send the runs of some days; return their uids by service, oldest first."""
    random = Random(7)  # the same pictures every time
    today = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    uids: dict[str, list[str]] = {BACKUP: [], BOARD: []}
    for day in range(DAYS):
        start = today - timedelta(days=DAYS - day)
        uids[BACKUP].append(lab.send(backup(start, day=day, random=random)))
        uids[BOARD].append(lab.send(smoke(start + timedelta(hours=5), day=day, random=random)))
    return uids


def devices() -> list[str]:
    """Return the names of the lab's devices."""
    return [
        f"{kind}-{site}-{n:02}"
        for site in SITES
        for kind, count in (("core", 2), ("edge", 6))
        for n in range(1, count + 1)
    ]


def backup(start: datetime, *, day: int, random: Random) -> Iterator[Event]:
    """Yield a run over all devices, in which some fail until they are tried again and others stay broken."""
    clock, names = Clock(start), devices()
    broken = dict(list(BROKEN.items())[: BROKEN_BY_DAY[day]])
    shaky = set(random.sample(names, 3)) - broken.keys()
    yield {"ts": clock.tick(0), "type": "run.start", "service": BACKUP, "trigger": "schedule", "host": "automation-1"}
    yield {"ts": clock.tick(0), "type": "plan", "devices": names}
    todo = names
    for attempt in (1, 2):
        yield {"ts": clock.tick(0.1), "type": "attempt.start", "attempt": attempt}
        yield log(clock, f"attempt {attempt}: {len(todo)} devices, 8 at a time")
        failed = []
        for name in todo:
            status = broken.get(name) or ("timeout" if attempt == 1 and name in shaky else "")
            status = status or ("changed" if random.random() < 0.2 else "ok")
            yield from _device(clock, name, status, attempt=attempt, random=random)
            if status in MESSAGES:
                failed.append(name)
        if day == DAYS - 1:
            yield log(clock, "WARNING the clock of automation-1 is 3 s behind its time server")
        yield {"ts": clock.tick(0.1), "type": "attempt.end", "attempt": attempt}
        todo = failed
        if not todo:
            break
    message = f"{len(todo)} of {len(names)} devices were not saved" if todo else ""
    yield {"ts": clock.tick(1), "type": "run.end", "status": "complete", "message": message}


def smoke(start: datetime, *, day: int, random: Random) -> Iterator[Event]:
    """Yield a run of test cases on two boards."""
    clock = Clock(start)
    yield {"ts": clock.tick(0), "type": "run.start", "service": BOARD, "trigger": "merge request", "host": "ci-3"}
    for board in ("board-a", "board-b"):
        for suite, cases in SUITES.items():
            for case in cases:
                is_bad = (case, board) == ("throughput", "board-b") and day > 2
                yield {
                    "ts": clock.tick(2 + 5 * random.random()),
                    "type": "case",
                    "device": board,
                    "suite": suite,
                    "name": case,
                    "result": "fail" if is_bad else "pass",
                    "message": "612 Mbit/s, at least 900 wanted" if is_bad else None,
                    "duration_s": round(1 + 4 * random.random(), 2),
                }
                yield log(clock, f"{board} {suite}/{case}: {'FAIL' if is_bad else 'ok'}")
    yield {"ts": clock.tick(1), "type": "run.end", "status": "complete"}


def log(clock: "Clock", text: str, stream: str = "run") -> Event:
    """Return a log line that begins with its own time, as most do."""
    return {"ts": clock.tick(0.02), "type": "log", "stream": stream, "text": f"{clock.shown()} {text}"}


def _device(clock: "Clock", name: str, status: str, *, attempt: int, random: Random) -> Iterator[Event]:
    seconds = round(30.0 if status == "timeout" else 2 + 6 * random.random(), 1)
    yield log(clock, f"INFO  connecting to {name} port 22", name)
    if status in MESSAGES:
        yield log(clock, f"\x1b[31mERROR {MESSAGES[status]}\x1b[0m", name)
    else:
        yield log(clock, f"INFO  {random.randint(400, 900)} lines read in {seconds} s", name)
        yield log(clock, "INFO  checksum \x1b[32mmatches\x1b[0m", name)
    yield log(clock, f"{'ERROR' if status in MESSAGES else 'INFO '} {name}: {status} after {seconds} s")
    yield {
        "ts": clock.tick(seconds / 8),
        "type": "device.end",
        "device": name,
        "attempt": attempt,
        "status": status,
        "message": MESSAGES.get(status),
        "duration_s": seconds,
        "result": None if status in MESSAGES else _facts(name, status),
    }


def _facts(name: str, status: str) -> dict[str, Any]:
    """Return what a device answers: the same day by day, unless it was changed."""
    stable = Random(name)
    ports = [f"ge-0/0/{n}" for n in range(6)]
    return {
        "hostname": name,
        "version": "17.9.5" if status == "changed" else "17.9.4",
        "serial": f"FX{stable.randint(10**7, 10**8 - 1)}",
        "interfaces": {port: {"up": stable.random() > 0.1, "mtu": stable.choice([1500, 9000])} for port in ports},
        "ntp": {"server": "192.0.2.1", "synchronized": True},
    }


class Clock:
    """The time of one run, which only goes forward."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def tick(self, seconds: float) -> str:
        """Let time pass and return it as events have it."""
        self.now += timedelta(seconds=seconds)
        return self.now.isoformat().replace("+00:00", "Z")

    def shown(self) -> str:
        """Return it as log lines have it."""
        return self.now.strftime("%H:%M:%S.%f")[:-3]
