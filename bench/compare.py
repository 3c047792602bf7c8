"""What does it cost to compare two large runs, to store what changed, and what do others notice of it?

    python -m bench.compare [--quick]

Times are the server's CPU time: other work on the machine should not decide. How the page of runs fares while runs are
compared is measured over HTTP, quiet and busy by turns.
"""

import argparse
import http.client
import logging
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from bench.lists import COOKIE, Report, Store, prepare
from tests.factories.runs import CaseReport, Device, record_run
from tests.servers.product import Product, running_product
from webapp.clock import now
from webapp.compare.stored import compare_run, save_run_comparison, show_stored
from webapp.domain.changes import ChangeClass
from webapp.store.db import Session, db, reading, writing
from webapp.store.runs import get_run
from webapp.store.stored_comparisons import find_comparison
from webapp.store.wanted_comparisons import want_comparison

DEVICES, CHANGED, CASES = 10_000, 500, 5_000
QUICK_DEVICES = 2_000
ROUNDS, OTHER_RUNS = 7, 1_000
# Short turns: what else goes on on the machine changes more slowly.
TURNS, PAGES = 50, 10
MAX_MS = 150.0
MAX_END_MS = 10.0
MAX_SLOWED = 2.0
MAX_LARGER = 1.3
SIZES = {"small": 200, "large": 10_000}

Pair = tuple[str, str]


def results(count: int, size: int, seed: int) -> list[dict[str, object]]:
    """Return so many different JSON results of about that size."""
    dice = random.Random(seed)
    return [{"serial": f"{dice.getrandbits(64):x}", "text": f"{dice.getrandbits(4 * size):x}"} for _ in range(count)]


def device_runs(app: Flask, service: str, *, count: int, size: int) -> Pair:
    """Record two runs of a service in which every twentieth device changed: half of those fail, half differ."""
    before, changed = results(count, size, 1), results(count, size, 2)
    every = count // CHANGED if count >= CHANGED else 1
    first = record_run(app, service=service, devices=[_device(n, before[n], "ok") for n in range(count)])
    second = [
        _device(n, changed[n] if n % every == 0 else before[n], "failed" if n % (2 * every) == 0 else "ok")
        for n in range(count)
    ]
    return first, record_run(app, service=service, devices=second)


def _device(number: int, result: object, status: str) -> Device:
    return Device(name=f"edge-{number:05}", status=status, result=result, duration_s=1.0)


def case_runs(app: Flask, count: int) -> Pair:
    """Record two runs of test cases, of which every tenth changed."""

    def run(changed: str) -> str:
        names = (f"test_{number:05}" for number in range(count))
        reports = (CaseReport(name=name, result=changed if name.endswith("0") else "pass") for name in names)
        return record_run(app, service="cases", cases=reports)

    return run("pass"), run("fail")


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median CPU milliseconds of some work, after two times that are not counted."""
    found: list[float] = []
    for _ in range(ROUNDS + 2):
        began = time.thread_time()
        work()
        found.append((time.thread_time() - began) * 1e3)
    return statistics.median(found[2:])


def ask(store: Store, pair: Pair, path: str, **more: str) -> Callable[[], object]:
    """Return what asks for a comparison."""
    return lambda: store.seconds(path, {"a": pair[0], "b": pair[1], **more})


def comparisons(store: Store, pairs: dict[str, Pair], cases: Pair, report: Report) -> None:
    """Measure the page and the API with devices and with cases."""
    report.head("two runs", "page", "API: counts and 300 changes", "target", "")
    found: dict[str, float] = {}
    for name, pair in pairs.items():
        page, api = milliseconds(ask(store, pair, "/compare")), milliseconds(ask(store, pair, "/api/v1/compare"))
        found[name] = api
        report.add(f"devices, results of {SIZES[name]:,} bytes", f"{page:.0f} ms", f"{api:.0f} ms",
                   f"<= {MAX_MS:.0f} ms", good=max(page, api) <= MAX_MS)  # fmt: skip
    page = milliseconds(ask(store, cases, "/compare", tab="cases"))
    api = milliseconds(ask(store, cases, "/api/v1/compare", by="cases"))
    report.add("5,000 cases, 500 changed", f"{page:.0f} ms", f"{api:.0f} ms", f"<= {MAX_MS:.0f} ms",
               good=max(page, api) <= MAX_MS)  # fmt: skip
    ratio = found["large"] / found["small"]
    report.add("large results against small ones", "", f"{ratio:.2f}x", f"<= {MAX_LARGER:g}x", good=ratio <= MAX_LARGER)


def storing(store: Store, pair: Pair, report: Report) -> None:
    """Measure what happens after a run's end, and what its end waits for."""
    report.head("after the end of a run of many devices", "measured", "target", "")
    with store.app.app_context():
        with reading() as session:
            run = get_run(session, pair[1])
        with reading() as session:
            made = compare_run(session, run.id)
        assert made is not None
        comparing = milliseconds(lambda: _read(lambda session: compare_run(session, run.id)))
        saving = milliseconds(lambda: _write(lambda session: save_run_comparison(session, made, now=now())))
        report.add("compare, then save", f"{comparing:.0f} + {saving:.1f} ms", f"<= {MAX_MS:.0f} ms",
                   good=comparing + saving <= MAX_MS)  # fmt: skip
        wanting = milliseconds(lambda: _write(lambda session: want_comparison(session, run.id)))
        report.add("added to the request that ends the run", f"{wanting:.2f} ms", f"<= {MAX_END_MS:.0f} ms",
                   good=wanting <= MAX_END_MS)  # fmt: skip
        counts = milliseconds(lambda: _read(lambda session: find_comparison(session, run.id)))
        kinds = (ChangeClass.NEWLY_FAILING, ChangeClass.CHANGED)

        def names(session: Session) -> object:
            stored = find_comparison(session, run.id)
            assert stored is not None
            return show_stored(session, run, stored, kinds=kinds, limit=12)

        listing = milliseconds(lambda: _read(names))
        report.lines.append(
            f"| the stored counts; with the first twelve names | {counts:.1f} ms; {listing:.1f} ms | | |"
        )


def _read(work: Callable[[Session], object]) -> object:
    with reading() as session:
        return work(session)


def _write(work: Callable[[Session], object]) -> object:
    with writing() as session:
        return work(session)


def neighbours(store: Store, pair: Pair, report: Report) -> None:
    """Measure the page of runs while somebody compares two runs again and again."""
    headers = {"Cookie": f"{COOKIE}={store.cookie}"}
    quiet: list[float] = []
    slowed: list[float] = []
    with store.app.app_context():
        db.engine.dispose()
    with running_product(store.instance) as server:
        latencies(server, headers, PAGES)
        for _ in range(TURNS):
            quiet += latencies(server, headers, PAGES)
            stop = threading.Event()
            busy = threading.Thread(target=compare_until, args=(server, headers, pair, stop))
            busy.start()
            slowed += latencies(server, headers, PAGES)
            stop.set()
            busy.join()
    ratio = p95(slowed) / p95(quiet)
    shown = f"{p95(quiet) * 1e3:.0f}/{p95(slowed) * 1e3:.0f} ms"
    report.head("the page of runs while two runs are compared without a pause", "measured", "target", "")
    report.add(f"p95 against its quiet value, {len(quiet)} pages each ({shown})",
               f"{ratio:.2f}x", f"<= {MAX_SLOWED:g}x", good=ratio <= MAX_SLOWED)  # fmt: skip


def p95(values: list[float]) -> float:
    """Return the value that 95 of a hundred are not above."""
    return statistics.quantiles(values, n=20)[-1]


def latencies(server: Product, headers: dict[str, str], count: int) -> list[float]:
    """Return how many seconds each of so many pages took."""
    return [took for took, _ in zip(_requests(server, headers, "/runs"), range(count), strict=False)]


def compare_until(server: Product, headers: dict[str, str], pair: Pair, stop: threading.Event) -> None:
    """Compare two runs until somebody says stop."""
    for _took in _requests(server, headers, f"/api/v1/compare?a={pair[0]}&b={pair[1]}"):
        if stop.is_set():
            return


def _requests(server: Product, headers: dict[str, str], path: str) -> Iterator[float]:
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)) as connection:
        while True:
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            yield time.perf_counter() - began


def main() -> int:
    """Measure and print the section; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_DEVICES:,} devices instead of {DEVICES:,}")
    count = QUICK_DEVICES if parser.parse_args().quick else DEVICES
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        store = prepare(Path(folder) / "instance", OTHER_RUNS)
        logging.getLogger("webapp.requests").setLevel(logging.WARNING)
        pairs = {name: device_runs(store.app, name, count=count, size=size) for name, size in SIZES.items()}
        cases = case_runs(store.app, CASES)
        comparisons(store, pairs, cases, report)
        storing(store, pairs["large"], report)
        neighbours(store, pairs["large"], report)
    print(
        f"## Comparison of runs\n\nTwo runs of {count:,} devices, {min(count, CHANGED)} of them changed. Server's CPU "
        f"time of a request, median of {ROUNDS}."
    )
    print("\n".join(report.lines))
    return 1 if report.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
