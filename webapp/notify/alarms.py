"""Who hears when messages themselves fail: the fallback destination, and the owner of a destination that is gone?"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.domain.notices import Event, Verbosity
from webapp.domain.policy import Recipient
from webapp.domain.uids import make_uid
from webapp.notify.addressee import Addressee
from webapp.notify.office import DESTINATION, Office
from webapp.notify.plan import find_run_by_id
from webapp.notify.recipients import EMAIL, Asking, resolve
from webapp.notify.wants import Wants
from webapp.notify.wording import plural
from webapp.store.accounts import find_user
from webapp.store.db import Session
from webapp.store.deliveries import (
    Delivery,
    DeliveryFilter,
    add_deliveries,
    count_failing,
    count_of_route,
    list_newest,
)
from webapp.store.destinations import find_destination
from webapp.store.outbox import NewWork, add_work, list_spent

DAY = timedelta(days=1)
FALLBACK = "the fallback destination"
OWNER = "the owner of a destination that is gone"
MAX_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What did not leave.

    Args:
        count: messages that wait for more than a day, or failed within the last one.
        unplanned: events of which it could not even be found out who hears of them.
        newest: one of those messages.
    """

    count: int
    unplanned: int
    newest: Delivery | None

    @property
    def sentence(self) -> str:
        """Return what a banner says; empty when there is no trouble."""
        said = []
        if self.count:
            have = "message has" if self.count == 1 else "messages have"
            said.append(f"{self.count:,} {have} not left for a day, or failed")
        if self.unplanned:
            said.append(f"{self.unplanned:,} {plural(self.unplanned, 'event')} could not be planned")
        return "; ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    """What somebody is told about a delivery."""

    about: Delivery
    route: str
    note: str
    to: Recipient


def find_trouble(session: Session, *, now: datetime) -> Trouble:
    """Return what the banner shows."""
    count = count_failing(session, before=now - DAY, since=now - DAY)
    states = (DeliveryState.FAILED, *sorted(OPEN))
    newest = list_newest(session, where=DeliveryFilter(states=states), limit=1) if count else []
    unplanned = len(list_spent(session))
    return Trouble(count=count, unplanned=unplanned, newest=newest[0] if newest else None)


def warn_fallback(session: Session, office: Office, *, now: datetime) -> bool:
    """Have the fallback destination told of trouble, at most once a day; say whether it will be."""
    name = office.settings.text(session, "NOTIFY_FALLBACK")
    trouble = find_trouble(session, now=now)
    if not name or trouble.newest is None or count_of_route(session, FALLBACK, since=now - DAY):
        return False
    failed = list_newest(session, where=DeliveryFilter(states=(DeliveryState.FAILED,)), limit=MAX_NAMED)
    lines = [f"{each.channel} to {each.to}: {each.reason}" for each in failed]
    note = "\n".join([f"{trouble.sentence}.", *lines])
    to = Recipient(method="", destination=name)
    return _tell(session, office, _Alarm(about=trouble.newest, route=FALLBACK, note=note, to=to), now=now)


def tell_owner(session: Session, office: Office, delivery: Delivery, *, reason: str, now: datetime) -> bool:
    """Have the owner of a destination told by mail that it is gone: whoever made it, else the run's submitter."""
    owner = delivery.submitter or ""
    if delivery.source.startswith(DESTINATION):
        found = find_destination(session, delivery.source.removeprefix(DESTINATION))
        person = find_user(session, found.owner_id) if found is not None and found.owner_id is not None else None
        owner = person.name if person is not None else owner
    if not owner:
        return False
    note = f"{delivery.to} said that it is no more ({reason}). Nothing is sent there until somebody takes it up again."
    to = Recipient(method=EMAIL, user=owner)
    return _tell(session, office, _Alarm(about=delivery, route=OWNER, note=note, to=to), now=now)


def _tell(session: Session, office: Office, alarm: _Alarm, *, now: datetime) -> bool:
    run = find_run_by_id(session, alarm.about.run_id)
    if run is None:
        return False
    wants = Wants(verbosity=Verbosity.STATUS_ONLY, note=alarm.note[:4_000])
    asking = Asking(session=session, office=office, run=run, route=alarm.route, wants=wants, now=now)
    found = resolve(asking, alarm.to)
    _keep(session, found, alarm.about, now=now)
    return any(not each.skipped for each in found)


def _keep(session: Session, found: Iterable[Addressee], about: Delivery, *, now: datetime) -> None:
    """Keep messages beside those of the event: whoever heard of the run hears of this too."""
    made = {make_uid(now): each for each in found}
    news = []
    for uid, each in made.items():
        key = hashlib.sha256(f"{each.key} {each.route} {about.uid}".encode()).hexdigest()
        news.append(replace(each.delivery(uid), target_key=key))
    ids = add_deliveries(session, news, run_id=about.run_id, event=Event.ENDED, now=now)
    work = [
        NewWork(delivery_id=ids[uid], run_id=about.run_id, event=Event.ENDED, lane=each.lane)
        for uid, each in made.items()
        if uid in ids and not each.skipped
    ]
    add_work(session, work, now=now)
