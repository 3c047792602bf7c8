"""What changed in the runs that ended: each is compared with its baseline in the background, newest first."""

import logging
import math
import time

from webapp.clock import now
from webapp.compare.stored import compare_run, save_run_comparison
from webapp.store.db import reading, writing
from webapp.store.wanted_comparisons import Wanted, list_wanted, mark_compared, mark_failed

RUNS_A_LOOK = 20

log = logging.getLogger(__name__)


def compare_wanted_runs(*, budget_s: float = math.inf) -> int:
    """Compare runs that wait for it until none is left or the time is over, and return how many were looked at.

    Each run has transactions of its own, and is read before anything is locked. One that fails stays for later.
    """
    began, done = time.monotonic(), 0
    while True:
        with reading() as session:
            found = list_wanted(session, limit=RUNS_A_LOOK)
        for wanted in found:
            _compare(wanted)
            done += 1
            if time.monotonic() - began > budget_s:
                return done
        if not found:
            return done


def _compare(wanted: Wanted) -> None:
    try:
        with reading() as session:
            made = compare_run(session, wanted.run_id)
        with writing() as session:
            if made is not None:
                save_run_comparison(session, made, now=now())
            mark_compared(session, wanted)
    except Exception:
        log.exception("the run %d could not be compared", wanted.run_id)
        with writing() as session:
            mark_failed(session, wanted)
