"""Which messages are there, what was tried, and what became of each?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, aliased

from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.domain.notices import Event
from webapp.errors import NotFoundError
from webapp.store.models.accounts import UserRow
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.notices import DeliveryAttemptRow, DeliveryRow
from webapp.store.models.runs import RunRow
from webapp.store.paging import Page, Position
from webapp.store.statements import in_chunks, insert_rows, table_of

_DELIVERY = table_of(DeliveryRow)
_ATTEMPT = table_of(DeliveryAttemptRow)
ROOM = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A message to one target.

    Args:
        uid: its name everywhere, the same for every try.
        channel: the channel's name.
        route: who wanted it, for people: `handler slack`, `the service`, `the run`.
        source: whose configuration sends it: `handler:NAME`, `destination:NAME`; empty for the settings.
        target: whom it goes to, as JSON.
        target_key: the same for the same target.
        to: the target for people.
        user_id: the account that it goes to.
        wants: what the message shall say, as JSON.
        state: pending, or skipped when it can't be sent.
        reason: why it is skipped.
        thread_key: what it belongs to.
    """

    uid: str
    channel: str
    route: str
    source: str
    target: Mapping[str, Any]
    target_key: str
    to: str
    user_id: int | None
    wants: Mapping[str, Any]
    state: DeliveryState = DeliveryState.PENDING
    reason: str = ""
    thread_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message as lists and its own page show it; `payload` is there only when it was asked for."""

    id: int
    uid: str
    run_id: int
    run_uid: str
    run_number: int
    submitter: str | None
    service: str
    event: Event
    channel: str
    route: str
    source: str
    target: Mapping[str, Any]
    target_key: str
    to: str
    user_id: int | None
    user: str | None
    wants: Mapping[str, Any]
    state: DeliveryState
    reason: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    finished_at: datetime | None
    thread_key: str
    thread_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try; `fault` is empty when it succeeded."""

    number: int
    at: datetime
    duration_s: float | None
    code: str
    answer: str
    request: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries; what is left out selects all."""

    states: Sequence[DeliveryState] = ()
    channel: str = ""
    service: str = ""
    run_uid: str = ""
    to: str = ""
    since: datetime | None = None
    until: datetime | None = None


_Submitter = aliased(UserRow)
_COLUMNS = (
    DeliveryRow.id, DeliveryRow.uid, DeliveryRow.run_id, RunRow.uid.label("run_uid"),
    RunRow.number.label("run_number"), ServiceRow.slug.label("service"), DeliveryRow.event, DeliveryRow.channel,
    DeliveryRow.route, DeliveryRow.source, DeliveryRow.target, DeliveryRow.target_key, DeliveryRow.to,
    DeliveryRow.user_id, UserRow.name.label("user"), DeliveryRow.wants, DeliveryRow.state, DeliveryRow.reason,
    _Submitter.name.label("submitter"),
    DeliveryRow.attempts, DeliveryRow.created_at, DeliveryRow.next_at, DeliveryRow.finished_at,
    DeliveryRow.thread_key, DeliveryRow.thread_ref,
)  # fmt: skip


def add_deliveries(
    session: Session, new: Sequence[NewDelivery], *, run_id: int, event: Event, now: datetime
) -> dict[str, int]:
    """Add the deliveries of an event and return their ids by uid; a target that has one of this event is left out."""
    taken = session.execute(
        select(_DELIVERY.c.channel, _DELIVERY.c.target_key).where(
            _DELIVERY.c.run_id == run_id, _DELIVERY.c.event == str(event)
        )
    )
    known = {(row.channel, row.target_key) for row in taken}
    rows: list[dict[str, Any]] = []
    for each in new:
        if (each.channel, each.target_key) in known:
            continue
        known.add((each.channel, each.target_key))
        rows.append(_row(each, run_id=run_id, event=event, now=now))
    insert_rows(session, _DELIVERY, rows)
    ids: dict[str, int] = {}
    for chunk in in_chunks([row["uid"] for row in rows]):
        found = session.execute(select(_DELIVERY.c.uid, _DELIVERY.c.id).where(_DELIVERY.c.uid.in_(chunk)))
        ids |= {row.uid: row.id for row in found}
    return ids


def find_delivery(session: Session, uid: str) -> Delivery | None:
    """Return the delivery of this uid, if there is one."""
    return _one(session, select_deliveries().where(DeliveryRow.uid == uid))


def get_delivery(session: Session, uid: str) -> Delivery:
    """Return the delivery of this uid.

    Raises:
        NotFoundError: there is none.
    """
    found = find_delivery(session, uid)
    if found is None:
        raise NotFoundError(f"there is no delivery {uid[:40]}")
    return found


def find_delivery_by_id(session: Session, delivery_id: int) -> Delivery | None:
    """Return the delivery of this number, if there is one."""
    return _one(session, select_deliveries().where(DeliveryRow.id == delivery_id))


def find_payload(session: Session, delivery_id: int) -> str | None:
    """Return the message as it was written, as JSON, or None while it wasn't."""
    return session.scalar(select(DeliveryRow.payload).where(DeliveryRow.id == delivery_id))


def list_attempts(session: Session, delivery_id: int) -> list[Attempt]:
    """Return what was tried, the first try first."""
    query = select(DeliveryAttemptRow).where(DeliveryAttemptRow.delivery_id == delivery_id)
    return [
        Attempt(
            number=row.number,
            at=row.at,
            duration_s=row.duration_s,
            code=row.code,
            answer=row.answer,
            request=row.request,
            fault=row.fault,
        )
        for row in session.scalars(query.order_by(DeliveryAttemptRow.number))
    ]


def list_of_run(session: Session, run_id: int) -> list[Delivery]:
    """Return the deliveries of a run in the order they were planned."""
    rows = session.execute(select_deliveries().where(DeliveryRow.run_id == run_id).order_by(DeliveryRow.id)).mappings()
    return [read_delivery(row) for row in rows]


def page_deliveries(
    session: Session, *, where: DeliveryFilter, before: Position | None = None, limit: int = 50
) -> Page[Delivery]:
    """Return a page of deliveries, newest first."""
    statement = _filtered(select_deliveries(), where)
    if before is not None:
        statement = statement.where(DeliveryRow.id < before.id)
    rows = session.execute(statement.order_by(DeliveryRow.id.desc()).limit(limit + 1)).mappings().all()
    items = [read_delivery(row) for row in rows[:limit]]
    older = Position(value=None, id=items[-1].id) if len(rows) > limit else None
    return Page(items=items, older=older)


def list_deliveries(session: Session, *, where: DeliveryFilter, limit: int) -> list[Delivery]:
    """Return deliveries, oldest first."""
    rows = session.execute(_filtered(select_deliveries(), where).order_by(DeliveryRow.id).limit(limit)).mappings()
    return [read_delivery(row) for row in rows]


def list_newest(session: Session, *, where: DeliveryFilter, limit: int) -> list[Delivery]:
    """Return deliveries, newest first."""
    rows = session.execute(
        _filtered(select_deliveries(), where).order_by(DeliveryRow.id.desc()).limit(limit)
    ).mappings()
    return [read_delivery(row) for row in rows]


def count_of_route(session: Session, route: str, *, since: datetime) -> int:
    """Return how many deliveries somebody wanted since a moment."""
    wanted = select(func.count()).where(DeliveryRow.route == route, DeliveryRow.created_at >= since)
    return session.scalar(wanted) or 0


def count_states(session: Session, *, where: DeliveryFilter) -> dict[DeliveryState, int]:
    """Return how many deliveries are in each state."""
    statement = _filtered(with_runs(select(DeliveryRow.state, func.count())), where).group_by(DeliveryRow.state)
    return {DeliveryState(state): count for state, count in session.execute(statement)}


def mark_sending(session: Session, delivery_id: int) -> None:
    """Note that a try began."""
    values = {"state": DeliveryState.SENDING.value, "attempts": _DELIVERY.c.attempts + 1, "next_at": None}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(**values))


def mark_written(session: Session, delivery_id: int, *, payload: str, thread_key: str) -> None:
    """Keep the message as it was written; every try sends the same."""
    values = {"payload": payload, "thread_key": thread_key}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(**values))


def mark_ended(
    session: Session, delivery_id: int, state: DeliveryState, *, reason: str, now: datetime, thread_ref: str = ""
) -> None:
    """Note what became of a delivery."""
    values = {
        "state": str(state),
        "reason": reason,
        "next_at": None,
        "finished_at": now,
        "thread_ref": thread_ref[:255],
    }
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(**values))


def mark_retrying(session: Session, delivery_id: int, *, next_at: datetime, reason: str) -> None:
    """Note that a delivery is tried again, and why."""
    values = {"state": DeliveryState.RETRYING.value, "next_at": next_at, "reason": reason}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(**values))


def mark_pending(session: Session, delivery_id: int) -> None:
    """Note that a delivery is to be made again."""
    values = {"state": DeliveryState.PENDING.value, "reason": "", "next_at": None, "finished_at": None}
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(**values))


def add_attempt(session: Session, delivery_id: int, attempt: Attempt) -> None:
    """Keep what one try came to."""
    number = session.scalar(
        select(func.coalesce(func.max(_ATTEMPT.c.number), 0)).where(_ATTEMPT.c.delivery_id == delivery_id)
    )
    row = {
        "delivery_id": delivery_id,
        "number": (number or 0) + 1,
        "at": attempt.at,
        "duration_s": attempt.duration_s,
        "code": attempt.code[:32],
        "answer": attempt.answer[:ROOM],
        "request": attempt.request[:ROOM],
        "fault": attempt.fault[:ROOM],
    }
    session.execute(_ATTEMPT.insert().values(**row))


def list_sealed(session: Session) -> list[tuple[int, dict[str, Any]]]:
    """Return the ids and wants of deliveries that are not over and hold something encrypted."""
    rows = session.execute(select(_DELIVERY.c.id, _DELIVERY.c.wants).where(_DELIVERY.c.state.in_(sorted(OPEN))))
    return [(row.id, row.wants) for row in rows if row.wants.get("sealed")]


def change_wants(session: Session, delivery_id: int, wants: Mapping[str, Any]) -> None:
    """Keep other wants of a delivery."""
    session.execute(update(_DELIVERY).where(_DELIVERY.c.id == delivery_id).values(wants=dict(wants)))


def find_thread_ref(session: Session, *, channel: str, target_key: str, thread_key: str) -> str:
    """Return the channel's own name of the first message of a thread to a target; empty when none was sent."""
    if not thread_key:
        return ""
    query = select(DeliveryRow.thread_ref).where(
        DeliveryRow.channel == channel,
        DeliveryRow.target_key == target_key,
        DeliveryRow.thread_key == thread_key,
        DeliveryRow.state == DeliveryState.SENT,
        DeliveryRow.thread_ref != "",
    )
    return session.scalar(query.order_by(DeliveryRow.id).limit(1)) or ""


def count_failing(session: Session, *, before: datetime, since: datetime) -> int:
    """Return how many deliveries were planned before a moment and still never left, or failed since another one."""
    open_states = sorted(OPEN)
    stuck = select(func.count()).where(DeliveryRow.state.in_(open_states), DeliveryRow.created_at < before)
    failed = select(func.count()).where(DeliveryRow.state == DeliveryState.FAILED, DeliveryRow.finished_at >= since)
    return (session.scalar(stuck) or 0) + (session.scalar(failed) or 0)


def _row(new: NewDelivery, *, run_id: int, event: Event, now: datetime) -> dict[str, Any]:
    is_over = new.state not in OPEN
    return {
        "uid": new.uid,
        "run_id": run_id,
        "event": str(event),
        "channel": new.channel,
        "route": new.route,
        "source": new.source,
        "target": dict(new.target),
        "target_key": new.target_key,
        "to": new.to,
        "user_id": new.user_id,
        "wants": dict(new.wants),
        "state": str(new.state),
        "reason": new.reason,
        "attempts": 0,
        "created_at": now,
        "next_at": None,
        "finished_at": now if is_over else None,
        "payload": None,
        "thread_key": new.thread_key,
        "thread_ref": "",
    }


def select_deliveries() -> Select[*tuple[Any, ...]]:
    """Return the statement of all deliveries; each row is read by `read_delivery`."""
    people = with_runs(select(*_COLUMNS)).outerjoin(UserRow, UserRow.id == DeliveryRow.user_id)
    return people.outerjoin(_Submitter, _Submitter.id == RunRow.submitter_id)


def with_runs(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a statement about deliveries that may also speak of their runs and services."""
    return (
        statement.select_from(DeliveryRow)
        .join(RunRow, RunRow.id == DeliveryRow.run_id)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
    )


def _filtered(statement: Select[*tuple[Any, ...]], where: DeliveryFilter) -> Select[*tuple[Any, ...]]:
    clauses: list[Any] = []
    if where.states:
        clauses.append(DeliveryRow.state.in_([str(state) for state in where.states]))
    if where.channel:
        clauses.append(DeliveryRow.channel == where.channel)
    if where.service:
        clauses.append(ServiceRow.slug == where.service)
    if where.run_uid:
        clauses.append(RunRow.uid == where.run_uid)
    if where.to:
        clauses.append(DeliveryRow.to.contains(where.to, autoescape=True))
    if where.since is not None:
        clauses.append(DeliveryRow.created_at >= where.since)
    if where.until is not None:
        clauses.append(DeliveryRow.created_at < where.until)
    return statement.where(*clauses)


def _one(session: Session, statement: Select[*tuple[Any, ...]]) -> Delivery | None:
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else read_delivery(row)


def read_delivery(row: Mapping[Any, Any]) -> Delivery:
    """Return a row of `select_deliveries`."""
    values = {str(key): value for key, value in row.items()}
    values["event"] = Event(values["event"])
    values["state"] = DeliveryState(values["state"])
    return Delivery(**values)
