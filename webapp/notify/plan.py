"""How does an event become deliveries: found out by reading, then kept in one transaction with its outbox rows."""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.notices import Event
from webapp.domain.uids import make_uid
from webapp.notify.addressee import Addressee
from webapp.notify.office import Office
from webapp.notify.rules import Occasion, rules_of
from webapp.store.db import Session
from webapp.store.deliveries import add_deliveries
from webapp.store.destinations import find_stopped
from webapp.store.outbox import NewWork, add_work
from webapp.store.runs import Run, list_runs
from webapp.store.selections import claim_dependency


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Whom an event is told to.

    Args:
        run_id: the run.
        event: what happened to it.
        addressees: everybody, each target once.
        groups: for those that only one run of a group tells: the group's key, by target.
    """

    run_id: int
    event: Event
    addressees: tuple[Addressee, ...]
    groups: dict[tuple[str, str], str]


def plan_event(session: Session, office: Office, *, run_id: int, event: Event, now: datetime) -> Planned:
    """Return whom an event is told to; nobody when the run is gone."""
    run = find_run_by_id(session, run_id)
    found: dict[tuple[str, str], Addressee] = {}
    groups: dict[tuple[str, str], str] = {}
    rules = rules_of(Occasion(session=session, office=office, run=run, event=event, now=now)) if run else []
    for rule in rules:
        for each in rule.addressees if not rule.mismatch else ():
            place = (each.channel, each.key)
            if place in found and (found[place].skipped == "" or each.skipped):
                continue
            found[place] = _unless_stopped(session, each)
            groups.pop(place, None)
            if rule.group:
                groups[place] = rule.group
    return Planned(run_id=run_id, event=event, addressees=tuple(found.values()), groups=groups)


def keep_plan(session: Session, planned: Planned, *, now: datetime) -> None:
    """Keep the deliveries of an event and what is to be done for them; the same event may be planned again."""
    told = {key: claim_dependency(session, key, run_id=planned.run_id, now=now) for key in set(planned.groups.values())}
    wanted = [each for each in planned.addressees if told.get(planned.groups.get((each.channel, each.key), ""), True)]
    made = {make_uid(now): each for each in wanted}
    ids = add_deliveries(
        session,
        [each.delivery(uid) for uid, each in made.items()],
        run_id=planned.run_id,
        event=planned.event,
        now=now,
    )
    work = [
        NewWork(
            delivery_id=ids[uid],
            run_id=planned.run_id,
            event=planned.event,
            lane=each.lane,
            order_key=each.key if each.is_ordered else None,
        )
        for uid, each in made.items()
        if uid in ids and not each.skipped
    ]
    add_work(session, work, now=now)


def find_run_by_id(session: Session, run_id: int) -> Run | None:
    """Return a run by its number in the store, if it is still there."""
    return next(iter(list_runs(session, [run_id])), None)


def _unless_stopped(session: Session, each: Addressee) -> Addressee:
    """Return an addressee, skipped when its target said that it is no more."""
    if each.skipped:
        return each
    stopped = find_stopped(session, channel=each.channel, target_key=each.key)
    if stopped is None:
        return each
    return each.skip(f"it said on {stopped.at:%Y-%m-%d} that it is no more: {stopped.reason}")
