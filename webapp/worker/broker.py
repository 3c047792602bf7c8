"""Who carries kicks to workers in other processes? Nobody, unless the settings name a broker."""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from webapp.errors import SettingError
from webapp.settings.resolve import Settings

EXTENSION = "afterrun.broker"
ENGINE = "webapp.worker.engines.celery"
# What an address may begin with, and the packages that it needs.
SCHEMES = {
    "amqp": ("celery",),
    "amqps": ("celery",),
    "redis": ("celery", "redis"),
    "rediss": ("celery", "redis"),
}


class Broker(Protocol):
    """Tells workers, wherever they are, of lanes with something to do."""

    def kick(self, lanes: Sequence[str]) -> None:
        """Tell the workers of lanes; returns at once, and never raises."""

    def start(self, perform: Callable[[str], None], *, workers: int, instead: Callable[[Sequence[str]], None]) -> None:
        """Have a function called for each kick that comes, in so many threads at most; returns at once.

        Args:
            perform: does what a kick asks for.
            workers: how many may be done at the same moment.
            instead: is given the kicks of this process that the broker does not take.
        """

    def stop(self) -> None:
        """End in order."""


def open_broker(settings: Settings) -> Broker | None:
    """Return the broker of the settings; nothing is asked of it yet.

    Raises:
        SettingError: its address, or a package that it needs, is missing.
    """
    if settings.at_start("TASK_ENGINE").value != "celery":
        return None
    url = str(settings.at_start("CELERY_BROKER_URL").value)
    if not url:
        raise SettingError("TASK_ENGINE=celery needs the address of RabbitMQ or Redis in CELERY_BROKER_URL")
    for package in _find_packages(url):
        if importlib.util.find_spec(package) is None:
            raise SettingError(f"TASK_ENGINE=celery needs {package}: pip install 'afterrun[celery]'")
    # Celery is heavy and optional: nobody loads it who does not want it.
    engine = importlib.import_module(ENGINE)
    broker: Broker = engine.CeleryEngine(url, ca_bundle=str(settings.at_start("CALLBACK_CA_BUNDLE").value))
    return broker


def _find_packages(url: str) -> tuple[str, ...]:
    """Return what an address needs."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises when it is no number)
    except ValueError:
        hint = "in a password / is written as %2F, : as %3A, @ as %40"
        raise SettingError(f"CELERY_BROKER_URL is no address like redis://:password@host:6379/0; {hint}") from None
    packages = SCHEMES.get(parts.scheme)
    if packages is None or not parts.hostname:
        wanted = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise SettingError(f"CELERY_BROKER_URL: expected an address with a host that begins with one of {wanted}")
    return packages
