"""How does a job get done: from its kick to its end, whatever goes wrong in between."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from webapp.notify.office import Office
from webapp.store.changes import Hub, hub_of
from webapp.store.db import db
from webapp.store.outbox import Kick, listen
from webapp.worker.broker import Broker
from webapp.worker.engines.huey import HueyEngine
from webapp.worker.jobs import EVERY_S, JOBS, LANE, LOOK_S, Surroundings, is_mine, leave
from webapp.worker.outbox import work_lane
from webapp.worker.schedule import Schedule

QUEUE = "queue.db"
OUTBOX = "outbox"
FOLLOW_S = 5.0
PAUSE_S = 0.05

log = logging.getLogger(__name__)

Entering = Callable[[], AbstractContextManager[object]]


class Desk:
    """The background jobs of one process.

    Args:
        office: what sends notices.
        entering: makes the context that a job needs to reach the database.
        workers: how many jobs may run at the same moment, and besides as many that a broker asks for.
        broker: what brings the kicks of other processes; None where this one sees itself what is committed.
    """

    def __init__(self, office: Office, entering: Entering, *, workers: int, broker: Broker | None = None) -> None:
        self._office = office
        self._entering = entering
        self._workers = workers
        self._broker = broker
        self._schedule = Schedule({kind: min(every_s, LOOK_S) for kind, every_s in EVERY_S.items()})
        self._engine = HueyEngine(self.perform, self.sweep, queue=office.instance / QUEUE, workers=workers)
        self._around = Surroundings(
            instance=office.instance, settings=office.settings, office=office, kick=self._engine.kick
        )
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first sweep comes within seconds, and what commits here is done at once."""
        self._engine.start()
        if self._broker is not None:
            # What is left of a lane is for whoever is free next.
            perform = partial(self._work, again=self._broker.kick)
            self._broker.start(perform, workers=self._workers, instead=self._told)
            return
        with self._entering():
            listen(db.engine, self._told)
            if db.engine.dialect.name == "postgresql":
                self._follow(hub_of(db.engine))

    def stop(self) -> None:
        """End in order."""
        self._stopping.set()
        with self._entering():
            listen(db.engine, None)
        if self._broker is not None:
            self._broker.stop()
        self._engine.stop()
        if self._follower is not None:
            self._follower.join(FOLLOW_S + 1)
        with self._entering():
            leave(self._around)

    def sweep(self) -> None:
        """Kick what is due."""
        for kind in self._schedule.take_due(time.monotonic()):
            self._engine.kick(kind)

    def perform(self, kind: str, subject: str = "") -> None:
        """Do one job; a failure is recorded, and the job is due again in its turn."""
        if kind == LANE:
            self._work(subject, again=self._told)
            return
        job = JOBS.get(kind)
        if job is None or not self._schedule.begin(kind):
            log.info("nothing to do for a kick of %r", kind)
            return
        try:
            with self._entering():
                if is_mine(kind, self._around):
                    job(self._around)
        except Exception:
            log.exception("the job %s failed", kind)
        finally:
            self._schedule.end(kind)

    def _work(self, lane: str, *, again: Kick) -> None:
        try:
            with self._entering():
                has_more = work_lane(self._office, lane, workers=self._workers)
            if has_more:
                again([lane])
        except Exception:
            log.exception("the lane %s could not be served", lane)

    def _told(self, lanes: Sequence[str]) -> None:
        """Kick lanes right after the commit; whoever committed must not suffer when that fails."""
        try:
            for lane in lanes:
                self._engine.kick(LANE, lane)
        except Exception:
            log.exception("a kick failed; the next sweep finds what is due")

    def _follow(self, hub: Hub) -> None:
        """Look into the outbox whenever another process has committed something."""

        def follow() -> None:
            count = -1
            while not self._stopping.wait(PAUSE_S) and not hub.is_closed:
                before, count = count, hub.wait(count, FOLLOW_S)
                if before != count:
                    self._engine.kick(OUTBOX)

        self._follower = threading.Thread(target=follow, name="outbox follower", daemon=True)
        self._follower.start()
