"""What does a page of a comparison of two huge logs cost, on a real server, once and again, and do others wait for it?

    python -m bench.diff_pages [--quick]

CPU times are those of the server's own process, by what the system says of it; the comparison itself is made by a
process of its own. The first paint is what Chromium says of a page that it opens for the first time, by the clock: the
median of some, without it where there is no Chromium.
"""

import argparse
import http.client
import logging
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from playwright.sync_api import Browser, sync_playwright

from bench.diff_texts import Pair, log_pair
from tests.programs import find_program
from tests.servers.product import Product, running_product
from webapp.accounts.sessions import account_of
from webapp.accounts.tokens import TokenRequest, make_token
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.access import Role, Scope
from webapp.store import accounts
from webapp.store.db import db, writing
from webapp.store.schema import upgrade

NAMES = ("10 % changed, times kept", "all changed")
LINES, QUICK_LINES = 960_000, 100_000
COOKIE = "afterrun_session"
UIDS = [str(UUID(int=number)) for number in (1, 2, 3, 4)]
MAX_PAGE, MAX_PAGE_S, MAX_CHUNK_S = 300_000, 0.030, 0.030
MAX_PAINT_S = 1.0
CHUNK = 300
ROUNDS = 20
PAINTS = 5
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class Report:
    """The table that is printed, and how many demands were missed."""

    rows: list[str] = field(default_factory=list)
    missed: int = 0

    def add(self, what: str, measured: str, demand: str = "", *, good: bool = True) -> None:
        """Add a row."""
        self.missed += not good
        self.rows.append(f"| {what} | {measured} | {demand} | {'' if good else '**missed**'} |")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server, and who asks it."""

    server: Product
    cookie: str

    def get(self, path: str) -> bytes:
        """Return a page."""
        with closing(http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=300)) as connection:
            connection.request("GET", path, headers={"Cookie": f"{COOKIE}={self.cookie}"})
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return body

    def cpu_s(self) -> float:
        """Return the CPU seconds of the server's process so far."""
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def memory_mb(self) -> float:
        """Return what the server's process takes."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def spent(self, work: Callable[[int], object]) -> float:
        """Return the server's CPU seconds for one of some rounds."""
        began = self.cpu_s()
        for number in range(ROUNDS):
            work(number)
        return (self.cpu_s() - began) / ROUNDS


def prepare(instance: Path, pairs: list[Pair]) -> str:
    """Make a database with the logs; return the cookie of somebody signed in."""
    instance.mkdir()
    app = create_app(instance)
    with app.app_context():
        upgrade()
        with writing() as session:
            user = accounts.add_user(session, accounts.NewUser(name="viewer", email="", role=Role.ADMIN), now=now())
            wanted = TokenRequest(user_id=user.id, scopes=frozenset({Scope.ADMIN}), description="bench")
            token = make_token(session, wanted, by_id=None, now=now()).text
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = account_of(user).get_id()
        kept["_fresh"] = True
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    for uid, text in zip(UIDS, (text for pair in pairs for text in pair), strict=True):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.put(f"/api/v1/runs/{uid}", json={"service": "bench"}, headers=headers).status_code == 201
        for offset in range(0, len(text), 8 << 20):
            part = text[offset : offset + (8 << 20)]
            answer = client.post(f"/api/v1/runs/{uid}/logs/run?offset={offset}", data=part, headers=headers)
            assert answer.status_code == 200
    with app.app_context():
        db.engine.dispose()
    return cookie.value


def address(pair: int, **more: str | int) -> str:
    """Return the query of a comparison."""
    return urlencode({"a": UIDS[2 * pair], "b": UIDS[2 * pair + 1], "tab": "logs", **more})


def wait(site: Site, query: str) -> float:
    """Ask for a comparison until it is there; return the seconds."""
    began = time.monotonic()
    while b"data-waiting" in site.get(f"/compare?{query}"):
        time.sleep(0.2)
    return time.monotonic() - began


def pages(site: Site, report: Report) -> None:
    """Measure the pages of both pairs."""
    for pair, name in enumerate(NAMES):
        query = address(pair)
        report.add(f"{name}: until it is there", f"{wait(site, query):.1f} s")
        size = len(site.get(f"/compare?{query}"))
        report.add(f"{name}: first page", f"{size / 1000:.0f} kB", "300 kB", good=size <= MAX_PAGE)
        took = site.spent(partial(first_page, site, query))
        report.add(f"{name}: first page, CPU", f"{took * 1000:.0f} ms", "30 ms", good=took <= MAX_PAGE_S)
        took = site.spent(partial(some_rows, site, query))
        report.add(f"{name}: {CHUNK} rows, CPU", f"{took * 1000:.0f} ms", "30 ms", good=took <= MAX_CHUNK_S)
    report.add("memory of the server afterwards", f"{site.memory_mb():.0f} MB")


def paints(site: Site, report: Report) -> None:
    """Measure when something of the first page can be seen; both comparisons are there."""
    chromium = find_program("chromium")
    if chromium is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for pair, name in enumerate(NAMES):
            took = statistics.median(first_paint(browser, site, address(pair)) for _ in range(PAINTS))
            report.add(f"{name}: first page, first paint", f"{took:.2f} s", "1 s", good=took <= MAX_PAINT_S)
        browser.close()


def first_paint(browser: Browser, site: Site, query: str) -> float:
    """Open a page with nothing kept from before; return the seconds until its first text is painted."""
    with closing(browser.new_context(base_url=site.server.url, viewport={"width": 1440, "height": 900})) as context:
        context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.server.url}])
        page = context.new_page()
        page.goto(f"/compare?{query}")
        milliseconds: float = page.wait_for_function(FIRST_PAINT).json_value()
    return milliseconds / 1000


def first_page(site: Site, query: str, _round: int) -> None:
    """Ask for the page."""
    site.get(f"/compare?{query}")


def some_rows(site: Site, query: str, number: int) -> None:
    """Ask for rows far from those asked for before."""
    site.get(f"/compare/rows?{query}&start={number * 9_000}&stop={number * 9_000 + CHUNK}")


def others(site: Site, report: Report) -> None:
    """Measure the list of runs alone, and while comparisons are being made."""
    quiet = p95(site)
    with comparing(site):
        busy = p95(site)
    ratio = busy / quiet
    report.add(
        "p95 of the list of runs while two are made, against a quiet server", f"{ratio:.1f}", "2", good=ratio <= 2
    )


def p95(site: Site) -> float:
    """Return the 95th percentile of the seconds of a page."""
    times = []
    for _ in range(5 * ROUNDS):
        began = time.perf_counter()
        site.get("/runs")
        times.append(time.perf_counter() - began)
    return statistics.quantiles(times, n=20)[-1]


@contextmanager
def comparing(site: Site) -> Iterator[None]:
    """Let comparisons be made meanwhile, one after the other."""
    ended = threading.Event()

    def compare(pair: int) -> None:
        for level in ("volatile", "numbers"):
            for context in ("1", "10", "100"):
                if not ended.is_set():
                    wait(site, address(pair, level=level, context=context))

    threads = [threading.Thread(target=compare, args=(pair,)) for pair in (0, 1)]
    for thread in threads:
        thread.start()
    yield
    ended.set()
    for thread in threads:
        thread.join()


def main() -> int:
    """Measure and print the section; 1 when a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="logs of 100,000 lines")
    logging.disable(logging.INFO)
    lines = QUICK_LINES if parser.parse_args().quick else LINES
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance"
        cookie = prepare(instance, [log_pair(lines, 0.1, style="stamped"), log_pair(lines, 0.01, style="raw")])
        with running_product(instance, token=UIDS[0]) as server:
            site = Site(server=server, cookie=cookie)
            site.get("/runs")
            pages(site, report)
            paints(site, report)
            others(site, report)
    print(f"## Pages of a comparison of two logs of {lines:,} lines\n")
    print("\n".join(["| what | measured | demand | |", "|---|---|---|---|", *report.rows]))
    return 1 if report.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
