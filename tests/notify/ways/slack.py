"""How is the channel of Slack brought before servers that take, refuse, are busy or say nothing?"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.notify.ways import SECRET, Way
from tests.servers.receiver import Reply, running_receiver
from webapp.notify.contract import Target


def target() -> Target:
    return Target(to="#ops")


def _way(url: str) -> Way:
    return Way(config={"url": url})


@contextmanager
def healthy() -> Iterator[Way]:
    with running_receiver() as receiver:
        yield _way(f"{receiver.url}/{SECRET}")


@contextmanager
def refusing() -> Iterator[Way]:
    with running_receiver() as receiver:
        receiver.replies[f"/{SECRET}"] = Reply(status=403, body=f"wrong token {SECRET}".encode())
        yield _way(f"{receiver.url}/{SECRET}")


@contextmanager
def busy() -> Iterator[Way]:
    with running_receiver() as receiver:
        receiver.replies[f"/{SECRET}"] = Reply(status=503, headers=(("Retry-After", "7"),))
        yield _way(f"{receiver.url}/{SECRET}")


@contextmanager
def silent() -> Iterator[Way]:
    with running_receiver() as receiver:
        yield _way(f"{receiver.url}/never?{SECRET}")
