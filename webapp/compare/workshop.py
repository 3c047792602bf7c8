"""Who makes a comparison: the server at once when it is small, else a process of its own, while the page says how far.

At most a few such processes work at once, the others wait for their turn. One that reaches its limits is ended and
leaves a sentence; what was made is kept on disk (`shelf`) and never made again while it is there.
"""

import atexit
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from webapp.compare.drafts import draft
from webapp.compare.linefile import INDEX, TEXT
from webapp.compare.maker import READY, REFUSED
from webapp.compare.making import RAW, Order, Origin, make, make_messages
from webapp.compare.programs import environment
from webapp.compare.shelf import Shelf
from webapp.compare.texts import Text
from webapp.errors import AfterrunError, BusyError, TooLargeError

WORKSHOP = "afterrun.comparisons"
# Half of the processors stay free for requests.
AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
MOST_WAITING = 32
WALL_S = 180.0
# How long a request waits for a comparison that may be quick.
PATIENCE_S = 1.5
# A comparison that failed is not tried again for so long.
FAILED_S = 60.0

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a comparison is.

    Args:
        doing: what is being done, in a few words.
        seconds: since it was asked for.
    """

    doing: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class _Job:
    """A comparison in the making."""

    doing: str = "waiting for its turn: other comparisons are being made"
    started_at: float = field(default_factory=time.monotonic)
    ready: threading.Event = field(default_factory=threading.Event)
    error: str = ""
    ended_at: float = 0.0


class Workshop:
    """Makes comparisons and keeps them.

    Args:
        shelf: where they are kept.
        at_once: how many large ones are made at the same time.
        wall_s: seconds after which the process of one is ended.
        patience_s: seconds that `ask` waits for a large one.
    """

    def __init__(
        self, shelf: Shelf, *, at_once: int = AT_ONCE, wall_s: float = WALL_S, patience_s: float = PATIENCE_S
    ) -> None:
        self.shelf = shelf
        self._wall_s = wall_s
        self._patience_s = patience_s
        self._slots = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._processes: set[subprocess.Popen[bytes]] = set()

    def order(self, a: Text, b: Text) -> Order:
        """Return an order for two texts, to be completed with what is wanted."""
        folder = self.shelf.open(f"pair-{a.folder_name[-32:]}{b.folder_name[-32:]}")
        return Order(a=self._origin(a), b=self._origin(b), folder=str(folder))

    def ask(self, order: Order, a: Text, b: Text) -> Progress | None:
        """Make what an order wants; return None when all of it is there, else how far it is.

        Raises:
            TooLargeError: a text is too large, or the comparison reached a limit of time or memory.
            NotFoundError: a text has been removed.
            BusyError: too many others wait for their turn.
        """
        for text in (a, b):
            text.check()
        if all(path.exists() for path in order.paths):
            return None
        if a.is_small and b.is_small and not (order.rules and order.level != "exact"):
            self._make_here(order, a, b)
            return None
        job = self._job(order, a, b)
        job.ready.wait(self._patience_s)
        if not job.ready.is_set():
            return Progress(doing=job.doing, seconds=time.monotonic() - job.started_at)
        if job.error:
            raise TooLargeError(job.error)
        return None

    def close(self) -> None:
        """End the processes."""
        for process in tuple(self._processes):
            process.kill()

    def _origin(self, text: Text) -> Origin:
        folder = str(self.shelf.open(text.folder_name))
        first, stop = (0, None) if text.is_cut else (text.first, text.stop)
        return Origin(folder=folder, name=text.name, is_json=text.is_json, first=first, stop=stop)

    def _make_here(self, order: Order, a: Text, b: Text) -> None:
        """Make a small comparison."""
        for text, origin in ((a, order.a), (b, order.b)):
            _fetch(text, origin)
        make(order, lambda _doing: None)
        make_messages(order)
        self.shelf.tidy()

    def _job(self, order: Order, a: Text, b: Text) -> _Job:
        """Return the job that makes an order, started now if there is none, or none that failed lately."""
        key = repr(order)
        with self._lock:
            now = time.monotonic()
            self._jobs = {
                name: job for name, job in self._jobs.items() if not job.ended_at or now - job.ended_at < FAILED_S
            }
            job = self._jobs.get(key)
            if job is None or (job.ended_at and not job.error):
                if sum(not each.ended_at for each in self._jobs.values()) >= MOST_WAITING:
                    raise BusyError(f"{MOST_WAITING} comparisons are waiting for their turn already: try again later")
                job = self._jobs[key] = _Job()
                threading.Thread(target=self._run, args=(job, order, a, b), name="comparison", daemon=True).start()
            return job

    def _run(self, job: _Job, order: Order, a: Text, b: Text) -> None:
        """Make a large comparison, in a thread that only hands on bytes and waits."""
        try:
            with self._slots:
                for text, origin in ((a, order.a), (b, order.b)):
                    job.doing = f"reading {text.name}"
                    _fetch(text, origin)
                self._watch(job, order)
            self.shelf.make_room()
        except AfterrunError as error:
            job.error = str(error)
        except OSError as error:
            job.error = f"the server could not keep what it needs: {error.strerror}"
        finally:
            if not job.ready.is_set() and not job.error:
                job.error = "the comparison ended before its time"
            job.ended_at = time.monotonic()
            job.ready.set()

    def _watch(self, job: _Job, order: Order) -> None:
        """Start the process, follow what it says, and end it when it takes too long."""
        with self._process() as process:
            timer = threading.Timer(self._wall_s, process.kill)
            timer.daemon = True
            timer.start()
            assert process.stdin is not None  # noqa: S101  (pipes were asked for)
            assert process.stdout is not None  # noqa: S101
            with suppress(BrokenPipeError), process.stdin as into:
                into.write(msgspec.json.encode(order))
            for raw in process.stdout:
                line = raw.decode("utf-8", "replace").strip()
                if line == READY:
                    job.ready.set()
                elif line.startswith(REFUSED):
                    job.error = line.removeprefix(REFUSED)
                else:
                    job.doing = line
            code = process.wait()
            is_late = timer.finished.is_set()
            timer.cancel()
        if job.ready.is_set() or job.error:
            return
        job.error = (
            f"it took more than {self._wall_s:.0f} seconds while {job.doing}, so its process was ended"
            if is_late
            else f"its process ended while {job.doing} (code {code}): it reached a limit of time or memory"
        )

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process that makes one comparison, and end it in any case."""
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.compare.maker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment(),
            start_new_session=True,
        )
        self._processes.add(process)
        atexit.register(process.kill)
        try:
            with process:
                try:
                    yield process
                finally:
                    process.kill()
        finally:
            self._processes.discard(process)
            atexit.unregister(process.kill)


def _fetch(text: Text, origin: Origin) -> None:
    """Keep the bytes of a text, unless they are there."""
    folder = Path(origin.folder)
    if any((folder / name).exists() for name in (RAW, TEXT, INDEX)):
        return
    with draft(folder / RAW) as made, made.open("wb") as file:
        file.writelines(text.pieces())
