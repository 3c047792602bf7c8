"""Who wants to hear of which runs, without any block saying so: people's own subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from webapp.store.models.accounts import UserRow
from webapp.store.models.notices import SubscriptionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a person wants to hear of.

    Args:
        id: ours.
        user_id: whose it is.
        user: that account's name.
        query: a filter over runs; empty is every run.
        channel: by which channel; its address comes from the profile.
        criteria: when, as in a notify block.
        verbosity: how much is said.
        is_enabled: whether it is in force.
    """

    id: int
    user_id: int
    user: str
    query: str
    channel: str
    criteria: Mapping[str, Any]
    verbosity: str
    is_enabled: bool


def list_in_force(session: Session) -> list[Subscription]:
    """Return the subscriptions that are in force, of accounts that are."""
    query = _select().where(SubscriptionRow.is_enabled.is_(True), UserRow.is_active.is_(True))
    return [Subscription(**row) for row in session.execute(query.order_by(SubscriptionRow.id)).mappings()]


def list_of_user(session: Session, user_id: int) -> list[Subscription]:
    """Return a person's subscriptions, the oldest first."""
    query = _select().where(SubscriptionRow.user_id == user_id).order_by(SubscriptionRow.id)
    return [Subscription(**row) for row in session.execute(query).mappings()]


def count_of_user(session: Session, user_id: int) -> int:
    """Return how many subscriptions a person has."""
    return session.scalar(select(func.count()).where(SubscriptionRow.user_id == user_id)) or 0


def add_subscription(session: Session, new: Subscription, *, now: datetime) -> int:
    """Add a subscription and return its id; the one given is not looked at."""
    row = SubscriptionRow(
        user_id=new.user_id,
        query=new.query,
        channel=new.channel,
        criteria=dict(new.criteria),
        verbosity=new.verbosity,
        is_enabled=new.is_enabled,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def set_enabled(session: Session, subscription_id: int, *, user_id: int, is_enabled: bool) -> bool:
    """Put a person's subscription in force or out of it; False when they have none of that id."""
    change = update(SubscriptionRow).where(SubscriptionRow.id == subscription_id, SubscriptionRow.user_id == user_id)
    changed = session.execute(change.values(is_enabled=is_enabled).returning(SubscriptionRow.id))
    return changed.first() is not None


def remove_subscription(session: Session, subscription_id: int, *, user_id: int) -> bool:
    """Remove a person's subscription; False when they have none of that id."""
    row = delete(SubscriptionRow).where(SubscriptionRow.id == subscription_id, SubscriptionRow.user_id == user_id)
    return session.execute(row.returning(SubscriptionRow.id)).first() is not None


def _select() -> Select[*tuple[Any, ...]]:
    row = SubscriptionRow
    columns = (
        row.id, row.user_id, UserRow.name.label("user"), row.query, row.channel, row.criteria, row.verbosity,
        row.is_enabled,
    )  # fmt: skip
    return select(*columns).join(UserRow, UserRow.id == row.user_id)
