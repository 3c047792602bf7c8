"""How soon is somebody told, what does telling cost a reporter, and do dead destinations hold up the others?

    python -m bench.notify [--quick]

Server and receiver are processes of their own but for the planning, which is CPU time within this one. Rounds that are
compared take turns, because other programs run on the machine too.
"""

import argparse
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from bench.sink import Sink, running_sink
from tests.factories.runs import NOW, CaseReport, Device, record_run
from tests.servers.product import Product, running_product
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.notices import Event
from webapp.notify.office import EXTENSION, Office
from webapp.notify.plan import keep_plan, plan_event
from webapp.store.changes import hub_of
from webapp.store.db import db, reading, writing
from webapp.store.runs import get_run
from webapp.store.schema import upgrade

AT = "2026-11-22T12:00:00Z"
MAX_P50_S, MAX_P99_S = 0.3, 1.0
MAX_ADDED_S = 0.010
MAX_RATIO = 1.5
MAX_PLAN_S = 0.3
RECIPIENTS = 100
DESTINATIONS = 20
DELIVERIES = 1_000
DEVICES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    ends: int
    pairs: int
    rounds: int


WHOLE = Size(ends=200, pairs=30, rounds=3)
QUICK = Size(ends=40, pairs=8, rounds=1)


class Client:
    """A reporter on one connection."""

    def __init__(self, server: Product) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=60)
        self._headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def begin(self, urls: Sequence[str]) -> str:
        """Begin a run whose end is told to these addresses, and return its uid."""
        uid = str(uuid4())
        body: dict[str, object] = {"service": "bench"}
        if urls:
            callbacks = [{"url": url, "method": "POST"} for url in urls]
            body["notify"] = {"criteria": {"status": "finished"}, "callbacks": callbacks}
        self._ask("PUT", f"/api/v1/runs/{uid}", json.dumps(body).encode())
        self._ask("POST", f"/api/v1/runs/{uid}/events", _line(1, type="run.start", service="bench"))
        return uid

    def end(self, uid: str) -> float:
        """End a run and return the seconds that the request took."""
        began = time.perf_counter()
        self._ask("POST", f"/api/v1/runs/{uid}/events", _line(2, type="run.end", status="complete"))
        return time.perf_counter() - began

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes) -> None:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status in (200, 201), said


def _line(seq: int, **fields: str) -> bytes:
    return json.dumps({"seq": seq, "ts": AT, **fields}).encode()


@contextmanager
def serving() -> Iterator[Client]:
    """Run a server of its own, embedded worker and all, that has nothing else to do."""
    settings = {"CALLBACK_ALLOW_PRIVATE": "127.0.0.0/8"}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_product(Path(folder) / "instance", settings=settings) as server,
        closing(Client(server)) as client,
    ):
        client.end(client.begin([]))  # the first of everything is slower
        time.sleep(2)
        yield client


def wait_for(sinks: Sequence[Sink], count: int) -> None:
    """Wait until each sink has got so many requests."""
    deadline = time.monotonic() + 600
    while any(len(sink.arrivals) < count for sink in sinks):
        assert time.monotonic() < deadline, "they did not come in ten minutes"
        time.sleep(0.005)


def measure_latency(size: Size) -> tuple[float, float]:
    """Return the median and the 99th percentile of the seconds from the request of a run's end to the receiver."""
    times = []
    with serving() as client, running_sink() as sink:
        for number in range(1, size.ends + 1):
            uid = client.begin([f"{sink.url}/ok"])
            time.sleep(0.1)  # the start is planned meanwhile
            began = time.monotonic()
            client.end(uid)
            wait_for([sink], number)
            times.append(sink.arrivals[-1].at - began)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99) - 1]


def measure_added(size: Size, path: str) -> tuple[float, float]:
    """Return the median seconds of the request that ends a run without recipients, and what a hundred add to it."""
    alone, added = [], []
    with serving() as client, running_sink() as sink:
        urls = [f"{sink.url}{path}?n={number}" for number in range(RECIPIENTS)]
        for number in range(1, size.pairs + 1):
            plain, told = client.begin([]), client.begin(urls)
            time.sleep(0.3)
            alone.append(client.end(plain))
            time.sleep(0.3)
            added.append(client.end(told) - alone[-1])
            if path == "/ok":
                wait_for([sink], number * RECIPIENTS)
    return statistics.median(alone), statistics.median(added)


def measure_sick(*, with_sick: bool) -> float:
    """Return the seconds from the first run's end until every healthy destination has heard of every run."""
    runs = DELIVERIES // DESTINATIONS
    with serving() as client, ExitStack() as stack:
        sinks = [stack.enter_context(running_sink()) for _ in range(DESTINATIONS)]
        healthy, sick = sinks[2:], sinks[:2]
        urls = [f"{sink.url}/ok" for sink in healthy]
        if with_sick:
            urls[:0] = [f"{sink.url}{path}" for sink, path in zip(sick, ("/dead", "/drip"), strict=True)]
        uids = [client.begin(urls) for _ in range(runs)]
        time.sleep(1)
        began = time.monotonic()
        for uid in uids:
            client.end(uid)
        wait_for(healthy, runs)
        return max(arrival.at for sink in healthy for arrival in sink.arrivals) - began


def measure_planning() -> float:
    """Return the median CPU seconds of planning a regression policy on a run of 10,000 devices with a case each."""
    block = {"criteria": {"status": "finished", "type": "regression"}, "callback": {"url": "http://127.0.0.1/"}}
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder), config={"TESTING": True})
        with app.app_context():
            upgrade()
            record_run(app, devices=devices(0), cases=cases(0))
            later = NOW + timedelta(hours=1)
            uid = record_run(app, devices=devices(100), cases=cases(100), fields={"notify": block}, now=later)
            costs = [plan_cost(app.extensions[EXTENSION], uid) for _ in range(9)]
            hub_of(db.engine).close()
            db.session.remove()
            db.engine.dispose()
    return statistics.median(costs)


def devices(failing: int) -> list[Device]:
    """Return reports of every device, all with new results, so many of them failed."""
    every = DEVICES // failing if failing else DEVICES + 1
    return [
        Device(name=f"edge-{number}", status="ok" if (number + 1) % every else "failed", result={"n": number + failing})
        for number in range(DEVICES)
    ]


def cases(failing: int) -> list[CaseReport]:
    """Return reports of a case of every device, so many of them failed."""
    every = DEVICES // failing if failing else DEVICES + 1
    return [
        CaseReport(name="reachable", device=f"edge-{number}", result="pass" if (number + 1) % every else "fail")
        for number in range(DEVICES)
    ]


def plan_cost(office: Office, uid: str) -> float:
    """Plan the end of a run whose policy is met, and return the CPU seconds it took."""
    began = time.process_time()
    with reading() as session:
        planned = plan_event(session, office, run_id=get_run(session, uid).id, event=Event.ENDED, now=now())
    with writing() as session:
        keep_plan(session, planned, now=now())
    took = time.process_time() - began
    assert [each.skipped for each in planned.addressees] == [""], planned
    return took


def verdict(what: str, value: float, target: float, unit: str) -> bool:
    """Print a row that says whether a figure reaches its target, and return whether it does."""
    factor, digits = (1000, 0 if value >= 0.1 else 1) if unit == "ms" else (1, 2)
    said = "ok" if value <= target else "**missed**"
    print(f"| {what} | {value * factor:.{digits}f} {unit} | <= {target * factor:g} {unit} | {said} |", flush=True)
    return value <= target


def measure(size: Size) -> bool:
    """Print the section and return whether the targets were reached."""
    print("## Notifications (`python -m bench notify`)\n\nSQLite and the embedded worker; receivers on loopback.\n")
    print("| what | measured | target | |\n|---|---|---|---|")
    reached = []
    p50, p99 = measure_latency(size)
    title = f"`run.end` sent until it is at the receiver, {size.ends} runs one after another"
    reached.append(verdict(f"{title}: median", p50, MAX_P50_S, "ms"))
    reached.append(verdict("the same: 99 %", p99, MAX_P99_S, "ms"))
    plain, added = measure_added(size, "/ok")
    reached.append(verdict(f"{RECIPIENTS} recipients add to the `run.end` request", added, MAX_ADDED_S, "ms"))
    _plain, added = measure_added(size, "/dead")
    reached.append(verdict(f"{RECIPIENTS} recipients that never answer", added, MAX_ADDED_S, "ms"))
    pairs = [(measure_sick(with_sick=False), measure_sick(with_sick=True)) for _ in range(size.rounds)]
    ratio = statistics.median(sick / well for well, sick in pairs)
    title = f"{DELIVERIES:,} deliveries to {DESTINATIONS} destinations, healthy ones when two are sick"
    reached.append(verdict(title, ratio, MAX_RATIO, "x"))
    title = f"planning a regression policy on a run of {DEVICES:,} devices with a case each (CPU)"
    reached.append(verdict(title, measure_planning(), MAX_PLAN_S, "ms"))
    print(f"\nThe `run.end` request without recipients took {plain * 1000:.1f} ms (median of {size.pairs}).")
    seconds = ", ".join(f"{well:.1f} and {sick:.1f} s" for well, sick in pairs)
    print(
        f"Healthy destinations were done after, without and with a dead and a dripping one: {seconds}; medians count."
    )
    print(f"Load of the machine meanwhile: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores.")
    return all(reached)


def main() -> int:
    """Measure and say by the exit code whether the targets were reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.notify", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs and rounds")
    return 0 if measure(QUICK if parser.parse_args().quick else WHOLE) else 1


if __name__ == "__main__":
    raise SystemExit(main())
