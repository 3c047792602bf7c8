"""How is the channel of Apprise brought before servers that take, refuse, are busy or say nothing?"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.notify.ways import SECRET, Way
from tests.servers.receiver import Reply, running_receiver
from webapp.notify.channels.apprise import Config, find_targets
from webapp.notify.contract import Target
from webapp.plugins.fields import read_config


def target() -> Target:
    return Target(to="ntfy 01234567")


def _way(url: str) -> Way:
    pytest.importorskip("apprise", reason="Apprise is not installed: pip install 'afterrun[apprise]'")
    given: dict[str, object] = {"urls": [url.replace("http://", f"json://me:{SECRET}@")]}
    return Way(config=given, target=find_targets(read_config(Config, given))[0])


@contextmanager
def healthy() -> Iterator[Way]:
    with running_receiver() as receiver:
        yield _way(f"{receiver.url}/hook")


@contextmanager
def refusing() -> Iterator[Way]:
    with running_receiver() as receiver:
        yield Way(config=_way(f"{receiver.url}/hook").config, target=Target(to="ntfy 01234567"))


@contextmanager
def busy() -> Iterator[Way]:
    with running_receiver() as receiver:
        receiver.replies["/hook"] = Reply(status=503)
        yield _way(f"{receiver.url}/hook")


@contextmanager
def silent() -> Iterator[Way]:
    with running_receiver() as receiver:
        yield _way(f"{receiver.url}/never")
