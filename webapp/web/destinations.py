"""Whom does this server tell by name, and who hears of every run: named destinations and handlers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.errors import AfterrunError, ConflictError, NotFoundError
from webapp.notify.contract import Channel
from webapp.notify.destinations import remove_destination
from webapp.notify.handler_setting import FREE, read_mapping, remove_handler, source_of_handlers
from webapp.notify.handlers import SHORT
from webapp.notify.office import DESTINATION, HANDLER
from webapp.settings.resolve import Source
from webapp.store.db import Session, db, writing
from webapp.store.destinations import (
    change_destination,
    get_destination,
    list_destinations,
    list_stopped,
    take_up_target,
)
from webapp.web.guard import requires
from webapp.web.office import office

blueprint = Blueprint("destinations", __name__, url_prefix="/admin/destinations")

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Whom a configuration reaches, or why nobody."""

    names: tuple[str, ...] = ()
    more: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerRow:
    """A handler for people; `channel` is empty for a class of somebody's own, whose path is `word`."""

    name: str
    level: str
    word: str
    channel: str
    reached: Reached


@blueprint.get("")
@requires(Permission.ADMIN)
def index() -> ResponseReturnValue:
    """List destinations, handlers, and targets that said they are no more."""
    session = db.session()
    found = list_destinations(session)
    source = source_of_handlers(session, office())
    values = {
        "destinations": found,
        "reached": {each.name: _reached(session, each.channel, f"{DESTINATION}{each.name}") for each in found},
        "handlers": _handlers(session),
        "source": source,
        "can_edit": source in FREE,
        "is_fixed": source is Source.ENVIRONMENT,
        "stopped": list_stopped(session),
        "channels": [office().channels.get(name) for name in office().channels.names],
    }
    return render_template("destinations/index.html", **values)


@blueprint.post("/<name>/enabled")
@requires(Permission.ADMIN)
def put_enabled(name: str) -> ResponseReturnValue:
    """Switch a destination on or off."""
    is_enabled = request.form.get("enabled") == "yes"
    with writing() as session:
        found = get_destination(session, name)
        change_destination(session, name, sealed=found.sealed, is_enabled=is_enabled, now=now())
    flash(f"{name} is switched {'on' if is_enabled else 'off'}.", "success")
    return redirect(url_for("destinations.index"))


@blueprint.post("/<name>/remove")
@requires(Permission.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """Remove a destination."""
    with writing() as session:
        if not remove_destination(session, name, by_id=current_user.id, now=now()):
            raise NotFoundError(f"there is no destination {name[:80]!r}")
    flash(f"{name} is removed.", "success")
    return redirect(url_for("destinations.index"))


@blueprint.post("/handlers/<name>/remove")
@requires(Permission.ADMIN)
def drop_handler(name: str) -> ResponseReturnValue:
    """Remove a handler."""
    with writing() as session:
        if not remove_handler(session, office(), name, by_id=current_user.id, now=now()):
            raise NotFoundError(f"there is no handler {name[:80]!r}")
    flash(f"{name} is removed.", "success")
    return redirect(url_for("destinations.index"))


@blueprint.post("/stopped/take-up")
@requires(Permission.ADMIN)
def take_up() -> ResponseReturnValue:
    """Send to a target again that said it is no more."""
    channel, key = request.form.get("channel", ""), request.form.get("key", "")
    with writing() as session:
        if not take_up_target(session, channel=channel, target_key=key):
            raise ConflictError("nothing was changed: messages go there already")
    flash("Messages go there again.", "success")
    return redirect(url_for("destinations.index"))


def find_channel(name: str) -> Channel:
    """Return a channel by its name."""
    if name not in office().channels.names:
        raise NotFoundError(f"there is no channel {name[:40]!r}")
    return office().channels.get(name)


def _handlers(session: Session) -> list[HandlerRow]:
    return [_handler(session, name, given) for name, given in read_mapping(session, office()).items()]


def _handler(session: Session, name: str, given: Mapping[str, Any]) -> HandlerRow:
    word = str(given.get("class", ""))
    channel = SHORT.get(word, word) if SHORT.get(word, word) in office().channels.names else ""
    reached = _reached(session, channel, f"{HANDLER}{name}") if channel else Reached()
    return HandlerRow(name=name, level=str(given.get("level", "")), word=word, channel=channel, reached=reached)


def _reached(session: Session, channel: str, source: str) -> Reached:
    """Return whom a configuration reaches, without contacting anybody."""
    try:
        config = office().config(session, channel=channel, source=source)
        names = [each.to or "its usual place" for each in find_channel(channel).find_targets(config)]
    except AfterrunError as error:
        return Reached(fault=str(error))
    return Reached(names=tuple(names[:MOST_SHOWN]), more=len(names[MOST_SHOWN:]))
