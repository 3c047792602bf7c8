"""Does a list of runs cost the same with a hundred times as many runs stored, whatever the filter?

    python -m bench.lists [--quick]

Two databases are filled with runs that are alike, the pages and API answers of both are measured in turn. Times are the
server's CPU time: other work on the machine should not decide.
"""

import argparse
import http.client
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import zstandard
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from bench.list_rows import GAP_S, NOW, add_fleet, fill, rare_ids, uid_of
from tests.servers.product import Product, running_product
from webapp.accounts.sessions import account_of
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.access import Role
from webapp.store import accounts
from webapp.store.db import db, writing
from webapp.store.schema import upgrade

SMALL, LARGE, QUICK_LARGE = 10_000, 1_000_000, 100_000
ROUNDS = 3
MAX_RATIO = 2.0
MAX_SHIPPED = 300
MAX_MEMORY_MB = 120
# The HTTP server buffers up to 16 MB for a reader that is slower than the database.
MAX_GROWTH_MB = 24
REQUESTS = 400
RESULT_BYTES = 50_000_000
SHOWN = ("/runs", "/runs?q=needle", "/api/v1/runs?q=level:failed", "/services", "/devices")
COOKIE = "afterrun_session"
PAGES: Mapping[str, str] = {"page": "/runs", "API": "/api/v1/runs"}


def days_ago(days: int) -> str:
    """Return the date so many days ago, as filters take it."""
    return f"{NOW - timedelta(days=days):%Y-%m-%d}"


# Filters with values that many runs have and values that a few have, of every field of the catalogue. In braces stands
# what is different in each database, because it names one of its five rare runs.
FILTERS = (
    "", "service:svc-05", "service:rare", "service:svc-*", "-service:svc-05", "level:ok", "level:failed",
    "level:>=warnings", "service:svc-05 level:ok", "service:svc-05 level:failed", "status:complete", "status:running",
    "status:finished", "status:running,queued", "service:svc-05 status:running", "has:ok", "has:lost", "has:failure",
    "change:newly_failing", "change:missing", "change:regression level:errors", "priority:>50", "priority:50",
    "device:edge-005", "device:rare", "device:edge-*", "number:5", "number:>=2", "number:{number}", "label:nightly",
    "label:rare", "label:night*", "label:none", "submitter:person-05", "submitter:rare", "submitter:person-*",
    "trigger:schedule", "trigger:rare", "trigger:sched*", "uid:{uid}", "uid:0*", 'key:"{key}"', "key:*", "key:rare*",
    "parent:*", "parent:{parent}", "attempts:>1", "attempts:9", "after:24h", f"after:{days_ago(20)}",
    f"before:{days_ago(20)}", f"started:{days_ago(20)}", f"ended:{days_ago(20)}", "ended:today", "kind:service",
    "kind:workflow", "duration:<1m", "duration:>5m", "message:done", "message:needle", "is:flaky",
    "is:flaky attempts:9", "done", "needle", "nothing", "label:rare level:failed", "level:ok message:needle",
    "after:30d level:failed", "needle OR status:running", "-level:ok,warnings,errors",
    "status:complete level:failed", "service:rare submitter:person-05", "after:30d service:svc-05",
    "service:svc-05 trigger:rare", "after:2020-01-01 service:rare", "trigger:schedule level:failed",
)  # fmt: skip


@dataclass(kw_only=True)
class Store:
    """A filled database, its application, and a viewer signed in."""

    count: int
    instance: Path
    app: Flask
    client: FlaskClient
    cookie: str
    queries: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """Return the file."""
        return self.instance / "afterrun.db"

    def seconds(self, path: str, query: Mapping[str, str]) -> float:
        """Return the CPU seconds of one request."""
        began = time.thread_time()
        answer = self.client.get(path, query_string=query)
        took = time.thread_time() - began
        assert answer.status_code == 200, (query, answer.text)
        return took

    def filter(self, text: str) -> str:
        """Return a filter with the values of this database's middle rare run."""
        rare = rare_ids(self.count)[2]
        values = {"number": rare // 40 + 1, "uid": uid_of(rare), "key": f"rare:{rare}", "parent": uid_of(rare - 1)}
        return text.format(**values)


@dataclass(kw_only=True)
class Report:
    """The section that is printed, and whether a target was missed."""

    lines: list[str] = field(default_factory=list)
    missed: int = 0

    def head(self, *cells: str) -> None:
        """Begin a table."""
        self.lines += ["", "| " + " | ".join(cells) + " |", "|" + "---|" * len(cells)]

    def add(self, *cells: str, good: bool) -> None:
        """Add a row with its verdict."""
        self.missed += not good
        self.lines.append("| " + " | ".join(cells) + f" | {'ok' if good else '**missed**'} |")


def prepare(instance: Path, count: int) -> Store:
    """Make and fill a database; sign a viewer in."""
    instance.mkdir()
    app = create_app(instance)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    fill(instance / "afterrun.db", count)
    with app.app_context(), writing() as session:
        user = accounts.add_user(session, accounts.NewUser(name="viewer", email="", role=Role.VIEWER), now=now())
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = account_of(user).get_id()
        kept["_fresh"] = True
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    store = Store(count=count, instance=instance, app=app, client=client, cookie=cookie.value)
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *values: store.queries.append(values[2]))
    return store


def in_turn(works: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Return the median milliseconds of each work, after one that is not counted; they take turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS + 1):
        for name, work in works.items():
            took = work()
            if number:
                found[name].append(took * 1e3)
    return {name: statistics.median(values) for name, values in found.items()}


def lists(small: Store, large: Store, report: Report) -> None:
    """Measure the page and the API with every filter."""
    report.head("filter", *(f"{name}, {s.count:,} / {large.count:,}" for name in PAGES for s in (small,)), "ratios",
                "queries", "")  # fmt: skip
    for text in FILTERS:
        cells, ratios, queries = [], [], []
        for path in PAGES.values():
            took = in_turn({"small": ask(small, path, text), "large": ask(large, path, text)})
            cells.append(f"{took['small']:.1f} / {took['large']:.1f} ms")
            ratios.append(took["large"] / took["small"])
            queries.append(tuple(asked(store, path, text) for store in (small, large)))
        is_good = max(ratios) <= MAX_RATIO and all(few == many for few, many in queries)
        shown = ", ".join(str(few) if few == many else f"{few}/{many}" for few, many in queries)
        report.add(f"`{text}`" if text else "none", *cells, " ".join(f"{r:.2f}" for r in ratios), shown, good=is_good)


def services(small: Store, large: Store, report: Report) -> None:
    """Measure the pages of one service."""
    report.head("page of a service", f"{small.count:,} / {large.count:,}", "ratio", "")
    for path in ("/services/svc-05", "/services/svc-05/trends"):
        took = in_turn({"small": visit(small, path), "large": visit(large, path)})
        ratio = took["large"] / took["small"]
        report.add(f"`{path}`", f"{took['small']:.1f} / {took['large']:.1f} ms", f"{ratio:.2f}",
                   good=ratio <= MAX_RATIO)  # fmt: skip


def visit(store: Store, path: str) -> Callable[[], float]:
    """Return what measures one page once."""
    return lambda: store.seconds(path, {})


def ask(store: Store, path: str, text: str) -> Callable[[], float]:
    """Return what measures one list once."""
    return lambda: store.seconds(path, {"q": store.filter(text)})


def asked(store: Store, path: str, text: str) -> int:
    """Return how many statements one list takes."""
    store.queries.clear()
    store.seconds(path, {"q": store.filter(text)})
    return len(store.queries)


def fleets(store: Store, report: Report) -> None:
    """Measure the page of a run with many devices beside one with few; the same number of them failed."""
    few = add_fleet(store.database, "fleet-small", devices=100, failures=100)
    many = add_fleet(store.database, "fleet-large", devices=10_000, failures=100)
    failed = {"status": "failure"}
    took = in_turn(
        {uid: (lambda uid=uid: store.seconds(f"/runs/{uid}", failed)) for uid in (few, many)}  # type: ignore[misc]
    )
    report.head("run page, failed devices only", "measured", "target", "")
    ratio = took[many] / took[few]
    report.add("10,000 devices against 100, 100 failed in both",
               f"{took[many]:.1f} against {took[few]:.1f} ms: {ratio:.2f}x", f"<= {MAX_RATIO:g}x",
               good=ratio <= MAX_RATIO)  # fmt: skip
    shipped = store.client.get(f"/runs/{many}").text.count('<tr id="result-')
    report.add("rows shipped of 10,000 devices", f"{shipped}", f"<= {MAX_SHIPPED}", good=0 < shipped <= MAX_SHIPPED)


def giant_result(store: Store) -> str:
    """Add a run whose first device has a JSON result of 50 MB; return its uid."""
    dice = random.Random(5)
    rows = [{"prefix": f"10.{n >> 8 & 255}.{n & 255}.0/24", "next": dice.random()} for n in range(1_000_000)]
    raw = msgspec.json.encode({"routes": rows})
    packed = zstandard.compress(raw, 3)
    return add_fleet(store.database, "giant", devices=10, failures=1, blob=packed, size=len(raw))


def memory_mb(server: Product, name: str) -> float:
    """Return what the server's process takes (VmRSS), or has ever taken (VmHWM)."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) / 1024


def memory(store: Store, report: Report) -> None:
    """Measure the memory of a server of its own: idle, after many requests, and while it sends a giant result."""
    uid = giant_result(store)
    with store.app.app_context():
        db.engine.dispose()
    report.head("memory of the server", "measured", "target", "")
    with running_product(store.instance) as server, connected(server) as connection:
        idle = memory_mb(server, "VmRSS")
        report.lines.append(f"| idle | {idle:.0f} MB | | |")
        headers = {"Cookie": f"{COOKIE}={store.cookie}"}
        for path in SHOWN:
            read(connection, path, headers)
        before = memory_mb(server, "VmHWM")
        size = read(connection, f"/api/v1/runs/{uid}/devices/giant-00000/result", headers)
        grown = memory_mb(server, "VmHWM") - before
        assert size >= RESULT_BYTES * 0.8, size
        report.add(f"grown while a JSON result of {size / 1e6:.0f} MB is sent", f"{grown:.1f} MB",
                   f"<= {MAX_GROWTH_MB} MB", good=grown <= MAX_GROWTH_MB)  # fmt: skip
        for number in range(REQUESTS):
            read(connection, SHOWN[number % len(SHOWN)], headers)
        used = memory_mb(server, "VmRSS")
        report.add(f"after {REQUESTS} requests", f"{used:.0f} MB", f"< {MAX_MEMORY_MB} MB", good=used < MAX_MEMORY_MB)


@contextmanager
def connected(server: Product) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to the server."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)) as connection:
        yield connection


def read(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> int:
    """Read an answer to its end and return how many bytes it has."""
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    size = 0
    while piece := answer.read(1 << 16):
        size += len(piece)
    assert answer.status == 200, (path, answer.status)
    return size


def main() -> int:
    """Measure and print the section; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LARGE:,} runs instead of {LARGE:,}")
    count = QUICK_LARGE if parser.parse_args().quick else LARGE
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        small = prepare(Path(folder) / "small", SMALL)
        began = time.monotonic()
        large = prepare(Path(folder) / "large", count)
        filled = time.monotonic() - began
        logging.getLogger("webapp.requests").setLevel(logging.WARNING)
        lists(small, large, report)
        services(small, large, report)
        fleets(large, report)
        memory(large, report)
        size = large.database.stat().st_size / 1e6
    print(
        f"## Lists of runs\n\nA database of {count:,} runs ({size:,.0f} MB, filled in {filled:.0f} s) beside one of "
        f"{SMALL:,}, one run every {GAP_S // 60} minutes. Server's CPU time of a request, median of {ROUNDS}; at most "
        f"{MAX_RATIO:g} times as much in the large one, with as many queries."
    )
    print("\n".join(report.lines))
    return 1 if report.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
