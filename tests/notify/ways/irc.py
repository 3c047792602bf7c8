"""How is the channel of IRC brought before servers that take, refuse, are busy or say nothing?"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.notify.ways import SECRET, Way
from tests.servers.irc import running_script
from tests.servers.sockets import silent_server
from webapp.notify.contract import Target


def target() -> Target:
    return Target(to="#ops", server="irc.example.org")


def _way(port: int) -> Way:
    config = {"server": "127.0.0.1", "port": port, "use_tls": False, "password": SECRET, "channel_key": SECRET}
    return Way(config=config, target=Target(to="#ops", server="127.0.0.1"))


def _answer(line: str, *, said: str = "") -> list[str]:
    word = line.partition(" ")[0]
    if word == "PRIVMSG" and said:
        return [said]
    return {
        "USER": [":irc.test 001 afterrun :Welcome"],
        "JOIN": [":irc.test 366 afterrun #ops :End of NAMES"],
        "PING": [":irc.test PONG irc.test :afterrun"],
    }.get(word, [])


def _refuse(line: str) -> list[str]:
    return _answer(line, said=f":irc.test 404 afterrun #ops :Cannot send to channel, {SECRET}")


def _hang_up(line: str) -> list[str]:
    return ["ERROR :Closing link: connecting too fast"] if line.startswith("USER") else []


@contextmanager
def healthy() -> Iterator[Way]:
    with running_script(_answer) as server:
        yield _way(server.port)


@contextmanager
def refusing() -> Iterator[Way]:
    with running_script(_refuse) as server:
        yield _way(server.port)


@contextmanager
def busy() -> Iterator[Way]:
    with running_script(_hang_up) as server:
        yield _way(server.port)


@contextmanager
def silent() -> Iterator[Way]:
    with silent_server() as port:
        yield _way(port)
