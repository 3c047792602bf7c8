"""How fast do results come in over HTTP, compared with writing the same rows and blobs straight into SQLite?

    python -m bench.ingest [--quick]

The server runs in a process of its own. The straight side does what cannot be left out to get the same rows and blobs:
key each result, compress it, insert; all in one transaction of one process. Rounds of both take turns and the best of
each side counts, because other programs run on the machine too.
"""

import argparse
import hashlib
import http.client
import json
import random
import sqlite3
import tempfile
import threading
import time
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import zstandard

from tests.servers.product import Product, run_command, running_product

DEVICES = 10_000
QUICK_DEVICES = 2_000
ROUNDS = 5
MAX_RATIO = 4.0
MIN_GAIN = 50.0
SINGLES = 300
CLIENTS = (1, 8)
BATCHES = (1, 50, 500)
HEAD = '"seq":%d,"ts":"2026-11-22T12:00:00Z"'
SHOW_VERSION = """\
Cisco IOS Software [Amsterdam], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.3.1, RELEASE SOFTWARE (fc5)
Technical Support: http://www.cisco.com/techsupport
Compiled Fri 07-Aug-20 21:32 by mcpre

ROM: IOS-XE ROMMON
BOOTLDR: System Bootstrap, Version 17.3.1r[FC2], RELEASE SOFTWARE (P)

edge-{number} uptime is {uptime} seconds
System returned to ROM by Reload Command
System image file is "flash:packages.conf"
Last reload reason: Reload Command

cisco C9300-48U (X86) processor with 1331521K/6147K bytes of memory.
Processor board ID {serial}
36 Ethernet interfaces
2048K bytes of non-volatile configuration memory.
Configuration register is 0x102
"""
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-8192")


def results(count: int, seed: int) -> list[bytes]:
    """Return JSON results of about 2 kB as devices give them, a text and some values, all different."""
    source = random.Random(seed)
    made = []
    for number in range(count):
        serial, uptime = f"FCW{source.randrange(10**9)}", source.randrange(10**7)
        interfaces = [
            {
                "name": f"Gi1/0/{port}",
                "is_up": source.random() < 0.9,
                "rx_bytes": source.randrange(10**12),
                "tx_bytes": source.randrange(10**12),
                "load": round(source.random() * 100, 2),
            }
            for port in range(12)
        ]
        facts = {"hostname": f"edge-{number}", "serial": serial, "uptime_s": uptime, "os_version": "17.3.1"}
        text = SHOW_VERSION.format(number=number, serial=serial, uptime=uptime)
        made.append(json.dumps({"show version": text, "facts": facts, "interfaces": interfaces}).encode())
    return made


def events(raws: Sequence[bytes], first_device: int) -> list[bytes]:
    """Return a run's lines: its start, then one end of a device a result."""
    lines = [b'{"type":"run.start","service":"bench",' + (HEAD % 1).encode() + b"}"]
    for number, raw in enumerate(raws):
        head = f'{{"type":"device.end","device":"edge-{first_device + number}","status":"ok","duration_s":1.5,'
        lines.append(head.encode() + (HEAD % (number + 2)).encode() + b',"result":' + raw + b"}")
    return lines


class Client(threading.Thread):
    """One sender on one connection: posts its batches one after the other."""

    def __init__(self, server: Product, lines: Sequence[bytes], batch: int) -> None:
        """Make the bodies ready, packed as a reporter sends them."""
        super().__init__()
        self.uid = str(uuid4())
        packed = [b"\n".join(lines[start : start + batch]) for start in range(0, len(lines), batch)]
        self.bodies = [zlib.compress(body, 1, wbits=31) if batch > 1 else body for body in packed]
        self.coding = {"Content-Encoding": "gzip"} if batch > 1 else {}
        self.server = server

    def run(self) -> None:
        """Send everything."""
        port = int(self.server.url.rpartition(":")[2])
        headers = {"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/x-ndjson"}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            for body in self.bodies:
                connection.request("POST", f"/api/v1/runs/{self.uid}/events", body, {**headers, **self.coding})
                answer = connection.getresponse()
                said = answer.read()
                assert answer.status == 200, said


def send(server: Product, raws: Sequence[bytes], *, batch: int, clients: int, first_device: int) -> float:
    """Send results as one run a client and return the seconds it took."""
    share = len(raws) // clients
    parts = [raws[number * share : (number + 1) * share] for number in range(clients)]
    senders = [Client(server, events(part, first_device + n * share), batch) for n, part in enumerate(parts)]
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return time.perf_counter() - began


def write_straight(raws: Sequence[bytes], database: Path) -> float:
    """Write the same rows and blobs with sqlite3 in one transaction and return the seconds it took."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        run_id = add_run(connection)
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM device").fetchone()[0]
        blob = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM blob").fetchone()[0]
        began = time.perf_counter()
        compressor = zstandard.ZstdCompressor(level=3)
        blobs = [(hashlib.sha256(raw).digest(), len(raw), compressor.compress(raw)) for raw in raws]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO blob (id, digest, size, codec, data) VALUES (?, ?, ?, 1, ?)",
            [(blob + number, *row) for number, row in enumerate(blobs)],
        )
        connection.executemany(
            "INSERT INTO device (id, name, group_name, platform, attributes, created_at, last_run_id, last_status)"
            " VALUES (?, ?, '', '', '{}', 0, ?, 'ok')",
            [(first + number, f"straight-{first + number}", run_id) for number in range(len(raws))],
        )
        connection.executemany(
            "INSERT INTO device_result (run_id, device_id, attempt, is_overall, status, is_given, raw_status, message,"
            " ended_at, duration_s, blob_id) VALUES (?, ?, 1, 1, 'ok', 1, '', '', 1763812800000000, 1.5, ?)",
            [(run_id, first + number, blob + number) for number in range(len(raws))],
        )
        connection.execute("COMMIT")
        return time.perf_counter() - began


def add_run(connection: sqlite3.Connection) -> int:
    """Add the run that the rows belong to."""
    connection.execute(
        "INSERT OR IGNORE INTO service (slug, kind, description, options, heartbeat_s, last_number, created_at)"
        " VALUES ('straight', 'service', '', '{}', 60, 0, 0)"
    )
    number = connection.execute("SELECT count(*) + 1 FROM run").fetchone()[0]
    added = connection.execute(
        "INSERT INTO run (uid, service_id, number, parent_step, trigger, host, status, message, priority, created_at,"
        " last_seen_at, touched_at, attempts, device_counts, case_counts, flaky_devices, log_warnings, log_errors,"
        " late_events) SELECT ?, id, ?, '', '', '', 'running', '', 50, 0, 0, 0, 1, '{}', '{}', 0, 0, 0, 0"
        " FROM service WHERE slug = 'straight'",
        (str(uuid4()), number),
    )
    return added.lastrowid or 0


def measure(folder: Path, devices: int) -> bool:
    """Print the section and return whether the targets were reached."""
    run_command(folder / "straight", "db", "upgrade")
    rates: dict[tuple[int, int], list[float]] = {(batch, clients): [] for batch in BATCHES for clients in CLIENTS}
    straight, through = [], []
    with running_product(folder / "instance") as server:
        send(server, results(200, 99), batch=50, clients=1, first_device=10**7)
        for round_number in range(ROUNDS):
            for (batch, clients), measured in rates.items():
                count = devices if batch > 1 else SINGLES
                seed = (round_number * 100 + batch) * 10 + clients
                seconds = send(server, results(count, seed), batch=batch, clients=clients, first_device=seed * 10**5)
                measured.append(count / seconds)
                if (batch, clients) == (500, 1):
                    through.append(seconds)
                    straight.append(write_straight(results(count, seed), folder / "straight" / "afterrun.db"))
    ratio = min(through) / min(straight)
    rate = {key: max(values) for key, values in rates.items()}
    gain = rate[500, 1] / rate[1, 1]
    print(f"## Ingest\n\n{devices:,} devices with 2 kB of JSON each over HTTP, on SQLite; results a second.\n")
    print("| batch | 1 client | 8 clients |\n|---|---|---|")
    for batch in BATCHES:
        print(f"| {batch} | {rate[batch, 1]:,.0f} | {rate[batch, 8]:,.0f} |")
    print("\n| what | measured | target | |\n|---|---|---|---|")
    print(verdict("batches of 500, one client", ratio, MAX_RATIO))
    print(verdict("rate of batch 500 over batch 1", gain, MIN_GAIN, is_least=True))
    print(
        f"\nStraight into SQLite (key, compress, insert, one transaction): {min(straight):.2f} s; "
        f"over HTTP in batches of 500: {min(through):.2f} s."
    )
    return ratio <= MAX_RATIO and gain >= MIN_GAIN


def verdict(what: str, value: float, target: float, *, is_least: bool = False) -> str:
    """Return a row that says whether a figure reaches its target."""
    is_good = value >= target if is_least else value <= target
    return f"| {what} | {value:.1f}x | {'>=' if is_least else '<='} {target:g}x | {'ok' if is_good else '**missed**'} |"


def main() -> int:
    """Measure and say by the exit code whether the targets were reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_DEVICES:,} devices")
    devices = QUICK_DEVICES if parser.parse_args().quick else DEVICES
    with tempfile.TemporaryDirectory() as folder:
        return 0 if measure(Path(folder), devices) else 1


if __name__ == "__main__":
    raise SystemExit(main())
