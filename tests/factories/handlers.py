"""Handlers of somebody's own, as a setting names them by their dotted path: they keep what they are told, or fail."""

import threading
from collections.abc import Callable

from webapp.notify.contract import ChannelError, NotificationHandler
from webapp.notify.report import Report

TOLD: dict[str, list[Report]] = {}
WAYS: dict[str, Callable[[], None]] = {}
_lock = threading.Lock()


class Collector(NotificationHandler):
    """Keeps what it is told under a key; a function of `WAYS` under the same key is called before, and may raise."""

    def __init__(self, key: str, greeting: str = "") -> None:
        self.key = key
        self.greeting = greeting

    def emit(self, report: Report) -> None:
        """Keep it."""
        WAYS.get(self.key, _fine)()
        with _lock:
            TOLD.setdefault(self.key, []).append(report)


class Refusing(NotificationHandler):
    """Takes no arguments at all."""

    def emit(self, report: Report) -> None:
        """Refuse it."""
        raise ChannelError(f"{report.run.service} is refused", permanent=True)


class NoHandler:
    """Is none."""


def told(key: str) -> list[Report]:
    """Return what a collector was told."""
    return TOLD.get(key, [])


def _fine() -> None:
    """Do nothing."""
