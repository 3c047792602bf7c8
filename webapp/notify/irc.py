"""How is a line said on IRC, and how is it known that it arrived: registration, sign-in, channel, line, answer, QUIT.

Sources: RFC 2812, and the SASL 3.1 extension of IRCv3. The server answers a PING only after it has dealt with the line
before it, so that what is wrong with the line comes before the PONG.
"""

import base64
import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

from webapp.notify.contract import ChannelError

LONGEST_LINE = 510
NICKS_TRIED = 6
NICKSERV_S = 5.0
GOODBYE_S = 2.0
SASL_PIECE = 400
CHANNEL_SIGNS = "#&+!"

# What a server says to a nick, a JOIN and a line that it does not take; what is PASSING may change by itself.
NOT_REGISTERED = frozenset({"432", "436", "437", "451", "461", "463", "464", "465"})
NOT_JOINED = frozenset({"403", "405", "437", "471", "473", "474", "475", "476", "477", "489", "520"})
NOT_SAID = frozenset({"401", "403", "404", "407", "411", "412", "413", "414", "477", "531"})
PASSING = frozenset({"401", "436", "437", "471"})
SASL_FAILED = frozenset({"902", "904", "905", "906", "908"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who speaks: the nick, and what the server, SASL and NickServ ask for; what is empty is not used."""

    nick: str
    password: str = ""
    sasl_username: str = ""
    sasl_password: str = ""
    nickserv_password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One line of the server."""

    source: str
    command: str
    arguments: tuple[str, ...]
    text: str


class Session:
    """One connection to a server, used by one thread.

    Args:
        connection: a connected socket, with a time limit for every read.
        on_line: called with every line sent, secrets masked, and every line heard.
    """

    def __init__(self, connection: socket.socket, on_line: Callable[[str], None]) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")
        self._on_line = on_line
        self.nick = ""

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def register(self, login: Login) -> None:
        """Sign in and wait for the welcome, under another nick when the wanted one is taken.

        Raises:
            ChannelError: the server does not let us in.
        """
        if login.sasl_username:
            self._say("CAP REQ :sasl")
        if login.password:
            self._say(f"PASS {login.password}", shown="PASS ****")
        self.nick = login.nick
        self._say(f"NICK {self.nick}")
        self._say(f"USER {login.nick} 0 * :{login.nick}")
        if login.sasl_username:
            self._sign_in(login)
        self._wait_for_welcome(login.nick)
        if login.nickserv_password:
            self._identify(login.nickserv_password)

    def join(self, channel: str, key: str) -> None:
        """Join a channel and wait until we are in.

        Raises:
            ChannelError: the channel does not let us in.
        """
        self._say(f"JOIN {channel} {key}".rstrip(), shown=f"JOIN {channel}")
        while True:
            heard = self._hear()
            self._refuse(heard, NOT_JOINED)
            if heard.command == "366":
                return

    def tell(self, target: str, text: str, *, is_notice: bool) -> str:
        """Say a line and wait until the server has dealt with it; return what it answered.

        Raises:
            ChannelError: it was not taken.
        """
        self._say(f"{'NOTICE' if is_notice else 'PRIVMSG'} {target} :{text}")
        self._say("PING :afterrun")
        while True:
            heard = self._hear()
            self._refuse(heard, NOT_SAID)
            if heard.command == "PONG":
                return heard.text

    def leave(self) -> None:
        """Say goodbye and wait until the server hangs up, so that it does not take us for lost."""
        try:
            self._say("QUIT :bye")
            self._socket.settimeout(GOODBYE_S)
            for _ in range(200):
                if not self._file.readline(LONGEST_LINE * 4):
                    return
        except OSError:
            return  # the line was taken before

    def _wait_for_welcome(self, wanted: str) -> None:
        tried = 1
        while True:
            heard = self._hear()
            if heard.command == "433" and tried < NICKS_TRIED:
                self.nick = f"{wanted}{'_' if tried == 1 else tried}"
                tried += 1
                self._say(f"NICK {self.nick}")
            elif heard.command == "001":
                self.nick = heard.arguments[0] if heard.arguments else self.nick
                return
            else:
                self._refuse(heard, NOT_REGISTERED | {"433"})

    def _sign_in(self, login: Login) -> None:
        """Sign in by SASL's PLAIN."""
        while True:
            heard = self._hear()
            if heard.command == "CAP" and "NAK" in heard.arguments:
                raise _refusal("the server does not offer SASL", heard)
            if heard.command == "CAP" and "ACK" in heard.arguments:
                self._say("AUTHENTICATE PLAIN")
            elif heard.command == "AUTHENTICATE":
                self._send_password(login)
            elif heard.command == "903":
                self._say("CAP END")
                return
            elif heard.command in ("001", "421"):
                raise _refusal("the server does not offer SASL", heard)
            elif heard.command in SASL_FAILED:
                raise _refusal("SASL: the sign-in was refused", heard)
            else:
                self._refuse(heard, NOT_REGISTERED)

    def _send_password(self, login: Login) -> None:
        words = (login.sasl_username, login.sasl_username, login.sasl_password)
        packed = base64.b64encode("\0".join(words).encode()).decode()
        pieces = [packed[at : at + SASL_PIECE] for at in range(0, len(packed), SASL_PIECE)]
        if len(pieces[-1]) == SASL_PIECE:
            pieces.append("+")
        for piece in pieces:
            self._say(f"AUTHENTICATE {piece}", shown="AUTHENTICATE ****")

    def _identify(self, password: str) -> None:
        """Tell NickServ who we are, and wait for its answer, so that channels know us."""
        self._say(f"PRIVMSG NickServ :IDENTIFY {password}", shown="PRIVMSG NickServ :IDENTIFY ****")
        limit = self._socket.gettimeout()
        self._socket.settimeout(NICKSERV_S)
        try:
            while True:
                heard = self._hear()
                self._refuse(heard, {"401"})
                if heard.command == "NOTICE" and heard.source.lower().startswith("nickserv"):
                    return
        finally:
            self._socket.settimeout(limit)

    def _say(self, line: str, *, shown: str = "") -> None:
        clean = re.sub(r"[\r\n\0]+", " ", line)
        self._on_line(f"> {shown or clean}")
        self._socket.sendall(_cut(clean.encode("utf-8", "replace"), LONGEST_LINE) + b"\r\n")

    def _hear(self) -> Heard:
        """Return the server's next line; its PINGs are answered here."""
        while True:
            line = self._file.readline(LONGEST_LINE * 4)
            if not line:
                raise ChannelError("the server hung up before the line was said")
            text = line.decode("utf-8", "replace").strip("\r\n")
            self._on_line(f"< {text}")
            heard = _read(text)
            if heard.command == "ERROR":
                raise ChannelError(f"the server hung up: {heard.text[:200]}", code="ERROR", answer=heard.text)
            if heard.command != "PING":
                return heard
            self._say(f"PONG :{heard.arguments[0] if heard.arguments else ''}")

    def _refuse(self, heard: Heard, codes: Collection[str]) -> None:
        if heard.command in codes:
            raise _refusal("the server refused it", heard)


def _refusal(reason: str, heard: Heard) -> ChannelError:
    said = " ".join(heard.arguments[1:])[:200]
    permanent = heard.command not in PASSING
    return ChannelError(f"{reason}: {said}", permanent=permanent, code=heard.command, answer=heard.text)


def _read(text: str) -> Heard:
    """Take a line apart: tags, source, command, arguments, the last of which may hold blanks."""
    rest = text.partition(" ")[2].lstrip() if text.startswith("@") else text
    source = ""
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    rest, _, last = f" {rest}".partition(" :")
    words = rest.split()
    arguments = (*words[1:], last) if last else tuple(words[1:])
    return Heard(source=source, command=words[0].upper() if words else "", arguments=arguments, text=text)


def _cut(raw: bytes, most: int) -> bytes:
    """Return at most so many bytes, never a part of a character."""
    return raw[:most].decode("utf-8", "ignore").encode()
