"""How does a run end: what is still open is decided, the level is weighed, the run is closed, who hears is decided.

The last is a row in the outbox, written in the same transaction: whatever is wrong with a notice, the end stands.
"""

from datetime import datetime

from webapp.domain.notices import Event
from webapp.domain.outcome import DEVICE_OPEN, DeviceStatus, RunStatus, level_of
from webapp.ingest.ledger import Ledger, status_of_cases
from webapp.store.db import Session
from webapp.store.outbox import add_event
from webapp.store.recording import RunRecord
from webapp.store.recording_results import DeviceRecord
from webapp.store.wanted_comparisons import want_comparison, want_followers


def finish(
    session: Session, run: RunRecord, *, status: RunStatus, message: str, ended_at: datetime, now: datetime
) -> None:
    """Close a locked run that is open, and have it told; the caller saves it.

    Args:
        session: the transaction of whatever ended the run.
        run: the locked run.
        status: complete, incomplete or canceled.
        message: why, for people; may be empty.
        ended_at: when it ended by the producer's clock, which also measures the duration.
        now: the moment by this server's clock.
    """
    run.status = status
    run.message = message
    run.ended_at = ended_at
    run.started_at = run.started_at or ended_at
    run.duration_s = max(0.0, (ended_at - run.started_at).total_seconds())
    close_open_devices(session, run, ended_at=ended_at)
    weigh(run)
    if status is not RunStatus.CANCELED:
        want_comparison(session, run.id)
    add_event(session, run_id=run.id, event=Event.ENDED, now=now)


def revise(session: Session, run: RunRecord, *, now: datetime) -> None:
    """Bring a locked run that had ended up to date after something came late; the caller saves it."""
    close_open_devices(session, run, ended_at=now)
    weigh(run)
    if run.status is not RunStatus.CANCELED:
        want_comparison(session, run.id)
        want_followers(session, run.id)


def begin(session: Session, run: RunRecord, *, now: datetime) -> None:
    """Let a locked run that was queued, or is new, be running, and have it told; the caller saves it."""
    run.status = RunStatus.RUNNING
    add_event(session, run_id=run.id, event=Event.RUNNING, now=now)


def close_open_devices(session: Session, run: RunRecord, *, ended_at: datetime) -> None:
    """Decide every result of an ended run that is still open: from its cases, else lost or canceled."""
    ledger = Ledger(session, run)
    if any(status in attempt.device_counts for attempt in ledger.attempts() for status in DEVICE_OPEN):
        for found in ledger.load_open():
            record = ledger.device(found.device_id, found.attempt, status=found.status)
            record.status = closing_status(run, record)
            record.ended_at = ended_at
    for attempt in ledger.attempts():
        attempt.ended_at = attempt.ended_at or ended_at
    ledger.write()


def closing_status(run: RunRecord, record: DeviceRecord) -> DeviceStatus:
    """Return how an open result ends with its run: by its cases, unless the run broke off while the device worked."""
    is_broken_off = record.status is DeviceStatus.RUNNING and run.status is not RunStatus.COMPLETE
    if record.case_counts and not is_broken_off:
        return status_of_cases(record)
    return DeviceStatus.CANCELED if run.status is RunStatus.CANCELED else DeviceStatus.LOST


def weigh(run: RunRecord) -> None:
    """Set the level of a run from its status, sums and log counts."""
    run.level = level_of(
        run.status,
        devices=run.device_counts,
        cases=run.case_counts,
        log_errors=run.log_errors,
        log_warnings=run.log_warnings,
    )
