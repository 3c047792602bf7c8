"""Which runs wait to be pushed to a repository, and how are they pushed now?"""

from datetime import datetime

from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.notify.again import resend_all
from webapp.notify.office import Office
from webapp.store.db import Session
from webapp.store.deliveries import Delivery, DeliveryFilter, list_deliveries

GIT = "git"
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

    What is being pushed at this moment is left as it is.
    """
    waiting = [each for each in list_waiting(session).get(repository, ()) if each.state is not DeliveryState.SENDING]
    return len(resend_all(session, office, waiting, by_id=by_id, now=now))
