"""May a person subscribe to that, and what does a subscription want as a policy?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.domain.notices import Verbosity
from webapp.domain.policy import Policy
from webapp.domain.policy_check import check_policy
from webapp.errors import InvalidError, NotFoundError
from webapp.notify.known import Lenient, ServerKnown
from webapp.notify.office import Office
from webapp.notify.selecting import find_viewer
from webapp.store.accounts import get_user
from webapp.store.db import Session
from webapp.store.subscriptions import Subscription, add_subscription, count_of_user, list_of_user

MAX_OWN = 100
METHODS = ("email", "irc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person subscribes to."""

    query: str
    channel: str
    criteria: Mapping[str, Any]
    verbosity: str = Verbosity.QUIET


def subscribe(session: Session, office: Office, wanted: Wanted, *, user_id: int, now: datetime) -> Subscription:
    """Keep a person's subscription and return it.

    Raises:
        InvalidError: something can't be used; it names every fault.
    """
    faults: list[tuple[str, str]] = []
    if wanted.channel not in METHODS:
        faults.append(("channel", f"expected one of {', '.join(METHODS)}, because others have no address of a person"))
    viewer = find_viewer(session, get_user(session, user_id).name)
    known = ServerKnown(session, office, now=now, viewer=viewer)
    if wanted.query and (fault := known.find_query_fault(wanted.query)):
        faults.append(("query", fault))
    block = {"criteria": wanted.criteria, "verbosity": wanted.verbosity}
    faults += check_policy(block, known, path="subscription").faults
    if count_of_user(session, user_id) >= MAX_OWN:
        faults.append(("", f"expected at most {MAX_OWN} subscriptions"))
    if faults:
        raise InvalidError(*faults)
    new = Subscription(
        id=0,
        user_id=user_id,
        user="",
        query=wanted.query,
        channel=wanted.channel,
        criteria=wanted.criteria,
        verbosity=wanted.verbosity,
        is_enabled=True,
    )
    kept = add_subscription(session, new, now=now)
    return get_own(session, kept, user_id=user_id)


def get_own(session: Session, subscription_id: int, *, user_id: int) -> Subscription:
    """Return a person's subscription.

    Raises:
        NotFoundError: they have none of that id.
    """
    found = next((each for each in list_of_user(session, user_id) if each.id == subscription_id), None)
    if found is None:
        raise NotFoundError(f"there is no subscription {subscription_id} of yours")
    return found


def policy_of(subscription: Subscription) -> Policy | None:
    """Return what a subscription wants; None when it can't be read any more."""
    block = {
        "criteria": dict(subscription.criteria),
        "verbosity": subscription.verbosity,
        "recipients": [{"to": {"method": subscription.channel, "user": subscription.user}}],
    }
    return check_policy(block, Lenient(frozenset(METHODS))).policy
