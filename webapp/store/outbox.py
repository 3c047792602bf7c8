"""What is still to be done about runs: rows that are the truth, claimed by one worker at a time, removed when done.

A row belongs to a lane: the destination that it goes to. A lane has a few slots, so that a slow destination holds few
workers, and after a failure its rows are suspect: they are tried one at a time, and by no more than half of the slots
that suspects have in all.
"""

import secrets
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    Select,
    and_,
    bindparam,
    delete,
    event,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from webapp.domain.notices import Event
from webapp.store.models.notices import OutboxRow
from webapp.store.models.tables import UtcDateTime
from webapp.store.statements import insert_rows, table_of

_OUTBOX = table_of(OutboxRow)

PENDING = "pending"
SENDING = "sending"
SPENT = "spent"
LANE_SLOTS = 2
MAX_LANES = 1_000
LANES = "afterrun.lanes"

Kick = Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """A delivery to be made.

    Args:
        delivery_id: which one.
        run_id: the run it tells of.
        event: what happened to it.
        lane: the destination.
        order_key: it waits for everything before it that has the same; None waits for nothing.
    """

    delivery_id: int
    run_id: int
    event: Event
    lane: str
    order_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A claimed row: nobody else does it until its lease ends.

    Args:
        id: the row.
        token: what shows that the claim is still ours.
        run_id: the run.
        event: what happened to it.
        delivery_id: the delivery to be made; None: the event is to be planned.
        lane: the destination.
        attempt: the number of this try, from 1.
    """

    id: int
    token: str
    run_id: int
    event: Event
    delivery_id: int | None
    lane: str
    attempt: int


def _is_due(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    waits = and_(_OUTBOX.c.state == PENDING, _OUTBOX.c.next_at <= now)
    return or_(waits, and_(_OUTBOX.c.state == SENDING, _OUTBOX.c.lease_until <= now))


def _select_next() -> Select[*tuple[Any, ...]]:
    """Return the statement that finds the next row of a lane; made once, because it is asked for all the time."""
    columns = ("id", "run_id", "event", "delivery_id", "is_suspect", "attempts")
    before = _OUTBOX.alias("before")
    waits = exists().where(
        before.c.order_key == _OUTBOX.c.order_key, before.c.id < _OUTBOX.c.id, before.c.state != SPENT
    )
    mine = _OUTBOX.c.lane == bindparam("lane")
    moment = bindparam("moment", type_=UtcDateTime())
    found = select(*(_OUTBOX.c[name] for name in columns)).where(mine, _is_due(moment), not_(waits))
    return found.order_by(_OUTBOX.c.id).limit(1)


_NEXT = _select_next()


def add_event(session: Session, *, run_id: int, event: Event, now: datetime) -> None:
    """Have an event of a run planned; the row stands and falls with the transaction of what happened."""
    lane = f"run:{run_id}"
    row = _row(run_id=run_id, event=event, lane=lane, order_key=lane, next_at=now, created_at=now)
    session.execute(_OUTBOX.insert().values(**row))
    _kick_after_commit(session, [lane])


def add_work(session: Session, work: Sequence[NewWork], *, now: datetime) -> None:
    """Have deliveries made."""
    rows = [
        _row(
            run_id=each.run_id,
            event=each.event,
            delivery_id=each.delivery_id,
            lane=each.lane,
            order_key=each.order_key,
            next_at=now,
            created_at=now,
        )
        for each in work
    ]
    insert_rows(session, _OUTBOX, rows)
    counted = Counter(each.lane for each in work)
    _kick_after_commit(session, [lane for lane, count in counted.items() for _ in range(min(count, LANE_SLOTS))])


def lock_lane(session: Session, lane: str) -> None:
    """Let those who claim rows of a lane, or hold or release all of it, take turns; on SQLite all writers do.

    It comes first in a transaction: rows that are locked in different orders would end in a deadlock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:lane, 0))"), {"lane": lane})


def claim(session: Session, lane: str, *, now: datetime, lease: timedelta, suspects: int) -> Work | None:
    """Take the next row of a lane that is due, if the lane has a slot free.

    Args:
        session: a writing session of its own.
        lane: the destination.
        now: the moment.
        lease: for how long nobody else may take the row.
        suspects: how many suspect rows may be worked on at the same moment, in all lanes.
    """
    lock_lane(session, lane)
    row = _next(session, lane, now=now)
    if row is None:
        return None
    going = and_(_OUTBOX.c.state == SENDING, _OUTBOX.c.lease_until > now)
    busy = session.scalar(select(func.count()).where(_OUTBOX.c.lane == lane, going)) or 0
    if busy >= (1 if row.is_suspect else LANE_SLOTS):
        return None
    if row.is_suspect and _count(session, and_(going, _OUTBOX.c.is_suspect.is_(True))) >= suspects:
        return None
    token = secrets.token_hex(16)
    taken = (
        update(_OUTBOX)
        .where(_OUTBOX.c.id == row.id, _is_due(now))
        .values(state=SENDING, token=token, lease_until=now + lease, attempts=_OUTBOX.c.attempts + 1)
    )
    if session.connection().execute(taken).rowcount != 1:
        return None
    return Work(
        id=row.id,
        token=token,
        run_id=row.run_id,
        event=Event(row.event),
        delivery_id=row.delivery_id,
        lane=lane,
        attempt=row.attempts + 1,
    )


def renew(session: Session, work: Work, *, until: datetime) -> bool:
    """Let nobody else take a row before a moment; False when its lease ended and somebody else has it now."""
    changed = update(_OUTBOX).where(_is_mine(work)).values(lease_until=until)
    return session.connection().execute(changed).rowcount == 1


def finish(session: Session, work: Work) -> bool:
    """Remove a row that is done; False when its lease ended and somebody else has it now."""
    return session.connection().execute(delete(_OUTBOX).where(_is_mine(work))).rowcount == 1


def postpone(session: Session, work: Work, *, next_at: datetime, fault: str) -> bool:
    """Have a row tried again later; False when its lease ended and somebody else has it now."""
    values = {"state": PENDING, "token": None, "lease_until": None, "next_at": next_at, "fault": fault}
    changed = update(_OUTBOX).where(_is_mine(work)).values(is_suspect=True, **values)
    return session.connection().execute(changed).rowcount == 1


def give_up(session: Session, work: Work, *, fault: str) -> bool:
    """Keep a row that was tried in vain as often as it may be, for people to see; False as in `finish`."""
    changed = update(_OUTBOX).where(_is_mine(work)).values(state=SPENT, token=None, lease_until=None, fault=fault)
    return session.connection().execute(changed).rowcount == 1


def hold_lane(session: Session, lane: str, *, until: datetime) -> None:
    """Let what waits in a locked lane wait longer: its destination has just failed."""
    waiting = and_(_OUTBOX.c.lane == lane, _OUTBOX.c.state == PENDING)
    session.execute(update(_OUTBOX).where(waiting).values(is_suspect=True))
    session.execute(update(_OUTBOX).where(waiting, _OUTBOX.c.next_at < until).values(next_at=until))


def release_lane(session: Session, lane: str, *, now: datetime) -> None:
    """Let what waits in a locked lane only because the destination had failed go on: it works again."""
    held = and_(_OUTBOX.c.lane == lane, _OUTBOX.c.state == PENDING, _OUTBOX.c.is_suspect.is_(True))
    session.execute(update(_OUTBOX).where(held).values(is_suspect=False))
    session.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.lane == lane, _OUTBOX.c.state == PENDING, _OUTBOX.c.attempts == 0)
        .values(next_at=now)
    )


def remove_work(session: Session, delivery_id: int) -> bool:
    """Take back a delivery that nobody works on; False when somebody does, or there is nothing left to do."""
    row = and_(_OUTBOX.c.delivery_id == delivery_id, _OUTBOX.c.state != SENDING)
    return session.connection().execute(delete(_OUTBOX).where(row)).rowcount == 1


def list_due_lanes(session: Session, *, now: datetime) -> list[str]:
    """Return the lanes with something due, the longest waiting first, each as often as it has slots for it."""
    first = func.min(_OUTBOX.c.id)
    by_lane = select(_OUTBOX.c.lane, func.count()).where(_is_due(now)).group_by(_OUTBOX.c.lane)
    counted = session.execute(by_lane.order_by(first).limit(MAX_LANES))
    return [lane for lane, count in counted for _ in range(min(count, LANE_SLOTS))]


def has_due(session: Session, lane: str, *, now: datetime) -> bool:
    """Say whether a lane has more to do now."""
    return _next(session, lane, now=now) is not None


def count_waiting(session: Session) -> int:
    """Return how many rows wait or are worked on."""
    return _count(session, _OUTBOX.c.state != SPENT)


def list_spent(session: Session, *, limit: int = 100) -> list[tuple[int, Event, str]]:
    """Return the run, the event and the fault of events that could not be planned."""
    rows = session.execute(
        select(_OUTBOX.c.run_id, _OUTBOX.c.event, _OUTBOX.c.fault)
        .where(_OUTBOX.c.state == SPENT)
        .order_by(_OUTBOX.c.id.desc())
        .limit(limit)
    )
    return [(row.run_id, Event(row.event), row.fault) for row in rows]


def _row(**values: Any) -> dict[str, Any]:
    empty = {
        "delivery_id": None,
        "order_key": None,
        "is_suspect": False,
        "state": PENDING,
        "attempts": 0,
        "token": None,
        "lease_until": None,
        "fault": "",
    }
    return {**empty, **values, "event": str(values["event"])}


def _next(session: Session, lane: str, *, now: datetime) -> Any:
    """Return the first row of a lane that is due and has nothing before it that it must wait for."""
    return session.execute(_NEXT, {"lane": lane, "moment": now}).one_or_none()


def _is_mine(work: Work) -> ColumnElement[bool]:
    return and_(_OUTBOX.c.id == work.id, _OUTBOX.c.token == work.token)


def _count(session: Session, clause: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(_OUTBOX).where(clause)) or 0


_kicks: weakref.WeakKeyDictionary[Engine, Kick] = weakref.WeakKeyDictionary()


def listen(engine: Engine, kick: Kick | None) -> None:
    """Have a function told of lanes with something to do, right after the transaction that put it there; None ends it.

    It is a courtesy: what nobody is told of is found by the next sweep.
    """
    if kick is None:
        _kicks.pop(engine, None)
    else:
        _kicks[engine] = kick


def _kick_after_commit(session: Session, lanes: Iterable[str]) -> None:
    noted = session.info.get(LANES)
    if noted is None:
        noted = session.info[LANES] = []
        event.listen(session, "after_commit", _after_commit, once=True)
    noted.extend(lanes)


def _after_commit(session: Session) -> None:
    lanes = session.info.pop(LANES, ())
    bind = session.get_bind()
    kick = _kicks.get(bind) if isinstance(bind, Engine) else None
    if kick is not None and lanes:
        kick(lanes)
