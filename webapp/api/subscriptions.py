"""What do I hear of: one's own subscriptions, and the secrets that one's callbacks name."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from webapp import clock
from webapp.api.office import office
from webapp.api.schema import Takes, operation
from webapp.domain.access import Caller, Permission, Scope
from webapp.errors import ForbiddenError, NotFoundError
from webapp.notify.own_secrets import NewSecret, forget_secret, keep_secret
from webapp.notify.subscriptions import Wanted, subscribe
from webapp.store.db import db, writing
from webapp.store.kept_secrets import KeptSecret, list_secrets
from webapp.store.subscriptions import Subscription, list_of_user, remove_subscription

blueprint = Blueprint("api_subscriptions", __name__, url_prefix="/api/v1")

Word = Annotated[str, msgspec.Meta(max_length=255)]


class SubscriptionAnswer(msgspec.Struct, frozen=True):
    """What one hears of."""

    id: int
    query: str
    channel: str
    criteria: dict[str, Any]
    verbosity: str
    is_enabled: bool


class SubscriptionListAnswer(msgspec.Struct, frozen=True):
    """One's subscriptions, the oldest first."""

    items: list[SubscriptionAnswer]


class SubscriptionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to hear of: runs that the filter selects, when they meet the criteria of a notify block."""

    criteria: Annotated[dict[str, Any], msgspec.Meta(max_length=10)]
    query: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    channel: Word = "email"
    verbosity: Word = "quiet"


class SecretAnswer(msgspec.Struct, frozen=True):
    """A kept secret; the secret itself is never shown."""

    id: int
    description: str
    is_servers: bool
    created_at: datetime


class SecretListAnswer(msgspec.Struct, frozen=True):
    """One's secrets, and for administrators the server's, by description."""

    items: list[SecretAnswer]


class SecretBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret to keep; callbacks name it by its description.

    Args:
        description: what a callback's `token` says to mean it.
        value: the secret.
        is_servers: whether everybody's callbacks may name it; for administrators.
    """

    description: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
    is_servers: bool = False


@operation(blueprint, "GET", "/subscriptions", scope=Scope.READ, answers={200: SubscriptionListAnswer})
def index_subscriptions() -> SubscriptionListAnswer:
    """List one's own subscriptions."""
    return SubscriptionListAnswer(items=[_answer(each) for each in list_of_user(db.session(), _own_id())])


@operation(
    blueprint,
    "POST",
    "/subscriptions",
    scope=Scope.READ,
    answers={201: SubscriptionAnswer},
    takes=Takes(body=SubscriptionBody, errors=(413,)),
)
def add_own_subscription(body: SubscriptionBody) -> SubscriptionAnswer:
    """Subscribe to runs; messages go to the address in one's profile."""
    wanted = Wanted(query=body.query, channel=body.channel, criteria=body.criteria, verbosity=body.verbosity)
    with writing() as session:
        return _answer(subscribe(session, office(), wanted, user_id=_own_id(), now=clock.now()))


@operation(blueprint, "DELETE", "/subscriptions/<int:number>", scope=Scope.READ, answers={204: None})
def drop_subscription(number: int) -> None:
    """Remove one of one's own subscriptions."""
    with writing() as session:
        if not remove_subscription(session, min(number, 2**62), user_id=_own_id()):
            raise NotFoundError(f"there is no subscription {number} of yours")


@operation(blueprint, "GET", "/secrets", scope=Scope.READ, answers={200: SecretListAnswer})
def index_secrets() -> SecretListAnswer:
    """List one's own secrets by their descriptions, and for administrators the server's."""
    caller: Caller = g.caller
    found = list_secrets(db.session(), user_id=_own_id())
    if caller.can(Permission.ADMIN):
        found = [*found, *list_secrets(db.session(), user_id=None)]
    return SecretListAnswer(items=[_secret(each) for each in found])


@operation(
    blueprint,
    "POST",
    "/secrets",
    scope=Scope.INGEST,
    answers={201: SecretAnswer},
    takes=Takes(body=SecretBody, errors=(413,)),
)
def add_own_secret(body: SecretBody) -> SecretAnswer:
    """Keep a secret, encrypted; it is never shown again."""
    caller: Caller = g.caller
    owner = _own_id()
    if body.is_servers and not (caller.can(Permission.ADMIN) and caller.has_scope(Scope.ADMIN)):
        raise ForbiddenError("only administrators keep secrets of the server")
    user_id = None if body.is_servers else owner
    with writing() as session:
        new = NewSecret(description=body.description, value=body.value, user_id=user_id)
        made = keep_secret(session, office(), new, by_id=owner, now=clock.now())
        return next(_secret(each) for each in list_secrets(session, user_id=user_id) if each.id == made)


@operation(blueprint, "DELETE", "/secrets/<int:number>", scope=Scope.INGEST, answers={204: None})
def drop_secret(number: int) -> None:
    """Forget one of one's own secrets, or as an administrator one of the server's."""
    caller: Caller = g.caller
    is_admin = caller.can(Permission.ADMIN) and caller.has_scope(Scope.ADMIN)
    secret_id = min(number, 2**31 - 1)
    with writing() as session:
        if not forget_secret(session, secret_id, by_id=_own_id(), is_admin=is_admin, now=clock.now()):
            raise NotFoundError(f"there is no secret {number} of yours")


def _own_id() -> int:
    caller: Caller = g.caller
    if caller.user_id is None:
        raise ForbiddenError("expected the token of an account")
    return caller.user_id


def _answer(each: Subscription) -> SubscriptionAnswer:
    return SubscriptionAnswer(
        id=each.id,
        query=each.query,
        channel=each.channel,
        criteria=dict(each.criteria),
        verbosity=each.verbosity,
        is_enabled=each.is_enabled,
    )


def _secret(each: KeptSecret) -> SecretAnswer:
    return SecretAnswer(
        id=each.id, description=each.description, is_servers=each.user_id is None, created_at=each.created_at
    )
