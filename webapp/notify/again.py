"""How is a message sent again, or taken back: one delivery, many of them, or a whole event planned anew?"""

from collections.abc import Iterable
from datetime import datetime

from webapp.domain.access import Caller
from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.domain.notices import Event
from webapp.domain.outcome import ENDED, RunStatus
from webapp.errors import ConflictError
from webapp.notify.addressee import lane_of
from webapp.notify.office import Office
from webapp.notify.wants import read_target
from webapp.store import outbox
from webapp.store.accounts import add_audit
from webapp.store.db import Session
from webapp.store.deliveries import (
    Delivery,
    DeliveryFilter,
    list_deliveries,
    mark_ended,
    mark_pending,
)
from webapp.store.destinations import take_up_target
from webapp.store.outbox import NewWork
from webapp.store.runs import Run

MAX_REPLAYED = 1_000


def resend(session: Session, office: Office, delivery: Delivery, *, by_id: int | None, now: datetime) -> None:
    """Send a message again, or now rather than later: the same text under the same id; recorded with who wanted it.

    A target that said it is no more is taken up again.

    Raises:
        ConflictError: it is being sent at this moment, or there is nobody to send it to.
    """
    _resend(session, office, delivery, now=now)
    _record(session, "delivery.sent_again", delivery, by_id=by_id, now=now)


def _resend(session: Session, office: Office, delivery: Delivery, *, now: datetime) -> None:
    if delivery.state is DeliveryState.SKIPPED:
        raise ConflictError(f"it was never addressed to anybody: {delivery.reason}; plan the run's event again instead")
    if delivery.state in OPEN and not outbox.remove_work(session, delivery.id):
        raise ConflictError("it is being sent at this moment")
    take_up_target(session, channel=delivery.channel, target_key=delivery.target_key)
    mark_pending(session, delivery.id)
    target = read_target(delivery.target)
    names = office.channels.names
    is_ordered = delivery.channel in names and office.channels.get(delivery.channel).is_ordered
    work = NewWork(
        delivery_id=delivery.id,
        run_id=delivery.run_id,
        event=delivery.event,
        lane=lane_of(delivery.channel, target, delivery.source),
        order_key=delivery.target_key if is_ordered else None,
    )
    outbox.add_work(session, [work], now=now)


def replay(session: Session, office: Office, where: DeliveryFilter, *, by_id: int | None, now: datetime) -> list[str]:
    """Send many messages again, the oldest first; return the uids of those that will be sent.

    Those that are being sent, or were never addressed to anybody, are left as they are.
    """
    found = list_deliveries(session, where=where, limit=MAX_REPLAYED)
    return resend_all(session, office, found, by_id=by_id, now=now)


def resend_all(
    session: Session, office: Office, found: Iterable[Delivery], *, by_id: int | None, now: datetime
) -> list[str]:
    """Send messages again and return the uids of those that will be sent; recorded in one line with who wanted it.

    Those that are being sent, or were never addressed to anybody, are left as they are.
    """
    done = send_again(session, office, found, now=now)
    if done:
        subject, details = "1 message" if len(done) == 1 else f"{len(done):,} messages", {"uids": done}
        add_audit(session, user_id=by_id, action="delivery.sent_again", subject=subject, now=now, details=details)
    return done


def send_again(session: Session, office: Office, found: Iterable[Delivery], *, now: datetime) -> list[str]:
    """Do the same without a record, which whoever calls this keeps."""
    done = []
    for delivery in found:
        try:
            _resend(session, office, delivery, now=now)
        except ConflictError:
            continue
        done.append(delivery.uid)
    return done


def cancel(session: Session, delivery: Delivery, *, by: Caller, now: datetime) -> None:
    """Take a message back that has not left yet; recorded with who wanted it.

    Raises:
        ConflictError: it has left, is being sent at this moment, or is over otherwise.
    """
    if delivery.state not in OPEN:
        raise ConflictError(f"it is {delivery.state} already")
    if not outbox.remove_work(session, delivery.id):
        raise ConflictError("it is being sent at this moment")
    mark_ended(session, delivery.id, DeliveryState.CANCELED, reason=f"canceled by {by.name}", now=now)
    _record(session, "delivery.canceled", delivery, by_id=by.user_id, now=now)


def plan_again(session: Session, run: Run, *, by_id: int | None, now: datetime) -> None:
    """Have the last event of a run planned anew: whoever was told of it already is not told again.

    It is recorded with who wanted it.

    Raises:
        ConflictError: the run has not begun.
    """
    if run.status is RunStatus.QUEUED:
        raise ConflictError("the run has not begun yet")
    event = Event.ENDED if run.status in ENDED else Event.RUNNING
    outbox.add_event(session, run_id=run.id, event=event, now=now)
    subject, details = f"{run.service} #{run.number}", {"event": str(event)}
    add_audit(session, user_id=by_id, action="delivery.planned_again", subject=subject, now=now, details=details)


def _record(session: Session, action: str, delivery: Delivery, *, by_id: int | None, now: datetime) -> None:
    subject = f"{delivery.service} #{delivery.run_number}"
    details = {"uid": delivery.uid, "channel": delivery.channel}
    add_audit(session, user_id=by_id, action=action, subject=subject, now=now, details=details)
