"""How is one thing in the outbox done: claimed, done without any transaction open, and settled."""

import logging
import random
from datetime import datetime, timedelta

from webapp.clock import now
from webapp.domain.deliveries import MAX_ATTEMPTS, DeliveryState, wait_after
from webapp.notify.alarms import tell_owner
from webapp.notify.contract import Answer
from webapp.notify.deliver import Courier, Outcome
from webapp.notify.office import DESTINATION, Office
from webapp.notify.plan import keep_plan, plan_event
from webapp.store import deliveries as store
from webapp.store import outbox
from webapp.store.db import Session, reading, writing
from webapp.store.destinations import StoppedTarget, stop_target, switch_off
from webapp.store.outbox import Work
from webapp.worker.lease import LEASE, TooLongError, do_leased

HOLD = timedelta(seconds=30)
PLAN_AGAIN = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))

log = logging.getLogger(__name__)


def work_lane(office: Office, lane: str, *, workers: int) -> bool:
    """Do the next thing of a lane that is due, and say whether there is more.

    Args:
        office: what sends notices.
        lane: the destination, or the run whose events are planned.
        workers: how many threads there are; destinations that just failed take no more than half of them.
    """
    with writing() as session:
        work = outbox.claim(session, lane, now=now(), lease=LEASE, suspects=max(1, workers // 2))
        if work is not None and work.delivery_id is not None:
            store.mark_sending(session, work.delivery_id)
    if work is None:
        return False
    if work.delivery_id is None:
        _plan(office, work)
    else:
        _deliver(office, work, work.delivery_id)
    with reading() as session:
        return outbox.has_due(session, lane, now=now())


def list_due_lanes() -> list[str]:
    """Return the lanes with something due, as often as each has slots."""
    with reading() as session:
        return outbox.list_due_lanes(session, now=now())


def _plan(office: Office, work: Work) -> None:
    try:
        with reading() as session:
            planned = plan_event(session, office, run_id=work.run_id, event=work.event, now=now())
        with writing() as session:
            if outbox.finish(session, work):
                keep_plan(session, planned, now=now())
    except Exception as error:
        log.exception("the %s of run %d could not be planned", work.event, work.run_id)
        _plan_later(work, fault=f"{type(error).__name__}: {error}"[:2_000])


def _plan_later(work: Work, *, fault: str) -> None:
    with writing() as session:
        if work.attempt > len(PLAN_AGAIN):
            outbox.give_up(session, work, fault=fault)
        else:
            outbox.postpone(session, work, next_at=now() + PLAN_AGAIN[work.attempt - 1], fault=fault)


def _deliver(office: Office, work: Work, delivery_id: int) -> None:
    began = now()
    try:
        courier = Courier(office=office, reading=reading)
        outcome = do_leased(work, lambda: courier.deliver(delivery_id, attempt=work.attempt, now=began))
    except TooLongError as error:
        took_s = (now() - began).total_seconds()
        outcome = Outcome(state=DeliveryState.RETRYING, reason=str(error), answer=Answer(), duration_s=took_s)
    except Exception as error:
        log.exception("the delivery %d could not be made", delivery_id)
        outcome = Outcome(state=DeliveryState.RETRYING, reason=f"{type(error).__name__}: {error}"[:1_000])
    with writing() as session:
        _settle(session, office, work, outcome, began=began)


def _settle(session: Session, office: Office, work: Work, outcome: Outcome | None, *, began: datetime) -> None:
    """Note what became of a try, unless somebody else has the row by now."""
    moment, delivery_id = now(), work.delivery_id
    outbox.lock_lane(session, work.lane)
    if outcome is None or delivery_id is None:
        outbox.finish(session, work)
        return
    if outcome.state is DeliveryState.RETRYING:
        wait = wait_after(work.attempt, share=random.random(), asked_s=outcome.asked_s)  # noqa: S311  (spreads retries)
        if wait is not None:
            if outbox.postpone(session, work, next_at=moment + wait, fault=outcome.reason):
                outbox.hold_lane(session, work.lane, until=moment + HOLD)
                store.mark_retrying(session, delivery_id, next_at=moment + wait, reason=outcome.reason)
                _keep(session, delivery_id, outcome, began=began)
            return
    if not outbox.finish(session, work):
        return
    state, reason = outcome.state, outcome.reason
    if state is DeliveryState.RETRYING:
        state, reason = DeliveryState.FAILED, f"given up after {MAX_ATTEMPTS} tries: {reason}"
    if state is DeliveryState.SENT:
        outbox.release_lane(session, work.lane, now=moment)
    ref = outcome.answer.ref if outcome.answer is not None else ""
    store.mark_ended(session, delivery_id, state, reason=reason, now=moment, thread_ref=ref)
    _keep(session, delivery_id, outcome, began=began)
    if outcome.is_gone:
        _stop(session, office, delivery_id, reason=reason, now=moment)


def _keep(session: Session, delivery_id: int, outcome: Outcome, *, began: datetime) -> None:
    if outcome.payload is not None:
        store.mark_written(session, delivery_id, payload=outcome.payload, thread_key=outcome.thread_key)
    if outcome.answer is not None:
        attempt = store.Attempt(
            number=0,
            at=began,
            duration_s=outcome.duration_s,
            code=outcome.answer.code,
            answer=outcome.answer.text,
            request=outcome.answer.request,
            fault=outcome.reason,
        )
        store.add_attempt(session, delivery_id, attempt)


def _stop(session: Session, office: Office, delivery_id: int, *, reason: str, now: datetime) -> None:
    """Send nothing more to a target that said it is no more, and have its owner told."""
    delivery = store.find_delivery_by_id(session, delivery_id)
    if delivery is None:
        return
    stopped = StoppedTarget(
        channel=delivery.channel, target_key=delivery.target_key, to=delivery.to, reason=reason, at=now
    )
    stop_target(session, stopped)
    if delivery.source.startswith(DESTINATION):
        switch_off(session, delivery.source.removeprefix(DESTINATION), fault=reason, now=now)
    tell_owner(session, office, delivery, reason=reason, now=now)
