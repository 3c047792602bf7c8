"""What is done in the background: each kind of job is one function here."""

import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from webapp import __version__
from webapp.clock import now
from webapp.errors import InvalidError
from webapp.gitexport.roster import follow_automation
from webapp.ingest.retention import forget
from webapp.ingest.watchdog import end_silent_runs
from webapp.notify.alarms import warn_fallback
from webapp.notify.office import Office
from webapp.settings.resolve import Settings
from webapp.store.db import reading, writing
from webapp.store.duties import is_duty_due, take_duty
from webapp.store.workers import Worker, mark_worker_gone, mark_worker_seen
from webapp.worker.checks import Bench
from webapp.worker.comparisons import compare_wanted_runs
from webapp.worker.outbox import list_due_lanes
from webapp.worker.schedule import EARLY_S, Recently
from webapp.worker.selfcheck import report_selfcheck

DAY_S = 24 * 3600.0
LOOK_S = 60.0
LANE = "lane"
SWEPT_S = 30.0
# Requests share the processor with comparisons; what is left waits for the next time.
COMPARE_S = 2.0

log = logging.getLogger(__name__)


Kick = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a job knows of the process it runs in.

    Args:
        instance: the instance folder.
        settings: every setting.
        office: what sends notices.
        kick: has a job done soon, given its kind and what it is about.
        swept: the destinations that the sweep kicked lately: a long queue must not grow by being looked at.
        started_at: when the process began.
        started_mono: the same by the clock that never jumps.
        name: what the process is called.
    """

    instance: Path
    settings: Settings
    office: Office
    kick: Kick
    swept: Recently = field(default_factory=lambda: Recently(SWEPT_S))
    started_at: datetime = field(default_factory=now)
    started_mono: float = field(default_factory=time.monotonic)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}"[:255])

    @property
    def has_just_begun(self) -> bool:
        """Say whether the process is so young that what belongs to a start is still to be done."""
        return time.monotonic() - self.started_mono < LOOK_S


Job = Callable[[Surroundings], None]


def beat(around: Surroundings) -> None:
    """Say that this worker is alive."""
    worker = Worker(name=around.name, version=__version__, started_at=around.started_at, seen_at=now())
    with writing() as session:
        mark_worker_seen(session, worker)


def leave(around: Surroundings) -> None:
    """Say that this worker has ended in order."""
    with writing() as session:
        mark_worker_gone(session, around.name)


def watchdog(around: Surroundings) -> None:
    """End the runs that nothing is heard of any more."""
    with reading() as session:
        factor = around.settings.number(session, "AFTERRUN_HEARTBEAT_FACTOR")
    ended = end_silent_runs(now(), factor=factor, up_since=around.started_at)
    if ended:
        log.info("ended %d silent runs", ended)


def retention(around: Surroundings) -> None:
    """Forget what is older than the settings say."""
    with reading() as session:
        days = int(around.settings.number(session, "AFTERRUN_RETENTION_DAYS"))
    forgotten = forget(now(), days=days)
    if forgotten.runs or forgotten.blobs:
        log.info("forgot %d runs and %d contents", forgotten.runs, forgotten.blobs)


def compare(_around: Surroundings) -> None:
    """Find out what changed in the runs that ended."""
    compare_wanted_runs(budget_s=COMPARE_S)


def follow_repository(around: Surroundings) -> None:
    """Have a repository of the address that GIT_AUTOMATION gives."""
    try:
        with writing() as session:
            is_changed = follow_automation(session, around.settings, now=now())
    except InvalidError as error:
        log.warning("GIT_AUTOMATION: %s", error)
        return
    if is_changed:
        log.info("GIT_AUTOMATION is a repository now")


def selfcheck(around: Surroundings) -> None:
    """Check this server and report it like any other service."""
    bench = Bench(
        instance=around.instance,
        settings=around.settings,
        started_at=around.started_at,
        started_mono=around.started_mono,
    )
    report_selfcheck(bench, trigger="start" if around.has_just_begun else "schedule")


def sweep_outbox(around: Surroundings) -> None:
    """Kick every destination that something is due for: what nobody was told of is done all the same."""
    lanes = Counter(list_due_lanes())
    for lane in around.swept.take(lanes, time.monotonic()):
        for _ in range(lanes[lane]):
            around.kick(LANE, lane)


def alarm(around: Surroundings) -> None:
    """Tell the fallback destination when messages never left."""
    with writing() as session:
        if warn_fallback(session, around.office, now=now()):
            log.warning("messages never left; the fallback destination is told")


JOBS: dict[str, Job] = {
    "alarm": alarm,
    "outbox": sweep_outbox,
    "beat": beat,
    "watchdog": watchdog,
    "compare": compare,
    "selfcheck": selfcheck,
    "retention": retention,
    "repository": follow_repository,
}
EVERY_S: dict[str, float] = {
    "alarm": 3600,
    "outbox": 5,
    "beat": 30,
    "watchdog": 5,
    "compare": 5,
    "selfcheck": DAY_S,
    "retention": DAY_S,
    "repository": 60,
}
# Done by every process for itself; each other job is done by one process for all.
OWN = frozenset({"beat", "outbox"})


def is_mine(kind: str, around: Surroundings) -> bool:
    """Say whether this process does a job now; the database decides, and notes that it begins.

    A start is a reason to check the server, but not once for each of the processes that start together.
    """
    if kind in OWN:
        return True
    every_s = LOOK_S if kind == "selfcheck" and around.has_just_begun else EVERY_S[kind]
    every = timedelta(seconds=every_s - EARLY_S)
    with reading() as session:
        if not is_duty_due(session, kind, every=every, now=now()):
            return False
    with writing() as session:
        return take_duty(session, kind, every=every, now=now())
