"""What does it cost to push a run of many devices to Git, beside plain `git fast-import` and `git push`?

    python -m bench.git [--quick]

The plain side is given the very same files, already written. Times are CPU time of our process and of every git that
a side starts: other programs run on the machine too. Each export is a process of its own.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from flask import Flask

from webapp.app import create_app
from webapp.domain.access import Caller, Role, Scope
from webapp.domain.messages import AnyEvent, AttemptStart, DeviceEnd, RunEnd, RunStart
from webapp.domain.outcome import DeviceStatus
from webapp.gitexport.access import Access
from webapp.gitexport.addresses import parse_address
from webapp.gitexport.exporting import Order, export_run
from webapp.gitexport.fastimport import Commit
from webapp.gitexport.repository import Cache, Target
from webapp.gitexport.tree import File, Links, iterate_files
from webapp.ingest.stream import accept_messages
from webapp.store.db import db, reading, writing
from webapp.store.repositories import RepositoryFields, add_repository, get_repository
from webapp.store.runs import get_run
from webapp.store.schema import upgrade

DEVICES = 10_000
MAX_RATIO = 2.0
MAX_CHANGED_RATIO = 1.5
MAX_GROWTH_MB = 64
PUSHERS, RUNS = 4, 25
SERVICE = "backup-core"
SERVER = "http://127.0.0.1:5000"
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CALLER = Caller(user_id=None, name="bench", role=Role.ADMIN, scopes=frozenset({Scope.ADMIN}))
UIDS = ("01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058")
PLAIN = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one push cost."""

    cpu_s: float
    growth_mb: float = 0.0


def result_of(device: int, version: int) -> dict[str, object]:
    """Return about 2 KB of JSON, as a device's interfaces."""
    dice = random.Random(device * 10 + version)
    names = (f"GigabitEthernet1/0/{port}" for port in range(1, 25))
    return {name: {"up": dice.random() < 0.9, "mtu": 1500, "in": dice.randrange(10**9)} for name in names}


def messages(devices: int, version: int) -> Iterator[AnyEvent]:
    """Tell a run; in the second version every tenth device has another result."""
    at = AT + timedelta(hours=version)
    yield RunStart(seq=1, ts=at, service=SERVICE)
    yield AttemptStart(seq=2, ts=at, attempt=1)
    for device in range(devices):
        result = msgspec.Raw(msgspec.json.encode(result_of(device, version if device % 10 == 0 else 0)))
        name = f"edge-{device:05}"
        yield DeviceEnd(seq=device + 3, ts=at, device=name, status=DeviceStatus.OK, result=result, duration_s=1.5)
    yield RunEnd(seq=devices + 3, ts=at + timedelta(minutes=5), status="complete")


def make_runs(app: Flask, remote: Path, devices: int) -> int:
    """Record both runs and the repository; return the repository's id."""
    upgrade()
    for version, uid in enumerate(UIDS):
        accept_messages(messages(devices, version), uid=uid, caller=CALLER, now=AT)
    with app.app_context(), writing() as session:
        return add_repository(session, RepositoryFields(name="bench", url=str(remote)), now=AT)


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def target(remote: Path) -> Target:
    """Return the branch that is pushed to."""
    address = parse_address(str(remote), local_roots=[remote.parent])
    return Target(address=address, branch="main", access=Access())


def export(instance: Path, remote: Path, uid: str) -> None:
    """Push one run as the product does and print what it cost: a process of its own."""
    app = create_app(instance)
    with app.app_context():
        with reading() as session:
            repository = get_repository(session, 1)
        order = Order(run_uid=uid, repository=repository, target=target(remote), server_url=SERVER)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        before, began = memory_kb("VmRSS"), cpu()
        export_run(order, instance=instance, reading=reading)
        spent, peak = cpu() - began, memory_kb("VmHWM")
        db.engine.dispose()
    print(json.dumps({"cpu_s": spent, "growth_mb": (peak - before) / 1024}))


def memory_kb(what: str) -> int:
    """Return a figure of this process's memory: resident now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def cost_of_export(instance: Path, remote: Path, uid: str) -> Cost:
    """Start the process that pushes one run."""
    words = [sys.executable, "-m", "bench.git", "--export", str(instance), str(remote), uid]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout))


def write_stream(path: Path, app: Flask, uid: str, *, skips: dict[str, bytes]) -> dict[str, bytes]:
    """Write the files of a run as `git fast-import` reads them, without those that are in `skips`; return them all."""
    files = {}
    with app.app_context(), reading() as session, path.open("wb") as stream:
        stream.write(b"commit refs/heads/main\ncommitter x <x@x> 1795348800 +0000\ndata 1\nx\n")
        if skips:
            stream.write(b"from refs/heads/main^0\n")
        run = get_run(session, uid)
        for file in iterate_files(session, run, Links(run=SERVER, compare=None), scratch=path.parent):
            text = b"".join(file.pieces)
            files[file.path] = text
            if skips.get(file.path) != text:
                stream.write(b"M 100644 inline %s/%s\ndata %d\n" % (SERVICE.encode(), file.path.encode(), len(text)))
                stream.write(text + b"\n")
    return files


def plain(cache: Path, remote: Path, stream: Path) -> Cost:
    """Commit and push the same files with git alone."""
    began = cpu()
    with stream.open("rb") as given:
        subprocess.run(["git", "-C", cache, "fast-import", "--quiet"], stdin=given, env=PLAIN, check=True)
    subprocess.run(["git", "-C", cache, "push", "-q", remote, "main"], env=PLAIN, check=True)
    return Cost(cpu_s=cpu() - began)


def init(path: Path) -> Path:
    """Make an empty bare repository."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], env=PLAIN, check=True)
    return path


def rows_of_size(folder: Path, devices: int) -> tuple[list[str], bool]:
    """Push a run and the next one, ours and plain; return rows and whether the targets were reached."""
    remote, other, cache = (init(folder / f"{name}.git") for name in ("ours", "plain", "cache"))
    instance = folder / "instance"
    app = create_app(instance)
    with app.app_context():
        make_runs(app, remote, devices)
        db.engine.dispose()
    rows, is_good, before = [], True, dict[str, bytes]()
    changed = devices // 10
    for uid, what, limit in zip(UIDS, (f"{devices:,}", f"{changed:,} changed of {devices:,}"), (2.0, 1.5), strict=True):
        stream = folder / "stream"
        before = write_stream(stream, app, uid, skips=before)
        theirs, ours = plain(cache, other, stream), cost_of_export(instance, remote, uid)
        ratio = ours.cpu_s / theirs.cpu_s
        is_reached = ratio <= limit and ours.growth_mb < MAX_GROWTH_MB
        is_good = is_good and (is_reached or devices < DEVICES)
        verdict = "ok" if is_reached else "**missed**"
        target_text = f"<= {limit:g}x, < {MAX_GROWTH_MB} MB" if devices >= DEVICES else ""
        figures = f"{ours.cpu_s:.2f} s | {theirs.cpu_s:.2f} s | {ratio:.2f}x | {ours.growth_mb:.0f} MB"
        rows.append(f"| {what} | {figures} | {target_text} | {verdict if target_text else ''} |")
    return rows, is_good


def push_many(folder: Path) -> tuple[str, bool]:
    """Have four pushers with a cache each push to one branch; return what came of it."""
    remote = init(folder / "crowd.git")
    began = time.monotonic()

    def work(number: int) -> None:
        cache = Cache(folder / f"pusher-{number}", "a", target(remote))
        for run in range(RUNS):
            text = b"%d\n" % run
            uid = f"{number}-{run}"
            commit = Commit(
                uid=uid,
                author=("x", "x@x"),
                committer=("x", "x@x"),
                at=AT,
                message=f"x\n\nRun: {SERVER}/runs/{uid}\n",
                folder=f"service-{number}",
            )
            with cache.locked():
                tip = cache.refresh()
                files = [File(path="run.json", size=len(text), pieces=(text,))]
                tree = cache.import_files(files, tip=tip, folder=commit.folder)
                cache.publish(tree, commit, tip)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(PUSHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words = ["git", "-C", str(remote), "log", "--format=%(trailers:key=Run,valueonly)", "main"]
    found = [line for line in subprocess.check_output(words, env=PLAIN, text=True).splitlines() if line]
    fsck = subprocess.run(["git", "-C", remote, "fsck", "--strict", "--no-dangling"], env=PLAIN, check=False)
    lost, doubled = PUSHERS * RUNS - len(set(found)), len(found) - len(set(found))
    text = (
        f"{len(found)} commits, {lost} lost, {doubled} doubled, `git fsck` {'clean' if not fsck.returncode else 'bad'}"
    )
    row = f"{PUSHERS} pushers, {RUNS} runs each, one branch, {time.monotonic() - began:.0f} s: {text}."
    return row, not (lost or doubled or fsck.returncode)


def main() -> int:
    """Print the section and return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the devices")
    parser.add_argument("--export", nargs=3, metavar=("INSTANCE", "REMOTE", "UID"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.export:
        instance, remote, uid = given.export
        export(Path(instance), Path(remote), uid)
        return 0
    sizes = (DEVICES // 10,) if given.quick else (DEVICES // 10, DEVICES)
    print("## Git\n\nA commit and a push of a run's files, about 2 KB a device, to a bare repository on the same disk,")
    print("beside `git fast-import` and `git push` of the same files. CPU time; memory is what our process grew by.\n")
    print("| device files | ours | plain git | | grown | target | |\n|---|---|---|---|---|---|---|")
    is_good = True
    for devices in sizes:
        with tempfile.TemporaryDirectory(prefix="afterrun-bench-") as folder:
            rows, is_reached = rows_of_size(Path(folder), devices)
            print("\n".join(rows))
            is_good = is_good and is_reached
    with tempfile.TemporaryDirectory(prefix="afterrun-bench-") as folder:
        row, is_reached = push_many(Path(folder))
        print(f"\n{row}")
    return 0 if is_good and is_reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
