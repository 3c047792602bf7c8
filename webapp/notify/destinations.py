"""How is a named destination made or changed: its channel, its configuration, whom it reaches?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.domain.names import find_slug_fault
from webapp.errors import ConflictError, InvalidError
from webapp.notify.contract import Channel
from webapp.notify.office import Office
from webapp.plugins.fields import MASK, dump_config, read_config
from webapp.store import accounts
from webapp.store import destinations as store
from webapp.store.db import Session
from webapp.store.destinations import Destination

MAX_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFields:
    """What a destination is given.

    Args:
        channel: the channel's name; fixed once it is made.
        config: its own values by name; what is left out is the settings', and what is masked stays as it was.
        is_enabled: whether anything is sent there.
    """

    channel: str
    config: Mapping[str, Any]
    is_enabled: bool = True


def put_destination(
    session: Session, office: Office, name: str, fields: DestinationFields, *, by_id: int | None, now: datetime
) -> bool:
    """Make a destination or change it, and say whether it is new.

    Raises:
        InvalidError: something can't be used; it names every fault.
        ConflictError: it is there with another channel.
    """
    fault = find_slug_fault(name) or (f"expected at most {MAX_NAME} characters" if len(name) > MAX_NAME else None)
    if fault is None and name in office.channels.names:
        fault = "expected another name, because this is a channel's"
    if fault is not None:
        raise InvalidError(("name", fault))
    channel = office.channels.get(fields.channel)
    found = store.find_destination(session, name)
    if found is not None and found.channel != fields.channel:
        raise ConflictError(f"the destination {name!r} is one of {found.channel}: remove it first")
    before = {} if found is None else office.read_sealed(found.sealed, f"the destination {name!r}")
    given = {key: before.get(key, "") if value == MASK else value for key, value in fields.config.items()}
    _check(session, office, channel, given)
    sealed = office.seal_values(given)
    if found is None:
        store.add_destination(session, name, channel=fields.channel, sealed=sealed, owner_id=by_id, now=now)
    if found is not None or not fields.is_enabled:
        store.change_destination(session, name, sealed=sealed, is_enabled=fields.is_enabled, now=now)
    accounts.add_audit(session, user_id=by_id, action="destination.changed", subject=name, now=now)
    return found is None


def masked_config(office: Office, destination: Destination) -> dict[str, Any]:
    """Return a destination's own values, secrets masked."""
    given = office.read_sealed(destination.sealed, f"the destination {destination.name!r}")
    config = office.channels.get(destination.channel).Config
    shown = dump_config(read_config(config, given, is_partial=True), is_masked=True)
    return {name: value for name, value in shown.items() if name in given}


def remove_destination(session: Session, name: str, *, by_id: int | None, now: datetime) -> bool:
    """Remove a destination; False when there was none."""
    if not store.remove_destination(session, name):
        return False
    accounts.add_audit(session, user_id=by_id, action="destination.removed", subject=name, now=now)
    return True


def _check(session: Session, office: Office, channel: Channel, given: Mapping[str, object]) -> None:
    try:
        channel.find_targets(office.config_with(session, channel.name, given))
    except InvalidError as error:
        raise InvalidError(*((f"config.{path}" if path else "config", text) for path, text in error.faults)) from error
