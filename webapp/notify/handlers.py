"""Who hears of every run: the handlers of the setting NOTIFICATION_HANDLERS, made before they are needed."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.domain.outcome import Level
from webapp.errors import SettingError
from webapp.notify.catalogue import Channels
from webapp.notify.contract import NotificationHandler
from webapp.plugins.fields import suggest
from webapp.plugins.registry import LOAD_FAULTS

SETTING = "NOTIFICATION_HANDLERS"
CUSTOM = "handler"
SHORT = {
    "mail": "email",
    "taskmanager.notifications.SlackNotificationHandler": "slack",
    "taskmanager.notifications.MailNotificationHandler": "email",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One handler.

    Args:
        name: its key in the setting.
        level: it hears of this level and worse ones.
        channel: the channel that its class stands for; `handler` for a class of somebody's own.
        given: the arguments of the channel's configuration.
        own: the instance of somebody's own class.
    """

    name: str
    level: Level
    channel: str
    given: Mapping[str, Any]
    own: NotificationHandler | None = None


def read_handlers(text: str, channels: Channels) -> tuple[Handler, ...]:
    """Return the handlers of the setting, in their order.

    Args:
        text: the setting's value, JSON.
        channels: what their short names stand for.

    Raises:
        SettingError: a class can't be imported or refuses its arguments; it names the handler.
    """
    mapping: Mapping[str, Any] = json.loads(text) if text else {}
    return tuple(_read(name, given, channels) for name, given in mapping.items())


def _read(name: str, given: object, channels: Channels) -> Handler:
    if not isinstance(given, Mapping):
        raise _fault(name, "expected a mapping with class and level")
    arguments = dict(given)
    path, word = arguments.pop("class", None), arguments.pop("level", None)
    if not isinstance(path, str) or not path:
        raise _fault(name, f"expected class: one of {', '.join(channels.names)}, or a dotted path")
    if word not in tuple(Level):
        raise _fault(name, f"expected level: one of {', '.join(Level)}, got {str(word)[:60]!r}")
    channel = SHORT.get(path, path)
    if channel in channels.names:
        return Handler(name=name, level=Level(word), channel=channel, given=arguments)
    own = _make(name, path, arguments, channels)
    return Handler(name=name, level=Level(word), channel=CUSTOM, given={}, own=own)


def _make(name: str, path: str, arguments: Mapping[str, Any], channels: Channels) -> NotificationHandler:
    """Import a class by its dotted path and make one."""
    module, _, attribute = path.replace(":", ".").rpartition(".")
    if not module:
        hint = suggest(path, channels.names)
        raise _fault(name, f"class {path!r} is none of {', '.join(channels.names)}, nor a dotted path{hint}")
    try:
        made = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        raise _fault(name, f"class {path} cannot be imported: {error}; try `pip install {missing}`") from error
    except LOAD_FAULTS as error:
        raise _fault(name, f"class {path} cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(made, type) or not issubclass(made, NotificationHandler):
        raise _fault(name, f"class {path} must be a subclass of webapp.notify.contract.NotificationHandler")
    try:
        return made(**arguments)
    except Exception as error:
        raise _fault(name, f"class {path} refuses its arguments: {type(error).__name__}: {error}") from error


def _fault(name: str, sentence: str) -> SettingError:
    return SettingError(f"{SETTING}: {name}: {sentence}")
