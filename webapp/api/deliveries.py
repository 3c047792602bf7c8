"""Which messages were sent, what was answered, and how is one sent again or taken back?"""

import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from webapp import clock
from webapp.api.answers import Cursor, Limit
from webapp.api.office import office
from webapp.api.schema import Takes, operation
from webapp.domain.access import Caller, Permission, Scope
from webapp.domain.deliveries import DeliveryState
from webapp.domain.notice_privacy import may_see_content, shown_address
from webapp.domain.notices import Event
from webapp.errors import ForbiddenError, NotFoundError
from webapp.notify import again
from webapp.store.db import db, writing
from webapp.store.deliveries import (
    Delivery,
    DeliveryFilter,
    find_payload,
    get_delivery,
    list_attempts,
    page_deliveries,
)
from webapp.store.paging import read_position, write_position

blueprint = Blueprint("api_deliveries", __name__, url_prefix="/api/v1")

Word = Annotated[str, msgspec.Meta(max_length=255)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class DeliveryAnswer(msgspec.Struct, frozen=True):
    """One message of one event to one target; addresses of others are shortened."""

    uid: str
    run: str
    service: str
    number: int
    event: Event
    channel: str
    route: str
    to: str
    user: str | None
    state: DeliveryState
    reason: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    finished_at: datetime | None


class AttemptAnswer(msgspec.Struct, frozen=True):
    """One try: what was asked and answered; `fault` is empty when it succeeded."""

    number: int
    at: datetime
    duration_s: float | None
    code: str
    request: str
    answer: str
    fault: str


class DeliveryDetailAnswer(DeliveryAnswer, frozen=True, kw_only=True):
    """A message with its tries and its text; what was said is shown to the run's submitter and administrators."""

    tries: list[AttemptAnswer]
    payload: dict[str, Any] | None


class DeliveryList(msgspec.Struct, frozen=True):
    """A page of deliveries, newest first."""

    items: list[DeliveryAnswer]
    next: str | None


class DeliveryListQuery(msgspec.Struct, frozen=True):
    """Which deliveries; what is left out selects all."""

    state: DeliveryState | None = None
    channel: Word = ""
    service: Word = ""
    run: Word = ""
    to: Word = ""
    since: Moment | None = None
    until: Moment | None = None
    limit: Limit = 50
    cursor: Cursor = ""


class ReplayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which deliveries to send again; at least one of these."""

    state: DeliveryState | None = None
    channel: Word = ""
    service: Word = ""
    run: Word = ""
    since: Moment | None = None
    until: Moment | None = None


class Replayed(msgspec.Struct, frozen=True):
    """The deliveries that are sent again, the oldest first; at most 1,000 at once."""

    uids: list[str]


@operation(
    blueprint,
    "GET",
    "/deliveries",
    scope=Scope.READ,
    answers={200: DeliveryList},
    takes=Takes(query=DeliveryListQuery, errors=(400,)),
)
def list_deliveries(query: DeliveryListQuery) -> DeliveryList:
    """List messages, newest first."""
    caller: Caller = g.caller
    page = page_deliveries(db.session(), where=_filter(query), before=read_position(query.cursor), limit=query.limit)
    visible = [_answer(each, caller) for each in page.items if caller.may_touch(each.service)]
    return DeliveryList(items=visible, next=write_position(page.older))


@operation(blueprint, "GET", "/deliveries/<uid>", scope=Scope.READ, answers={200: DeliveryDetailAnswer})
def show_delivery(uid: str) -> DeliveryDetailAnswer:
    """Show one message, what was tried and what was answered."""
    caller: Caller = g.caller
    session = db.session()
    delivery = _readable(get_delivery(session, uid), caller)
    may_see = may_see_content(caller, delivery.submitter)
    kept = find_payload(session, delivery.id) if may_see else None
    tries = [
        AttemptAnswer(
            number=each.number,
            at=each.at,
            duration_s=each.duration_s,
            code=each.code,
            request=each.request if may_see else "",
            answer=each.answer if may_see else "",
            fault=each.fault,
        )
        for each in list_attempts(session, delivery.id)
    ]
    return DeliveryDetailAnswer(
        **_values(delivery, caller), tries=tries, payload=None if kept is None else json.loads(kept)
    )


@operation(
    blueprint,
    "POST",
    "/deliveries/<uid>/retry",
    scope=Scope.INGEST,
    answers={202: DeliveryAnswer},
    takes=Takes(errors=(409,)),
)
def retry_delivery(uid: str) -> DeliveryAnswer:
    """Send a message again, the same text under the same id; one that waits is sent now."""
    with writing() as session:
        delivery = _changeable(get_delivery(session, uid))
        again.resend(session, office(), delivery, by_id=g.caller.user_id, now=clock.now())
        return _answer(get_delivery(session, uid), g.caller)


@operation(
    blueprint,
    "POST",
    "/deliveries/<uid>/cancel",
    scope=Scope.INGEST,
    answers={200: DeliveryAnswer},
    takes=Takes(errors=(409,)),
)
def cancel_delivery(uid: str) -> DeliveryAnswer:
    """Take a message back that has not left yet."""
    with writing() as session:
        delivery = _changeable(get_delivery(session, uid))
        again.cancel(session, delivery, by=g.caller, now=clock.now())
        return _answer(get_delivery(session, uid), g.caller)


@operation(
    blueprint,
    "POST",
    "/deliveries/replay",
    scope=Scope.ADMIN,
    answers={202: Replayed},
    takes=Takes(body=ReplayBody, errors=(413,)),
)
def replay_deliveries(body: ReplayBody) -> Replayed:
    """Send many messages again, such as all of a channel since its failure."""
    caller: Caller = g.caller
    if caller.services:
        raise ForbiddenError("this token is limited to services; replay them one by one")
    with writing() as session:
        return Replayed(uids=again.replay(session, office(), _filter(body), by_id=caller.user_id, now=clock.now()))


def _filter(query: DeliveryListQuery | ReplayBody) -> DeliveryFilter:
    return DeliveryFilter(
        states=() if query.state is None else (query.state,),
        channel=query.channel,
        service=query.service,
        run_uid=query.run,
        to=query.to if isinstance(query, DeliveryListQuery) and g.caller.can(Permission.ADMIN) else "",
        since=query.since,
        until=query.until,
    )


def _readable(delivery: Delivery, caller: Caller) -> Delivery:
    if not caller.may_touch(delivery.service):
        raise NotFoundError(f"there is no delivery {delivery.uid}")
    return delivery


def _changeable(delivery: Delivery) -> Delivery:
    caller: Caller = g.caller
    _readable(delivery, caller)
    if not caller.can(Permission.OPERATE):
        raise ForbiddenError("only operators and administrators send messages again or take them back")
    return delivery


def _answer(delivery: Delivery, caller: Caller) -> DeliveryAnswer:
    return DeliveryAnswer(**_values(delivery, caller))


def _values(delivery: Delivery, caller: Caller) -> dict[str, Any]:
    names = ("uid", "service", "event", "channel", "route", "user", "state", "reason", "attempts")
    times = ("created_at", "next_at", "finished_at")
    return {
        **{name: getattr(delivery, name) for name in (*names, *times)},
        "run": delivery.run_uid,
        "number": delivery.run_number,
        "to": shown_address(delivery.to, caller=caller, user_id=delivery.user_id, submitter=delivery.submitter),
    }
