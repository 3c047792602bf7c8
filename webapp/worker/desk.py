"""How does a job get done: from its kick to its end, whatever goes wrong in between."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from webapp.worker.engines.huey import HueyEngine
from webapp.worker.jobs import EVERY_S, JOBS, Surroundings, leave
from webapp.worker.schedule import Schedule

QUEUE = "queue.db"

log = logging.getLogger(__name__)

Entering = Callable[[], AbstractContextManager[object]]


class Desk:
    """The background jobs of one process.

    Args:
        around: what the jobs know of this process.
        entering: makes the context that a job needs to reach the database.
        workers: how many jobs may run at the same moment.
    """

    def __init__(self, around: Surroundings, entering: Entering, *, workers: int) -> None:
        self._around = around
        self._entering = entering
        self._schedule = Schedule(EVERY_S)
        self._engine = HueyEngine(self.perform, self.sweep, queue=around.instance / QUEUE, workers=workers)

    def start(self) -> None:
        """Begin; the first sweep comes within seconds."""
        self._engine.start()

    def stop(self) -> None:
        """End in order."""
        self._engine.stop()
        with self._entering():
            leave(self._around)

    def sweep(self) -> None:
        """Kick what is due."""
        for kind in self._schedule.take_due(time.monotonic()):
            self._engine.kick(kind)

    def perform(self, kind: str) -> None:
        """Do one job; a failure is recorded, and the job is due again in its turn."""
        job = JOBS.get(kind)
        if job is None or not self._schedule.begin(kind):
            log.info("nothing to do for a kick of %r", kind)
            return
        try:
            with self._entering():
                job(self._around)
        except Exception:
            log.exception("the job %s failed", kind)
        finally:
            self._schedule.end(kind)
