"""Which named destinations are there, and how is one made, changed or removed?"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from webapp import clock
from webapp.api.office import office
from webapp.api.schema import Takes, operation
from webapp.domain.access import Caller, Permission, Scope
from webapp.errors import NotFoundError
from webapp.notify.destinations import DestinationFields, masked_config, put_destination, remove_destination
from webapp.store.db import db, writing
from webapp.store.destinations import Destination, get_destination, list_destinations

blueprint = Blueprint("api_destinations", __name__, url_prefix="/api/v1")

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class DestinationAnswer(msgspec.Struct, frozen=True):
    """A named destination; its configuration is shown to administrators, secrets masked."""

    name: str
    channel: str
    is_enabled: bool
    fault: str
    owner: str | None
    changed_at: datetime
    config: dict[str, Any] | None


class DestinationListAnswer(msgspec.Struct, frozen=True):
    """Every destination, by name."""

    items: list[DestinationAnswer]


class DestinationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to set; values of the configuration that are left out come from the settings, masked ones stay."""

    channel: Word
    config: Annotated[dict[str, Any], msgspec.Meta(max_length=50)]
    is_enabled: bool = True


@operation(blueprint, "GET", "/destinations", scope=Scope.READ, answers={200: DestinationListAnswer})
def index_destinations() -> DestinationListAnswer:
    """List named destinations."""
    return DestinationListAnswer(items=[_answer(each) for each in list_destinations(db.session())])


@operation(
    blueprint,
    "PUT",
    "/destinations/<name>",
    scope=Scope.ADMIN,
    answers={200: DestinationAnswer, 201: DestinationAnswer},
    takes=Takes(body=DestinationBody, errors=(409, 413)),
)
def change_destination(name: str, body: DestinationBody) -> tuple[int, DestinationAnswer]:
    """Make a named destination or change it."""
    caller: Caller = g.caller
    fields = DestinationFields(channel=body.channel, config=body.config, is_enabled=body.is_enabled)
    with writing() as session:
        is_new = put_destination(session, office(), name, fields, by_id=caller.user_id, now=clock.now())
        return (201 if is_new else 200), _answer(get_destination(session, name))


@operation(blueprint, "DELETE", "/destinations/<name>", scope=Scope.ADMIN, answers={204: None})
def drop_destination(name: str) -> None:
    """Remove a named destination; what is still on its way there fails."""
    with writing() as session:
        if not remove_destination(session, name, by_id=g.caller.user_id, now=clock.now()):
            raise NotFoundError(f"there is no destination {name[:80]!r}")


def _answer(destination: Destination) -> DestinationAnswer:
    caller: Caller = g.caller
    is_admin = caller.can(Permission.ADMIN) and caller.has_scope(Scope.ADMIN)
    return DestinationAnswer(
        name=destination.name,
        channel=destination.channel,
        is_enabled=destination.is_enabled,
        fault=destination.fault,
        owner=destination.owner,
        changed_at=destination.changed_at,
        config=masked_config(office(), destination) if is_admin else None,
    )
