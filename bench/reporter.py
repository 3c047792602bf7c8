"""What does reporting cost a program: time per event, and wall time of a producer with and without a reporter?

    python -m bench.reporter [--quick] [--result "2 kB"] [--work 1] [--server URL TOKEN]

Without a server the peer of the tests answers, in a process of its own. Rounds with and without take turns, because
other programs run on the machine too.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.reporters.peer import Peer
from webapp.reporters.afterrun import Reporter

EVENTS, QUICK_EVENTS = 5000, 500
ROUNDS, QUICK_ROUNDS = 7, 2
WORK_MS = 1.0
MAX_EMIT_US = 200
MAX_SHARE = 0.05
INTERFACES = [{"name": f"Ethernet{number}", "mtu": 1500, "is_up": True} for number in range(44)]
RESULTS = {
    "no result": None,
    "200 bytes": {"interfaces": INTERFACES[:4]},
    "2 kB": {"interfaces": INTERFACES},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured: events a round, the work for each, and pairs of rounds."""

    events: int
    work_s: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Wall and processor seconds of one round."""

    wall_s: float
    cpu_s: float


def compute(units: int) -> None:
    """Keep the processor busy."""
    for _ in range(units):
        sum(random.random() for _ in range(60))


def units_for(seconds: float) -> int:
    """Return how many units of computing take so much processor time; the best of some tries."""
    costs = []
    for _ in range(20):
        began = time.thread_time()
        compute(50)
        costs.append((time.thread_time() - began) / 50)
    return max(round(seconds / min(costs)), 1)


def produce(run: Reporter | None, result: object, *, units: int, size: Size) -> Cost:
    """Do pieces of work, half computing, half waiting for a device, each reported where there is a reporter.

    The close of the reporter counts too.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(size.events):
        compute(units)
        time.sleep(size.work_s / 2)
        if run:
            run.device_end(f"edge-{number}", "ok", duration_s=size.work_s, result=result)
    if run:
        run.close(deadline=60)
    return Cost(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)


def emit_costs(run: Reporter, result: object, size: Size) -> list[float]:
    """Return the microseconds of each call in a burst, sorted."""
    costs = []
    for number in range(size.events):
        began = time.perf_counter()
        run.device_end(f"edge-{number}", "ok", duration_s=size.work_s, result=result)
        costs.append((time.perf_counter() - began) * 1e6)
    return sorted(costs)


def measure(url: str, token: str, *, titles: Iterable[str], size: Size) -> bool:
    """Print the section; return whether both targets were reached."""
    is_reached = True
    work = f"works about {size.work_s * 1000:g} ms for each"
    print(f"## Reporter\n\n{size.events:,} `device.end` events of a producer that {work}.\n")
    print("| result | emit, mean | median | 99 % | wall time | processor time | |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as spool:
        for title in titles:
            row, is_good = measure_result(title, lambda: Reporter(url, token, service="bench", spool=spool), size)
            is_reached = is_reached and is_good
            print(row, flush=True)
    print(
        f"\nMedians of {size.rounds} pairs of rounds; wished for: emit below {MAX_EMIT_US} us, wall time at most +5 %."
    )
    print(f"Load of the machine meanwhile: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return is_reached


def measure_result(title: str, reporter: Callable[[], Reporter], size: Size) -> tuple[str, bool]:
    """Return the row of one kind of result, and whether it reached the targets."""
    result, units = RESULTS[title], units_for(size.work_s / 2)
    burst = reporter()
    emits = emit_costs(burst, result, size)
    burst.close(deadline=60)
    pairs = []
    for _ in range(size.rounds):
        alone = produce(None, result, units=units, size=size)
        pairs.append((alone, produce(reporter(), result, units=units, size=size)))
    wall = statistics.median(beside.wall_s / alone.wall_s - 1 for alone, beside in pairs)
    cpu = statistics.median((beside.cpu_s - alone.cpu_s) / size.events * 1e6 for alone, beside in pairs)
    mean = statistics.fmean(emits)
    is_good = wall <= MAX_SHARE and mean < MAX_EMIT_US
    places = f"{emits[size.events // 2]:.0f} us | {emits[int(size.events * 0.99)]:.0f} us"
    verdict = "" if is_good else "**missed**"
    return f"| {title} | {mean:.0f} us | {places} | {wall:+.1%} | {cpu:.0f} us an event | {verdict} |", is_good


def serve() -> None:
    """Be the peer until standard input ends."""
    with Peer() as peer:
        print(peer.url, flush=True)
        sys.stdin.read()


@contextmanager
def own_peer() -> Iterator[str]:
    """Run a peer in a process of its own and yield its address."""
    line = [sys.executable, "-m", "bench.reporter", "--serve"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip() if server.stdout else ""
        server.communicate()


def main() -> int:
    """Measure and print the section; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.reporter", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_EVENTS} events, {QUICK_ROUNDS} pairs of rounds")
    parser.add_argument("--result", choices=RESULTS, help="only events with such a result")
    parser.add_argument("--work", type=float, default=WORK_MS, metavar="MS", help="of the producer for each event")
    parser.add_argument("--server", nargs=2, metavar=("URL", "TOKEN"), help="report to a server that runs already")
    parser.add_argument("--serve", action="store_true", help="be the peer")
    asked = parser.parse_args()
    if asked.serve:
        serve()
        return 0
    titles = [asked.result] if asked.result else list(RESULTS)
    events, rounds = (QUICK_EVENTS, QUICK_ROUNDS) if asked.quick else (EVENTS, ROUNDS)
    size = Size(events=events, work_s=asked.work / 1000, rounds=rounds)
    if asked.server:
        return 0 if measure(*asked.server, titles=titles, size=size) else 1
    with own_peer() as url:
        return 0 if measure(url, "secret", titles=titles, size=size) else 1


if __name__ == "__main__":
    raise SystemExit(main())
