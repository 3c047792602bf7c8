"""Can the settings of notices be used as somebody typed them: what their kind alone does not say?"""

from collections.abc import Mapping

from webapp.errors import InvalidError, SettingError
from webapp.notify.addresses import read_guard
from webapp.notify.contract import Channel
from webapp.notify.handlers import SETTING as HANDLERS
from webapp.notify.handlers import read_handlers
from webapp.notify.office import Office, check_handler
from webapp.notify.trust import trusting
from webapp.plugins.fields import options_of
from webapp.settings.catalogue import BY_NAME, Section, Value
from webapp.store.db import Session
from webapp.store.destinations import find_destination, list_destinations

Faults = list[tuple[str, str]]


def find_channel(office: Office, section: Section) -> Channel | None:
    """Return the channel that the settings of a section are for, if there is one."""
    for name in office.channels.names:
        channel = office.channels.get(name)
        if any(BY_NAME[setting].section is section for setting in options_by_setting(channel)):
            return channel
    return None


def options_by_setting(channel: Channel) -> dict[str, str]:
    """Return the options of a channel that have a setting: setting -> option."""
    return {what.setting: name for name, what in options_of(channel.Config).items() if what.setting}


def given_of(channel: Channel, values: Mapping[str, Value]) -> dict[str, object]:
    """Return values by the names of a channel's options, from values by the names of settings."""
    return {option: values[setting] for setting, option in options_by_setting(channel).items() if setting in values}


def find_setting_faults(session: Session, office: Office, section: Section, values: Mapping[str, Value]) -> Faults:
    """Return what is wrong with values that may be set, each with the name of its setting.

    Args:
        session: a reading session.
        office: what sends notices.
        section: whose settings they are.
        values: by the names of settings; those left out are as they are in force.
    """
    channel = find_channel(office, section)
    faults = _of_channel(session, office, channel, values) if channel is not None else []
    for name, check in _CHECKS.items():
        if values.get(name):
            faults += [(name, sentence.removeprefix(f"{name}: ")) for sentence in check(session, office, values[name])]
    return faults


def _of_channel(session: Session, office: Office, channel: Channel, values: Mapping[str, Value]) -> Faults:
    """Return faults of values that are there: a channel that is not set up is none."""
    given = given_of(channel, values)
    try:
        channel.find_targets(office.config_with(session, channel.name, given))
    except InvalidError as error:
        named = {option: setting for setting, option in options_by_setting(channel).items()}
        return [(named[path], sentence) for path, sentence in error.faults if given.get(path) and path in named]
    except SettingError as error:
        names = options_by_setting(channel)
        return [(next((name for name in names if name in str(error)), next(iter(names))), str(error))]
    return []


def _handlers(_session: Session, office: Office, value: Value) -> list[str]:
    try:
        for handler in read_handlers(str(value), office.channels):
            check_handler(office, handler)
    except SettingError as error:
        return [str(error)]
    return []


def _hosts(_session: Session, _office: Office, value: Value) -> list[str]:
    return _guard(hosts=_items(value), networks=())


def _networks(_session: Session, _office: Office, value: Value) -> list[str]:
    return _guard(hosts=(), networks=_items(value))


def _guard(*, hosts: tuple[str, ...], networks: tuple[str, ...]) -> list[str]:
    try:
        read_guard(hosts=hosts, networks=networks)
    except SettingError as error:
        return [str(error)]
    return []


def _bundle(_session: Session, _office: Office, value: Value) -> list[str]:
    try:
        trusting(str(value))
    except SettingError as error:
        return [str(error)]
    return []


def _fallback(session: Session, _office: Office, value: Value) -> list[str]:
    if find_destination(session, str(value)) is not None:
        return []
    known = ", ".join(each.name for each in list_destinations(session)) or "none yet"
    return [f"expected the name of a destination; there is {known}"]


def _items(value: Value) -> tuple[str, ...]:
    return tuple(item for item in str(value).split(",") if item)


_CHECKS = {
    HANDLERS: _handlers,
    "NOTIFY_FALLBACK": _fallback,
    "CALLBACK_ALLOWED_HOSTS": _hosts,
    "CALLBACK_ALLOW_PRIVATE": _networks,
    "CALLBACK_CA_BUNDLE": _bundle,
}
