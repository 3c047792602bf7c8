"""Keep one giant log and read it anywhere: memory while it comes in, time to any line, search beside zstdcat and grep.

Times are CPU time, of all processes of a side: other work on the machine should not decide.

`python -m bench.logs` takes 1 GB, `--quick` 64 MB, `--mb N` any other size.
"""

import argparse
import logging
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from webapp.accounts.tokens import TokenRequest, make_token
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.access import Role, Scope
from webapp.domain.loglines import LineLevel
from webapp.domain.logsearch import make_matcher
from webapp.store import accounts
from webapp.store.db import db, reading, writing
from webapp.store.log_search import find_level, search_log
from webapp.store.logs import get_log, line_count, page_lines
from webapp.store.models import Base
from webapp.store.runs import get_run

MB = 1 << 20
UID = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER = "01890a5d-ac96-774b-bcce-b302099a8058"
SEEK_P50_MS = 5.0
SEARCH_RATIO = 3.0
MAX_GROWTH_MB = 64
WORDS = (
    *("interface", "vlan", "route", "bgp", "ospf", "neighbor", "established", "down", "up", "timeout", "retry"),
    *(
        "connected",
        "commit",
        "rollback",
        "config",
        "saved",
        "checksum",
        "mismatch",
        "error",
        "warning",
        "info",
        "debug",
    ),
)
LEVELS = ("INFO",) * 12 + ("DEBUG",) * 6 + ("WARNING", "ERROR")


@dataclass(kw_only=True)
class Report:
    """The section that is printed, and what missed its target."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, what: str, value: str, *, target: str = "", good: bool = True) -> None:
        """Add a row; a missed target is marked."""
        self.rows.append((what, value, target if good else f"**{target}: missed**"))
        if not good:
            self.missed.append(what)

    def text(self, size: int) -> str:
        """Write the section."""
        head = f"## Logs\n\nOne log of {size / 1e6:,.0f} MB, sent over the API into SQLite. Times are CPU time.\n\n"
        lines = [("what", "measured", "target"), ("---", "---", "---"), *self.rows]
        return head + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def make_blocks() -> list[bytes]:
    """Return sixteen blocks of whole lines of 1 MB."""
    dice = random.Random(3)
    blocks = []
    for _ in range(16):
        lines: list[str] = []
        size = 0
        while size < MB:
            stamp = f"2026-11-22T08:{dice.randint(0, 59):02d}:{dice.randint(0, 59):02d}.{dice.randint(0, 999):03d}"
            text = " ".join(dice.choices(WORDS, k=dice.randint(3, 12)))
            lines.append(f"{stamp} sw-{dice.randint(0, 9999):05d} {dice.choice(LEVELS)} {dice.choice(WORDS)}: {text}\n")
            size += len(lines[-1])
        blocks.append("".join(lines).encode())
    return blocks


def stream(blocks: list[bytes], count: int) -> Iterator[bytes]:
    """Yield this many blocks in turn; each begins with a line of its own, so that no two parts of the log are equal."""
    for number in range(count):
        yield b"2026-11-22T08:00:00.000 sw-00000 INFO part %d\n" % number + blocks[number % len(blocks)]


def peak_mb() -> float:
    """Return the greatest size that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def prepare(app: Flask) -> FlaskClient:
    """Make the tables, a token and two runs; return a client that may do everything."""
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with writing() as session:
            user = accounts.add_user(session, accounts.NewUser(name="bench", email="", role=Role.ADMIN), now=now())
            wanted = TokenRequest(user_id=user.id, scopes=frozenset({Scope.ADMIN}), description="bench")
            token = make_token(session, wanted, by_id=None, now=now()).text
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    for uid in (UID, OTHER):
        assert client.put(f"/api/v1/runs/{uid}", json={"service": "bench"}).status_code == 201
    return client


def append(client: FlaskClient, blocks: list[bytes], raw: Path, report: Report) -> None:
    """Send the log in one request, and a part of it in small ones."""
    for block in blocks:
        assert client.post(f"/api/v1/runs/{OTHER}/logs/run", data=block).status_code == 200
    size = raw.stat().st_size
    before, began = peak_mb(), spent()
    with raw.open("rb") as source:
        answer = client.post(f"/api/v1/runs/{UID}/logs/run", query_string={"offset": 0}, input_stream=source)
    took, grown = spent() - began, peak_mb() - before
    assert answer.json == {"offset": size}, answer.text
    report.add("taken in, one request", f"{size / 1e6 / took:.0f} MB/s")
    target = f"at most {MAX_GROWTH_MB} MB"
    report.add("memory grown while it came in", f"{grown:.1f} MB", target=target, good=grown <= MAX_GROWTH_MB)
    began = spent()
    pieces = list(stream(blocks, 16))
    for piece in pieces:
        assert client.post(f"/api/v1/runs/{OTHER}/logs/small", data=piece).status_code == 200
    took = spent() - began
    report.add("taken in, requests of 1 MB", f"{sum(map(len, pieces)) / 1e6 / took:.0f} MB/s")


def spent() -> float:
    """Return the CPU seconds of this process and of the programs that it ran."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def times(run: Callable[[], object], count: int) -> list[float]:
    """Return how many milliseconds each of some calls took, sorted."""
    found = []
    for _ in range(count):
        began = time.process_time()
        run()
        found.append((time.process_time() - began) * 1e3)
    return sorted(found)


def read(report: Report) -> None:
    """Open lines anywhere and at the end, and find errors."""
    dice = random.Random(1)
    with reading() as session:
        log = get_log(session, run_id=get_run(session, UID).id, stream="run")
        count = line_count(log)
        report.add("lines; errors; warnings", f"{count:,}; {log.errors:,}; {log.warnings:,}")
        seeks = times(lambda: page_lines(session, log, first=dice.randrange(count - 300), count=200), 300)
        p50, p99 = statistics.median(seeks), seeks[int(len(seeks) * 0.99)]
        target = f"p50 at most {SEEK_P50_MS:.0f} ms"
        report.add("any line + 200, p50; p99", f"{p50:.2f}; {p99:.2f} ms", target=target, good=p50 <= SEEK_P50_MS)
        tails = times(lambda: page_lines(session, log, first=count - 200, count=200), 100)
        report.add("last 200 lines, p50", f"{statistics.median(tails):.2f} ms")
        errors = times(
            lambda: find_level(session, log, level=LineLevel.ERROR, first=dice.randrange(count), is_backward=False), 100
        )
        report.add("next error, p50", f"{statistics.median(errors):.2f} ms")


def search(packed: Path, report: Report) -> None:
    """Search the whole log, beside zstdcat and grep on the same bytes; three rounds in turn, the best of each."""
    for text in ("sw-04242", "rollback saved", "timeout"):
        ours, theirs = [], []
        for _ in range(3):
            with reading() as session:
                log = get_log(session, run_id=get_run(session, UID).id, stream="run")
                began = spent()
                found = search_log(session, log, matcher=make_matcher(text), budget_s=600)
                ours.append(spent() - began)
            began = spent()
            command = f"zstdcat {packed} | grep -c -- '{text}'"
            counted = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602
            theirs.append(spent() - began)
            assert found.total == int(counted.stdout)
        ratio = min(ours) / min(theirs)
        report.add(
            f"search `{text}`, {found.total:,} lines",
            f"{min(ours):.2f} s; zstdcat and grep {min(theirs):.2f} s; {ratio:.1f} x",
            target=f"at most {SEARCH_RATIO:.0f} x",
            good=ratio <= SEARCH_RATIO,
        )


def main() -> int:
    """Measure and print the section; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="64 MB")
    parser.add_argument("--mb", type=int, default=1024, help="how many MB the log has")
    options = parser.parse_args()
    count = 64 if options.quick else options.mb
    report = Report()
    blocks = make_blocks()
    with tempfile.TemporaryDirectory() as folder:
        raw, packed = Path(folder) / "log", Path(folder) / "log.zst"
        with raw.open("wb") as target:
            target.writelines(stream(blocks, count))
        subprocess.run(["zstd", "-3", "-q", raw, "-o", packed], check=True)
        app = create_app(Path(folder) / "instance")
        logging.getLogger("webapp.requests").setLevel(logging.WARNING)
        client = prepare(app)
        append(client, blocks, raw, report)
        size = raw.stat().st_size
        raw.unlink()
        stored = sum(path.stat().st_size for path in (Path(folder) / "instance").glob("afterrun.db*"))
        report.add("stored, with all of the above", f"{stored / 1e6:.0f} MB")
        with app.app_context():
            read(report)
            search(packed, report)
            db.engine.dispose()
        report.add("greatest size of the process", f"{peak_mb():.0f} MB")
    print(report.text(size))
    for each in report.missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if report.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
