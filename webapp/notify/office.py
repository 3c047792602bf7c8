"""What do all notices need of this server: channels, handlers, templates, and configurations in force."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from webapp.errors import InvalidError, NotFoundError, SettingError
from webapp.notify.addresses import read_guard
from webapp.notify.catalogue import Channels
from webapp.notify.contract import Templates, WirePolicy
from webapp.notify.handlers import SETTING, Handler, read_handlers
from webapp.notify.render import MessageTemplates
from webapp.plugins.fields import options_of, read_config
from webapp.settings.resolve import Settings, Source
from webapp.store.db import Session
from webapp.store.destinations import find_destination

EXTENSION = "afterrun.office"
HANDLER = "handler:"
DESTINATION = "destination:"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What sends notices in this process.

    Args:
        instance: the instance folder.
        settings: every setting.
        channels: every channel.
        templates: fills the templates of messages.
    """

    instance: Path
    settings: Settings
    channels: Channels
    templates: Templates

    def handlers(self, session: Session) -> tuple[Handler, ...]:
        """Return the handlers in force."""
        return _handlers(self.settings.text(session, SETTING), self.channels)

    def config(self, session: Session, *, channel: str, source: str) -> Any:
        """Return a channel's configuration in force.

        Args:
            session: a reading session.
            channel: the channel's name.
            source: `handler:NAME` or `destination:NAME`, whose own values win; empty for the settings alone.

        Raises:
            InvalidError: it can't be used; it names every fault.
            NotFoundError: the handler or destination is there no more.
        """
        return self.config_with(session, channel, self._given(session, source))

    def config_with(self, session: Session, channel: str, given: Mapping[str, object]) -> Any:
        """Return a channel's configuration of given values; those left out are the settings'."""
        config = self.channels.get(channel).Config
        values: dict[str, object] = {}
        for name, what in options_of(config).items():
            if what.setting and name not in given:
                resolved = self.settings.get(session, what.setting)
                if resolved.source is not Source.DEFAULT or resolved.value != "":
                    values[name] = resolved.value
        return read_config(config, {**values, **given})

    def policy(self, session: Session) -> WirePolicy:
        """Return where outgoing HTTP may go."""
        return WirePolicy(
            allowed_hosts=self.settings.items(session, "CALLBACK_ALLOWED_HOSTS"),
            allow_private=self.settings.items(session, "CALLBACK_ALLOW_PRIVATE"),
            ca_bundle=self.settings.text(session, "CALLBACK_CA_BUNDLE"),
        )

    def read_sealed(self, sealed: str, name: str) -> dict[str, Any]:
        """Return a mapping that was kept encrypted."""
        found: dict[str, Any] = json.loads(self.settings.unseal(sealed, name))
        return found

    def seal_values(self, given: Mapping[str, Any]) -> str:
        """Return the values of a configuration as they are kept."""
        return self.settings.seal(json.dumps(dict(given)))

    def _given(self, session: Session, source: str) -> Mapping[str, object]:
        if source.startswith(HANDLER):
            name = source.removeprefix(HANDLER)
            for handler in self.handlers(session):
                if handler.name == name:
                    return handler.given
            raise NotFoundError(f"the handler {name!r} is not set any more")
        if source.startswith(DESTINATION):
            name = source.removeprefix(DESTINATION)
            found = find_destination(session, name)
            if found is None:
                raise NotFoundError(f"there is no destination {name!r} any more")
            return self.read_sealed(found.sealed, f"the destination {name!r}")
        return {}


def open_office(instance: Path, settings: Settings, channels: Channels) -> Office:
    """Make what sends notices, and check what the start can check: handlers and the callbacks' hosts.

    Raises:
        SettingError: a handler, or the hosts that may be called, can't be used as they are set.
    """
    office = Office(instance=instance, settings=settings, channels=channels, templates=MessageTemplates(instance))
    hosts, networks = (
        tuple(item for item in str(settings.at_start(name).value).split(",") if item)
        for name in ("CALLBACK_ALLOWED_HOSTS", "CALLBACK_ALLOW_PRIVATE")
    )
    read_guard(hosts=hosts, networks=networks)
    for handler in _handlers(str(settings.at_start(SETTING).value), channels):
        check_handler(office, handler)
    return office


def check_handler(office: Office, handler: Handler) -> None:
    """Check the arguments of a handler, as far as its own values and those of the start go.

    A handler that reaches nobody yet only warns: the database may say whom, and each run says that nobody was told.

    Raises:
        SettingError: its class refuses them, or needs a package that is not installed; it names the handler.
    """
    if handler.own is not None:
        return
    channel = office.channels.get(handler.channel)
    values: dict[str, object] = {}
    for name, what in options_of(channel.Config).items():
        resolved = office.settings.at_start(what.setting) if what.setting else None
        if resolved is not None and resolved.source is not Source.DEFAULT:
            values[name] = resolved.value
    try:
        config = read_config(channel.Config, {**values, **handler.given})
    except InvalidError as error:
        raise SettingError(f"{SETTING}: {handler.name}: {error}") from error
    try:
        channel.find_targets(config)
    except InvalidError as error:
        log.warning("%s: %s reaches nobody yet: %s", SETTING, handler.name, error)
    except SettingError as error:
        raise SettingError(f"{SETTING}: {handler.name}: {error}") from error


@lru_cache(maxsize=4)
def _handlers(text: str, channels: Channels) -> tuple[Handler, ...]:
    return read_handlers(text, channels)
