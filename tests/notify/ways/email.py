"""How is the channel of mail brought before servers that take, refuse, are busy or say nothing?"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.notify.ways import SECRET, Way
from tests.servers.mail import running_mail_server
from tests.servers.sockets import silent_server
from webapp.notify.contract import Target


def target() -> Target:
    return Target(to="ada@example.org", name="ada", user_id=1)


def _way(port: int, to: str = "ada@example.org") -> Way:
    config = {"server": "127.0.0.1", "port": port, "use_tls": False, "from_email": "runs@example.org"}
    return Way(config=config, target=Target(to=to))


@contextmanager
def healthy() -> Iterator[Way]:
    with running_mail_server() as server:
        yield _way(server.port)


@contextmanager
def refusing() -> Iterator[Way]:
    with running_mail_server() as server:
        yield _way(server.port, "refused@example.org")


@contextmanager
def busy() -> Iterator[Way]:
    with running_mail_server() as server:
        yield _way(server.port, "later@example.org")


@contextmanager
def silent() -> Iterator[Way]:
    with silent_server() as port:
        way = _way(port)
        yield Way(config={**way.config, "username": "me", "password": SECRET}, target=way.target)
