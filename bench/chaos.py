"""Is anything lost, or told again under another name, while server and workers are killed again and again?

    python -m bench.chaos [--seconds 60] [--seed N] [huey-sqlite celery-rabbitmq celery-redis]

Reporters begin and end runs all the time, each told to two of twenty receivers that fail 15 % of their requests. The
processes are killed with SIGKILL at random and started again at once. The waits between two tries are cut short all the
while, because they would take hours; the leases of killed workers run out by themselves, after two minutes.
"""

import argparse
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

from bench.sink import Sink, running_sink
from tests.programs import absence, find_program
from tests.servers.broker import kill_group
from tests.servers.certificates import make_certificates
from tests.servers.postgres import running_postgres
from tests.servers.product import end, free_port, run_command, start_verb
from tests.servers.rabbitmq import running_rabbitmq
from tests.servers.redis import running_redis

AT = "2026-11-22T12:00:00Z"
FAILING = 0.15
SINKS = 20
TOLD_A_RUN = 2
REPORTERS = 4
PAUSE_S = (0.8, 2.5)
HURRY_S = 0.5
HURRY_SQLITE = "UPDATE outbox SET next_at = 0 WHERE state = 'pending' AND next_at > 0"
HURRY_POSTGRES = """\
UPDATE outbox SET next_at = 0 WHERE id IN
(SELECT id FROM outbox WHERE state = 'pending' AND next_at > 0 FOR UPDATE SKIP LOCKED)"""
DRAIN_S = 900.0

COLUMNS = (
    "engine, database",
    "kills of server + workers",
    "runs acknowledged",
    "lost",
    "deliveries",
    "requests",
    "undelivered",
    "taken twice, same id",
    "another id",
    "drained after",
    "",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is killed: a server that works itself, on SQLite; or one with two workers by a broker, on PostgreSQL."""

    title: str
    broker: str = ""

    @property
    def verbs(self) -> tuple[str, ...]:
        """Return what each process does."""
        return ("serve", "worker", "worker") if self.broker else ("serve",)

    def find_missing(self) -> str:
        """Say which program is not installed; empty when all are."""
        wanted = ("postgres", self.broker) if self.broker else ()
        return "; ".join(absence(name) for name in wanted if find_program(name) is None)


SETUPS = {
    "huey-sqlite": Setup(title="Huey, SQLite"),
    "celery-rabbitmq": Setup(title="Celery on RabbitMQ, PostgreSQL", broker="rabbitmq"),
    "celery-redis": Setup(title="Celery on Redis, PostgreSQL", broker="redis"),
}


class Site:
    """The processes of one setup, each started again after it was killed.

    Args:
        setup: what they are.
        folder: where they keep their things.
        settings: their environment.
    """

    def __init__(self, setup: Setup, folder: Path, settings: dict[str, str]) -> None:
        self.kills: Counter[str] = Counter()
        self.port = free_port()
        self._instance = folder / "instance"
        self._settings = {**settings, "AFTERRUN_PORT": str(self.port), "CALLBACK_ALLOW_PRIVATE": "127.0.0.0/8"}
        self._verbs = setup.verbs
        self._command("db", "upgrade")
        self._command("user", "create", "chaos", "--role", "admin")
        self.token = self._command("token", "create", "--user", "chaos", "--scope", "admin")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._processes = [start_verb(self._instance, verb, self._settings) for verb in self._verbs]
        self.wait()

    def kill_one(self, chance: random.Random) -> None:
        """Kill a process in the middle of whatever it does, and start it again."""
        place = chance.randrange(len(self._verbs))
        verb = self._verbs[place]
        kill_group(self._processes[place])
        self.kills[verb] += 1
        self._processes[place] = start_verb(self._instance, verb, self._settings)
        if verb == "serve":
            self.wait()

    def wait(self) -> None:
        """Wait until the server listens."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("the server did not come back in a minute")

    def stop(self) -> None:
        """End every process in order."""
        for process in self._processes:
            end(process)

    def _command(self, *words: str) -> str:
        return run_command(self._instance, *words, settings=self._settings)


@dataclass(slots=True)
class Reporter:
    """Begins and ends runs until told to stop; each request is sent until it is acknowledged.

    Args:
        site: where to.
        sinks: who may be told.
        chance: chooses who is.
        acked: the runs whose end was acknowledged, with those who are to be told.
        refusals: what the server refused, which it must not.
    """

    site: Site
    sinks: Sequence[Sink]
    chance: random.Random
    acked: dict[str, list[Sink]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Report run after run."""
        while not self.is_over.is_set():
            uid, told = str(uuid4()), self.chance.sample(self.sinks, TOLD_A_RUN)
            callbacks = [{"url": f"{sink.url}/flaky?run={uid}", "method": "POST"} for sink in told]
            notify = {"criteria": {"status": "complete"}, "callbacks": callbacks}
            self._send("PUT", f"/api/v1/runs/{uid}", {"service": "chaos", "notify": notify})
            path = f"/api/v1/runs/{uid}/events"
            self._send("POST", path, {"seq": 1, "ts": AT, "type": "run.start", "service": "chaos"})
            self._send("POST", path, {"seq": 2, "ts": AT, "type": "run.end", "status": "complete"})
            self.acked[uid] = told

    def _send(self, method: str, path: str, body: object) -> None:
        headers = {"Authorization": f"Bearer {self.site.token}", "Content-Type": "application/json"}
        while True:
            with suppress(OSError, http.client.HTTPException):
                with closing(http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=20)) as connection:
                    connection.request(method, path, json.dumps(body), headers)
                    answer = connection.getresponse()
                    said = answer.read()
                if answer.status < 300:
                    return
                self.refusals.append(f"refused {method} {path}: {answer.status} {said.decode(errors='replace')}")
            time.sleep(0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of it all; every list but the last must be empty.

    Args:
        lost: acknowledged runs that are not in the database as complete.
        undelivered: runs whose receiver has never taken their message.
        renamed: runs whose message came to one receiver under different ids.
        unfinished: what the database says is not done, or was given up.
        doubled: ids that a receiver has taken more than once.
    """

    lost: list[str]
    undelivered: list[str]
    renamed: list[str]
    unfinished: list[str]
    doubled: list[str]

    @property
    def faults(self) -> list[str]:
        """Return what must not be, in words."""
        found = {"lost": self.lost, "not delivered": self.undelivered, "renamed": self.renamed, "": self.unfinished}
        return [f"{word} {each}".strip() for word, items in found.items() for each in items]


def examine(engine: Engine, acked: dict[str, list[Sink]], sinks: Sequence[Sink]) -> Finding:
    """Hold what was acknowledged against the database and what the receivers have got."""
    with engine.connect() as connection:
        stored = {row.uid: row.status for row in connection.execute(text("SELECT uid, status FROM run"))}
        kept = list(connection.execute(text("SELECT state, reason FROM delivery WHERE state <> 'sent'")))
        kept += connection.execute(text("SELECT state, fault AS reason FROM outbox"))
        unfinished = [f"{row.state}: {row.reason}" for row in kept]
    came = {(id(sink), each.query.removeprefix("run=")): set[str]() for sink in sinks for each in sink.arrivals}
    taken = dict.fromkeys(came, 0)
    for sink in sinks:
        for each in sink.arrivals:
            place = (id(sink), each.query.removeprefix("run="))
            came[place].add(each.message_id)
            taken[place] += each.is_taken
    wanted = [(id(sink), uid) for uid, told in acked.items() for sink in told]
    return Finding(
        lost=[uid for uid in acked if stored.get(uid) != "complete"],
        undelivered=[uid for place, uid in wanted if not taken.get((place, uid))],
        renamed=[uid for (_place, uid), ids in came.items() if len(ids) > 1],
        unfinished=unfinished,
        doubled=[uid for (_place, uid), count in taken.items() if count > 1],
    )


@contextmanager
def hurrying(engine: Engine) -> Iterator[None]:
    """Let no try wait for its time meanwhile; rows that somebody has in hand are left alone."""
    is_over = threading.Event()
    statement = HURRY_POSTGRES if engine.dialect.name == "postgresql" else HURRY_SQLITE

    def hurry() -> None:
        while not is_over.wait(HURRY_S):
            with engine.begin() as connection:
                connection.execute(text(statement))

    thread = threading.Thread(target=hurry, name="hurry")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def count_waiting(engine: Engine) -> int:
    """Return how much is still to be done."""
    with engine.connect() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM outbox WHERE state <> 'spent'")).scalar_one()
        return count


def count_errors(folder: Path) -> Counter[str]:
    """Return what the processes said of errors, for whoever wants to know why; killed ones may complain."""
    lines = [line for path in folder.glob("*.out") for line in path.read_text(errors="replace").splitlines()]
    return Counter(line.partition(" error ")[2] for line in lines if " error " in line)


@contextmanager
def prepared(setup: Setup, folder: Path) -> Iterator[tuple[Site, Engine]]:
    """Start everything that a setup needs, and the processes that are killed."""
    with ExitStack() as stack:
        address = f"sqlite:///{folder / 'instance' / 'afterrun.db'}"
        settings: dict[str, str] = {}
        if setup.broker:
            running = {"redis": running_redis, "rabbitmq": running_rabbitmq}[setup.broker]
            broker = stack.enter_context(running(find_program(setup.broker) or "", make_certificates(folder)))
            address = stack.enter_context(running_postgres(find_program("postgres") or "")).create_database()
            settings = {"TASK_ENGINE": "celery", "CELERY_BROKER_URL": broker.url, "DATABASE_URL": address}
        site = Site(setup, folder, settings)
        stack.callback(site.stop)
        engine = create_engine(address)
        stack.callback(engine.dispose)
        yield site, engine


def torment(setup: Setup, *, seconds: float, seed: int) -> list[str]:
    """Kill for a while, let everything drain, print the row of what was found, and return what must not be."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sinks = [stack.enter_context(running_sink(failing=FAILING)) for _ in range(SINKS)]
        site, engine = stack.enter_context(prepared(setup, folder))
        stack.enter_context(hurrying(engine))
        reporters = [Reporter(site, sinks, random.Random(chance.random())) for _ in range(REPORTERS)]
        threads = [threading.Thread(target=reporter.run, name="reporter") for reporter in reporters]
        for thread in threads:
            thread.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(chance.uniform(*PAUSE_S))
            site.kill_one(chance)
        for reporter, thread in zip(reporters, threads, strict=True):
            reporter.is_over.set()
            thread.join()
        began = time.monotonic()
        while count_waiting(engine) and time.monotonic() < began + DRAIN_S:
            time.sleep(0.5)
        drained_s = time.monotonic() - began
        acked = {uid: told for reporter in reporters for uid, told in reporter.acked.items()}
        found = examine(engine, acked, sinks)
        tries = sum(len(sink.arrivals) for sink in sinks)
        for line, count in count_errors(folder).most_common(10):
            print(f"{setup.title}, said {count} times: {line}", file=sys.stderr)
    print(
        f"| {setup.title} | {site.kills['serve']} + {site.kills['worker']} | {len(acked)} | {len(found.lost)} "
        f"| {len(acked) * TOLD_A_RUN} | {tries} | {len(found.undelivered)} | {len(found.doubled)} "
        f"| {len(found.renamed)} | {drained_s:.0f} s | {'**violated**' if found.faults else 'ok'} |",
        flush=True,
    )
    refusals = [refusal for reporter in reporters for refusal in reporter.refusals]
    return [f"{setup.title}: {fault}" for fault in (*found.faults, *refusals)]


def main() -> int:
    """Torment the setups and say by the exit code whether everything held."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SETUP", help=", ".join(SETUPS), choices=[[], *SETUPS])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long processes are killed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of all chance")
    given = parser.parse_args()
    print("## Chaos (`make chaos`)\n")
    print(f"{given.seconds:g} s of SIGKILL at random; receivers fail {FAILING:.0%} of their requests.\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    faults: list[str] = []
    for name in given.names or SETUPS:
        missing = SETUPS[name].find_missing()
        if missing:
            print(f"| {SETUPS[name].title} | skipped: {missing} |" + " |" * (len(COLUMNS) - 2), flush=True)
        else:
            faults += torment(SETUPS[name], seconds=given.seconds, seed=given.seed)
    print(f"\nSeed {given.seed}. Load of the machine meanwhile: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores.")
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
