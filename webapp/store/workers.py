"""Is anybody doing the background jobs, and does the database answer?"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.errors import BusyError
from webapp.store.db import reading
from webapp.store.models.workers import WorkerRow

FORGET_AFTER = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that does background jobs."""

    name: str
    version: str
    started_at: datetime
    seen_at: datetime


def mark_worker_seen(session: Session, worker: Worker) -> None:
    """Remember that a worker is alive, and forget those that have been gone for a day."""
    session.merge(
        WorkerRow(name=worker.name, version=worker.version, started_at=worker.started_at, seen_at=worker.seen_at)
    )
    session.execute(delete(WorkerRow).where(WorkerRow.seen_at < worker.seen_at - FORGET_AFTER))


def mark_worker_gone(session: Session, name: str) -> None:
    """Forget a worker that ended in order."""
    session.execute(delete(WorkerRow).where(WorkerRow.name == name))


def list_workers(session: Session, *, since: datetime) -> list[Worker]:
    """Return the workers seen since a moment, the latest first."""
    rows = session.scalars(select(WorkerRow).where(WorkerRow.seen_at >= since).order_by(WorkerRow.seen_at.desc()))
    return [Worker(name=row.name, version=row.version, started_at=row.started_at, seen_at=row.seen_at) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the database says of the server; `fault` is empty when it answers."""

    fault: str
    workers: list[Worker]


def ask_health(*, since: datetime) -> Health:
    """Ask the database which workers were seen since a moment; a database that does not answer is a finding too."""
    try:
        with reading() as session:
            return Health(fault="", workers=list_workers(session, since=since))
    except (SQLAlchemyError, BusyError) as error:
        log.warning("the database does not answer: %s", error)
        return Health(fault=type(error).__name__, workers=[])
