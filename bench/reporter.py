"""What does reporting cost a program: time per event, and wall time of a producer with and without a reporter?

    python -m bench.reporter [URL TOKEN]

Without an address the peer of the tests answers, in a process of its own. Rounds with and without take turns, because
other programs run on the machine too.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from tests.reporters.peer import Peer
from webapp.reporters.afterrun import Reporter

EVENTS = 5000
ROUNDS = 7
WORK_S = 0.001
MAX_EMIT_US = 200
MAX_SHARE = 0.05
INTERFACES = [{"name": f"Ethernet{number}", "mtu": 1500, "is_up": True} for number in range(44)]
RESULTS = {
    "no result": None,
    "200 bytes": {"interfaces": INTERFACES[:4]},
    "2 kB": {"interfaces": INTERFACES},
}


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


def produce(run: Reporter | None, result: object, *, units: int) -> Cost:
    """Do 5,000 pieces of work, half computing, half waiting for a device, each reported where there is a reporter.

    The close of the reporter counts too.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(EVENTS):
        compute(units)
        time.sleep(WORK_S / 2)
        if run:
            run.device_end(f"edge-{number}", "ok", duration_s=WORK_S, result=result)
    if run:
        run.close(deadline=60)
    return Cost(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)


def emit_costs(run: Reporter, result: object) -> list[float]:
    """Return the microseconds of each of 5,000 calls in a burst, sorted."""
    costs = []
    for number in range(EVENTS):
        began = time.perf_counter()
        run.device_end(f"edge-{number}", "ok", duration_s=WORK_S, result=result)
        costs.append((time.perf_counter() - began) * 1e6)
    return sorted(costs)


def measure(url: str, token: str) -> bool:
    """Print the section; return whether both targets were reached."""
    is_reached = True
    units = units_for(WORK_S / 2)
    print(f"## Reporter\n\n{EVENTS:,} `device.end` events of a producer that works about 1 ms for each.\n")
    print("| result | emit, mean | median | 99 % | wall time | processor time | |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as spool:
        for title, result in RESULTS.items():
            burst = Reporter(url, token, service="bench", spool=spool)
            emits = emit_costs(burst, result)
            burst.close(deadline=60)
            pairs = []
            for _ in range(ROUNDS):
                alone = produce(None, result, units=units)
                pairs.append((alone, produce(Reporter(url, token, service="bench", spool=spool), result, units=units)))
            wall = statistics.median(beside.wall_s / alone.wall_s - 1 for alone, beside in pairs)
            cpu = statistics.median((beside.cpu_s - alone.cpu_s) / EVENTS * 1e6 for alone, beside in pairs)
            mean = statistics.fmean(emits)
            is_good = wall <= MAX_SHARE and mean < MAX_EMIT_US
            is_reached = is_reached and is_good
            verdict = "" if is_good else "**missed**"
            places = f"{emits[EVENTS // 2]:.0f} us | {emits[int(EVENTS * 0.99)]:.0f} us"
            print(f"| {title} | {mean:.0f} us | {places} | {wall:+.1%} | {cpu:.0f} us an event | {verdict} |")
    print(f"\nMedians of {ROUNDS} pairs of rounds; wished for: emit below {MAX_EMIT_US} us, wall time at most +5 %.")
    print(f"Load of the machine meanwhile: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return is_reached


def serve() -> None:
    """Be the peer until standard input ends."""
    with Peer() as peer:
        print(peer.url, flush=True)
        sys.stdin.read()


def main() -> int:
    """Measure against the given server, or against a peer."""
    if sys.argv[1:] == ["--serve"]:
        serve()
        return 0
    if len(sys.argv) == 3:
        return 0 if measure(sys.argv[1], sys.argv[2]) else 1
    line = [sys.executable, "-m", "bench.reporter", "--serve"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip() if server.stdout else ""
        is_reached = measure(url, "secret")
        server.communicate()
    return 0 if is_reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
