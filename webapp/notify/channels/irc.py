"""IRC: one line to a channel or a person, by a client that waits for the server's answer.

The connection is encrypted unless that is switched off. The bot signs in by a server password, by SASL (PLAIN) or to
NickServ, joins the channel, says its line, waits until the server has dealt with it, and leaves. When its nick is taken
it uses another. A person's own server, as their profile names it, is spoken to without any password of this page.
"""

import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.domain.notices import Event, Verbosity
from webapp.errors import InvalidError
from webapp.notify.addresses import EVERYWHERE, read_guard
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.irc import CHANNEL_SIGNS, Login, Session
from webapp.notify.line import Line
from webapp.notify.masks import mask, mask_error
from webapp.notify.report import Report
from webapp.notify.trust import blind, say_untrusted, trusting
from webapp.notify.wording import gist_of, listed, name_of, one_line, title_of
from webapp.plugins.fields import Flag, Integer, ListOf, Secret, Text, option, secrets_of

name = "irc"
title = "IRC"
address = "handle"
is_ordered = True

LONGEST = 400
MOST_NAMES = 8
MOST_LINES = 60
# Servers drop who connects and speaks too often: a few at once are taken, then one a second.
PAUSE_S = 1.0
AT_ONCE = 4
MOST_PAUSE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Which server, and who speaks there."""

    server: str = option(Text(label="Server", help="The IRC server's name.", setting="IRC_SERVER", longest=255))
    port: int = option(
        Integer(
            label="Port",
            help="Its port; 6697 is the usual one for TLS.",
            default=6697,
            low=1,
            high=65535,
            setting="IRC_PORT",
        )
    )
    use_tls: bool = option(
        Flag(label="TLS", help="Whether the connection is encrypted.", default=True, setting="IRC_USE_TLS")
    )
    verify_certificate: bool = option(
        Flag(
            label="Verify the certificate",
            help="Whether the server's certificate must be trusted.",
            default=True,
            setting="IRC_VERIFY_CERTIFICATE",
        )
    )
    nick: str = option(
        Text(label="Nick", help="The name that the bot goes by.", default="afterrun", setting="IRC_NICK", longest=30)
    )
    channel: tuple[str, ...] = option(
        ListOf(
            label="Channels",
            help="Channels or nicks that hear of runs, with commas.",
            each=Text(label="Channel", help="A name such as #ops.", longest=100),
            setting="IRC_CHANNEL",
        )
    )
    channel_key: str = option(Secret(label="Channel key", help="What the channels ask for.", setting="IRC_CHANNEL_KEY"))
    password: str = option(Secret(label="Server password", help="What the server asks for.", setting="IRC_PASSWORD"))
    sasl_username: str = option(
        Text(label="SASL account", help="The account to sign in with; empty does not.", setting="IRC_SASL_USERNAME")
    )
    sasl_password: str = option(
        Secret(label="SASL password", help="That account's password.", setting="IRC_SASL_PASSWORD")
    )
    nickserv_password: str = option(
        Secret(label="NickServ password", help="What NickServ is told.", setting="IRC_NICKSERV_PASSWORD")
    )
    use_notice: bool = option(
        Flag(
            label="Notice",
            help="Whether the line is a notice, which other bots do not answer.",
            setting="IRC_USE_NOTICE",
        )
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return each channel."""
    if not config.server:
        raise InvalidError(("server", "expected the name of an IRC server"))
    if not config.channel:
        raise InvalidError(("channel", "expected at least one channel or nick"))
    return [Target(to=channel, server=config.server) for channel in config.channel]


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the line: at most 400 bytes, the address kept whole; the verbosity makes no difference."""
    del verbosity, target
    names = [one_line(line.name, longest=60) for line in report.failing] if report.has_details else []
    url = report.run.url if report.options.include_link else ""
    values = {
        "report": report,
        "title": title_of(report),
        "name": name_of(report),
        "is_running": report.event is Event.RUNNING,
        "gist": gist_of(report),
        "names": listed(names, most=MOST_NAMES, total=report.failing_total) if names else "",
    }
    filled, fault = templates.fill("irc.txt", values)
    text, cut = _in_one_line(filled, url)
    return Payload(summary=text, parts={"text/plain": text}, cut=cut, fault=fault)


def _in_one_line(text: str, url: str) -> tuple[str, str]:
    """Return a text and an address as one line that fits, and what was cut."""
    line = one_line(text, longest=LONGEST * 2)
    behind = f" {url}" if url else ""
    room = LONGEST - len(behind.encode())
    raw = line.encode("utf-8", "replace")
    if len(raw) <= room:
        return line + behind, ""
    kept = raw[: room - len("…".encode())].decode("utf-8", "ignore").rstrip()
    return f"{kept}…{behind}", f"Left out for want of room: {len(line) - len(kept):,} characters"


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Say the line, and return what the server answered to it."""
    host, port, is_own = _server(config, envelope.target)
    to = envelope.target.to
    if not host or not to or any(char.isspace() or not char.isprintable() for char in to):
        raise ChannelError("expected a server and a nick or channel", permanent=True)
    policy = envelope.policy
    guard = EVERYWHERE if is_own else read_guard(hosts=(), networks=policy.allow_private)
    lines: list[str] = []
    secrets = secrets_of(config)
    time.sleep(take_turn(f"{host}:{port}", at=time.monotonic()))
    with Line(guard, connect_s=policy.connect_s, total_s=policy.total_s) as line:
        try:
            session = _connect(line, config, (host, port), envelope, lines)
            try:
                answered = _converse(session, config, envelope, payload, is_own=is_own)
            finally:
                session.close()
        except ChannelError as error:
            failure = ChannelError(f"{host} did not answer in time") if line.is_cut else error
            failure.request = "\n".join(lines[-MOST_LINES:])
            raise mask_error(failure, secrets) from error
        except OSError as error:
            raise mask_error(_broken(host, error, line, lines), secrets) from error
    return Answer(text=mask(answered, secrets), request=mask("\n".join(lines[-MOST_LINES:]), secrets))


def _server(config: Config, target: Target) -> tuple[str, int, bool]:
    """Return host and port, and whether that is the server that the passwords are for."""
    host, _, port = target.server.partition(":") if target.server.count(":") <= 1 else (target.server, "", "")
    host = host or config.server
    is_own = host.lower() == config.server.lower() and port in ("", str(config.port))
    return host, int(port) if port.isascii() and port.isdigit() else config.port, is_own


def _connect(line: Line, config: Config, server: tuple[str, int], envelope: Envelope, lines: list[str]) -> Session:
    host, port = server
    connection = line.open(host, port)
    connection.settimeout(envelope.policy.total_s)
    if config.use_tls:
        context = trusting(envelope.policy.ca_bundle) if config.verify_certificate else blind()
        try:
            connection = context.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise
    return Session(connection, lines.append)


def _converse(session: Session, config: Config, envelope: Envelope, payload: Payload, *, is_own: bool) -> str:
    login = Login(nick=config.nick)
    if is_own:
        login = Login(
            nick=config.nick,
            password=config.password,
            sasl_username=config.sasl_username,
            sasl_password=config.sasl_password,
            nickserv_password=config.nickserv_password,
        )
    session.register(login)
    to = envelope.target.to
    if to[0] in CHANNEL_SIGNS:
        session.join(to, config.channel_key if is_own else "")
    answered = session.tell(to, payload.parts["text/plain"], is_notice=config.use_notice)
    session.leave()
    return answered


def _broken(host: str, error: OSError, line: Line, lines: Sequence[str]) -> ChannelError:
    if line.is_cut or isinstance(error, TimeoutError):
        reason = f"{host} did not answer in time"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = say_untrusted(host, error)
    elif isinstance(error, ssl.SSLError):
        reason = f"no TLS with {host}: {error.reason or 'broken off'}"
    else:
        reason = f"{host} broke the connection: {error.strerror or type(error).__name__}"
    return ChannelError(reason, request="\n".join(lines[-MOST_LINES:]))


class _Pace:
    """Until when each server is busy with us."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.busy_until: dict[str, float] = {}


_PACE = _Pace()


def take_turn(server: str, *, at: float) -> float:
    """Return how many seconds to wait until a server may be spoken to, and take that turn.

    Raises:
        ChannelError: too many are before us; it says when to come back.
    """
    with _PACE.lock:
        busy_until = max(_PACE.busy_until.get(server, 0.0), at) + PAUSE_S
        wait = max(busy_until - at - AT_ONCE * PAUSE_S, 0.0)
        if wait > MOST_PAUSE_S:
            raise ChannelError(f"many messages wait for {server}", retry_after_s=wait)
        _PACE.busy_until[server] = busy_until
        return wait
