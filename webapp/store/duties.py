"""Which process does a job that has to be done once for all of them? Whoever notes its beginning first."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, not_, select, update
from sqlalchemy.orm import Session

from webapp.store.models.tables import EPOCH
from webapp.store.models.workers import DutyRow
from webapp.store.statements import inserting_missing, table_of

_DUTY = table_of(DutyRow)
_INSERT = inserting_missing(_DUTY, ("kind", "begun_at"))
# A beginning that lies further ahead was noted by a clock that was wrong.
CLOCKS_DIFFER = timedelta(minutes=10)


def is_duty_due(session: Session, kind: str, *, every: timedelta, now: datetime) -> bool:
    """Say whether nobody has begun a job within its period."""
    begun = select(_DUTY.c.kind).where(_DUTY.c.kind == kind, _is_begun(every, now))
    return session.execute(begun).first() is None


def take_duty(session: Session, kind: str, *, every: timedelta, now: datetime) -> bool:
    """Note that a job begins, and say whether it is ours; of many that ask at once one gets it."""
    _INSERT.execute(session, [{"kind": kind, "begun_at": EPOCH}])
    taken = update(_DUTY).where(_DUTY.c.kind == kind, not_(_is_begun(every, now))).values(begun_at=now)
    return session.connection().execute(taken).rowcount == 1


def _is_begun(every: timedelta, now: datetime) -> ColumnElement[bool]:
    return _DUTY.c.begun_at.between(now - every, now + CLOCKS_DIFFER)
