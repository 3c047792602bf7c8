"""Which runs fell silent: nothing stays running for ever."""

from datetime import datetime, timedelta

from webapp.domain.outcome import RunStatus
from webapp.ingest.doors import touch
from webapp.ingest.finish import finish
from webapp.store.db import reading, writing
from webapp.store.recording import lock_run, save_run
from webapp.store.watching import SilentRun, find_silent_runs

FACTOR = 3.0


def end_silent_runs(now: datetime, *, factor: float = FACTOR, up_since: datetime | None = None) -> int:
    """End the runs that nothing was heard of, each in a transaction of its own, and return how many.

    A running run is lost after `factor` heartbeat intervals of its service without any message. One that was asked to
    stop, running or queued, is canceled when that silence follows the request.

    Args:
        now: the moment.
        factor: how many intervals of silence are too many.
        up_since: when this server began to listen; silence before that says nothing of a producer.
    """
    ended = 0
    with reading() as session:
        found = find_silent_runs(session, now=now, factor=factor)
    for silent in found:
        ended += _end(silent, now=now, factor=factor, up_since=up_since)
    return ended


def _end(silent: SilentRun, *, now: datetime, factor: float, up_since: datetime | None) -> bool:
    with writing() as session:
        run = lock_run(session, silent.uid)
        if run is None or run.status not in (RunStatus.RUNNING, RunStatus.QUEUED):
            return False
        moments = [run.last_seen_at, run.cancel_requested_at, up_since]
        heard_at = max(moment for moment in moments if moment is not None)
        if now - heard_at <= timedelta(seconds=factor * silent.heartbeat_s):
            return False
        since = run.last_seen_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        if run.cancel_requested_at is not None:
            status, message = RunStatus.CANCELED, f"canceled: no sign of life since {since}"
        else:
            status, message = RunStatus.INCOMPLETE, f"lost: no sign of life since {since}"
        finish(session, run, status=status, message=message, ended_at=now, now=now)
        touch(run, now=now)
        save_run(session, run)
    return True
