"""How is one handler of the setting NOTIFICATION_HANDLERS made, changed or removed, when the database holds it?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.domain.names import find_slug_fault
from webapp.domain.outcome import Level
from webapp.errors import ConflictError, InvalidError
from webapp.notify.handlers import SETTING
from webapp.notify.office import Office
from webapp.plugins.fields import MASK
from webapp.settings.resolve import Source
from webapp.store.db import Session

MAX_NAME = 64
FREE = frozenset({Source.DATABASE, Source.DEFAULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFields:
    """What a handler is given.

    Args:
        channel: the channel's name.
        level: it hears of this level and worse ones.
        config: its own values by name; what is left out is the settings', and what is masked stays as it was.
    """

    channel: str
    level: Level
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value of an option of all handlers of one class, and what stands in its place."""

    word: str
    option: str
    before: str
    after: str

    def within(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a handler is given, with the new value."""
        is_meant = given.get("class") == self.word and given.get(self.option) == self.before
        return {**given, self.option: self.after} if is_meant else dict(given)


def read_mapping(session: Session, office: Office) -> dict[str, dict[str, Any]]:
    """Return the handlers in force as the setting says them."""
    text = office.settings.text(session, SETTING)
    found: dict[str, dict[str, Any]] = json.loads(text) if text else {}
    return found


def source_of_handlers(session: Session, office: Office) -> Source:
    """Return where the handlers in force come from."""
    return office.settings.get(session, SETTING).source


def put_handler(
    session: Session, office: Office, name: str, fields: HandlerFields, *, by_id: int | None, now: datetime
) -> None:
    """Make a handler or change it.

    Raises:
        InvalidError: something can't be used; it names every fault.
        ConflictError: the handlers come from the environment or from config.py.
    """
    _require_free(session, office)
    fault = find_slug_fault(name) or (f"expected at most {MAX_NAME} characters" if len(name) > MAX_NAME else None)
    if fault is not None:
        raise InvalidError(("name", fault))
    mapping = read_mapping(session, office)
    before = mapping.get(name, {})
    given = {key: before.get(key, "") if value == MASK else value for key, value in fields.config.items()}
    try:
        config = office.config_with(session, fields.channel, given)
        office.channels.get(fields.channel).find_targets(config)
    except InvalidError as error:
        raise InvalidError(*((f"config.{path}" if path else "", text) for path, text in error.faults)) from error
    mapping[name] = {"class": fields.channel, "level": fields.level.value, **given}
    _keep(session, office, mapping, by_id=by_id, now=now)


def remove_handler(session: Session, office: Office, name: str, *, by_id: int | None, now: datetime) -> bool:
    """Remove a handler; False when there was none.

    Raises:
        ConflictError: the handlers come from the environment or from config.py.
    """
    _require_free(session, office)
    mapping = read_mapping(session, office)
    if mapping.pop(name, None) is None:
        return False
    _keep(session, office, mapping, by_id=by_id, now=now)
    return True


def replace_value(session: Session, office: Office, replaced: Replaced, *, by_id: int | None, now: datetime) -> None:
    """Have handlers say another value, where the database holds them."""
    if source_of_handlers(session, office) not in FREE:
        return
    mapping = read_mapping(session, office)
    changed = {name: replaced.within(given) for name, given in mapping.items()}
    if changed != mapping:
        _keep(session, office, changed, by_id=by_id, now=now)


def _require_free(session: Session, office: Office) -> None:
    source = source_of_handlers(session, office)
    if source not in FREE:
        raise ConflictError(f"the handlers are given by {source}: change {SETTING} there")


def _keep(
    session: Session, office: Office, mapping: Mapping[str, Mapping[str, Any]], *, by_id: int | None, now: datetime
) -> None:
    office.settings.put(session, SETTING, json.dumps(mapping), by_id=by_id, now=now)
