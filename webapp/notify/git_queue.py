"""Which runs wait to be pushed to a repository, how are they pushed now, and what follows when it is renamed?"""

from datetime import datetime

from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.notify.addressee import Addressee
from webapp.notify.again import send_again
from webapp.notify.contract import Target
from webapp.notify.handler_setting import Replaced, replace_value
from webapp.notify.office import Office
from webapp.notify.wants import Wants, write_target
from webapp.store.accounts import add_audit
from webapp.store.db import Session
from webapp.store.deliveries import Delivery, DeliveryFilter, list_deliveries
from webapp.store.destinations import list_destinations, reseal_destination
from webapp.store.outbox import lock_lane
from webapp.store.repository_names import Pushes, rename_in_deliveries, rename_in_services

GIT = "git"
SERVICES_OPTION = "push_to_git"
CHANNELS_OPTION = "repository"
MOST = 1_000
WAITING = DeliveryFilter(channel=GIT, states=tuple(sorted({*OPEN, DeliveryState.FAILED})))


def list_waiting(session: Session) -> dict[str, list[Delivery]]:
    """Return the pushes that have not come through, by repository, the oldest first; at most `MOST` in all."""
    found: dict[str, list[Delivery]] = {}
    for delivery in list_deliveries(session, where=WAITING, limit=MOST):
        found.setdefault(delivery.to, []).append(delivery)
    return found


def push_now(session: Session, office: Office, repository: str, *, by_id: int | None, now: datetime) -> int:
    """Have everything that waits for a repository pushed now, in its order; return how much that is.

    What is being pushed at this moment is left as it is. It is recorded with who wanted it.
    """
    waiting = [each for each in list_waiting(session).get(repository, ()) if each.state is not DeliveryState.SENDING]
    uids = send_again(session, office, waiting, now=now)
    if uids:
        done = "repository.pushed"
        add_audit(session, user_id=by_id, action=done, subject=repository, now=now, details={"uids": uids})
    return len(uids)


def follow_name(session: Session, office: Office, before: str, after: str, *, by_id: int | None, now: datetime) -> None:
    """Have services, deliveries, destinations and handlers name a repository as it is called now.

    It comes first in a transaction, because it locks the lanes of both names.
    """
    old, new = _pushes(before), _pushes(after)
    for lane in sorted({old.lane, new.lane}):
        lock_lane(session, lane)
    rename_in_services(session, SERVICES_OPTION, before, after)
    rename_in_deliveries(session, GIT, old, new)
    for each in list_destinations(session):
        if each.channel != GIT:
            continue
        given = office.read_sealed(each.sealed, f"the destination {each.name!r}")
        if given.get(CHANNELS_OPTION) == before:
            reseal_destination(session, each.name, office.seal_values({**given, CHANNELS_OPTION: after}))
    replace_value(session, office, Replaced(GIT, CHANNELS_OPTION, before, after), by_id=by_id, now=now)


def _pushes(name: str) -> Pushes:
    target = Target(to=name)
    one = Addressee(channel=GIT, route="", target=target, wants=Wants())
    return Pushes(to=name, target=write_target(target), target_key=one.key, lane=one.lane)
