"""E-mail, over SMTP.

Mail is handed in over STARTTLS (port 587) unless TLS from the first byte (465) or none is chosen; certificates are
checked. Each recipient gets a mail of their own, text and HTML beside each other. The mails about one failure of a
service form a thread, until the mail that says it is over.
"""

import json
import re
import smtplib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.mime.base import MIMEBase
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from flask_mail import Attachment as MailAttachment
from flask_mail import BadHeaderError, Connection, Mail, Message

from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify.addresses import EVERYWHERE
from webapp.notify.contract import Answer, Attachment, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.dialects import PLAIN, compose
from webapp.notify.digest import shown_devices
from webapp.notify.line import Line
from webapp.notify.report import Report
from webapp.notify.smtp import MailServer, SmtpSession, explain
from webapp.notify.trust import trusting
from webapp.notify.wording import gist_of, name_of, one_line, subject_of, title_of
from webapp.plugins.fields import Flag, Integer, ListOf, Secret, Text, option

name = "email"
title = "E-mail"
address = "email"
is_ordered = True

# Readers of mail show the beginning of longer ones only.
ROOM = 24_000
ANSWER_S = 10.0
# The page where people end their subscriptions.
SUBSCRIPTIONS = "/profile/notifications"
FRAME_HEADERS = frozenset({"content-type", "content-transfer-encoding", "mime-version"})
TONES = {"FAILED": "bad", "ERRORS": "bad", "WARNINGS": "warn", "OK": "good", "FIXED": "good"}
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")

# Initialised by the application, whose context every sending needs.
mail = Mail()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The mail server, the sender, and who hears when nobody else is named."""

    server: str = option(
        Text(label="Server", help="The SMTP server.", default="smtp.googlemail.com", setting="MAIL_SERVER", longest=255)
    )
    port: int = option(Integer(label="Port", help="Its port.", default=587, setting="MAIL_PORT", low=1, high=65535))
    use_tls: bool = option(
        Flag(label="STARTTLS", help="Whether the connection becomes encrypted.", default=True, setting="MAIL_USE_TLS")
    )
    use_ssl: bool = option(
        Flag(label="TLS", help="Whether it is encrypted from its first byte.", setting="MAIL_USE_SSL")
    )
    username: str = option(Text(label="User", help="Who signs in; empty does not.", setting="MAIL_USERNAME"))
    password: str = option(Secret(label="Password", help="That user's password.", setting="MAIL_PASSWORD"))
    from_email: str = option(
        Text(label="Sender", help="The address that mail comes from.", setting="MAIL_SENDER", longest=320)
    )
    recipients: tuple[str, ...] = option(
        ListOf(
            label="Recipients",
            help="Addresses that hear when a service names none, with commas.",
            each=Text(label="Recipient", help="An address.", longest=320),
            setting="MAIL_RECIPIENTS",
        )
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return each recipient."""
    faults = [("recipients", f"{each[:80]!r} is no address") for each in config.recipients if not _is_address(each)]
    if not config.recipients:
        faults.append(("recipients", "expected at least one address"))
    if not config.from_email:
        faults.append(("from_email", "expected the address that mail comes from (MAIL_SENDER)"))
    if faults:
        raise InvalidError(*faults)
    return [Target(to=each) for each in config.recipients]


def _is_address(text: str) -> bool:
    return bool(ADDRESS.fullmatch(text)) and text.isprintable()


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the mail, as text and as HTML."""
    message = compose(report, verbosity, dialect=PLAIN, room=ROOM)
    values: dict[str, object] = {
        "report": report,
        "verbosity": str(verbosity),
        "subject": subject_of(report),
        "title": title_of(report),
        "tone": TONES.get(title_of(report), "plain"),
        "paragraphs": message.paragraphs,
        "parts": message.parts,
        "note": message.note,
        "headline": one_line(f"{name_of(report)}: {gist_of(report)}"),
        "url": report.run.url if report.options.include_link else "",
        "name": target.name,
        "profile_url": f"{report.server_url}{SUBSCRIPTIONS}" if target.user_id is not None else "",
    }
    text, fault = templates.fill("email.txt", values)
    html, fault_too = templates.fill("email.html", values)
    return Payload(
        summary=subject_of(report),
        parts={"text/plain": _sendable(text), "text/html": _sendable(html)},
        attachments=_attachments(report),
        cut=message.cut,
        fault=fault or fault_too,
    )


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _attachments(report: Report) -> tuple[Attachment, ...]:
    """Return the log, and the devices' results as one JSON object, when they are wanted."""
    files: list[Attachment] = []
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", f"{report.run.service}-{report.run.number}")[:100]
    if report.has_details and report.log is not None:
        files.append(Attachment(name=f"{stem}.log", media_type="text/plain", text=_sendable(report.log.text)))
    if report.has_details and report.options.include_device_results:
        results = [f"{json.dumps(line.name)}: {line.result}" for line in shown_devices(report) if line.result]
        if results:
            text = "{\n" + ",\n".join(results) + "\n}\n"
            files.append(Attachment(name=f"{stem}.json", media_type="application/json", text=_sendable(text)))
    return tuple(files)


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Hand the mail in; needs an application's context."""
    to = envelope.target.to
    if not _is_address(to):
        raise ChannelError(f"{to[:80]!r} is no address", permanent=True)
    if not config.from_email or not config.server:
        raise ChannelError("no sender is set (MAIL_SENDER)" if config.server else "no server is set", permanent=True)
    message_id = f"<{envelope.message_id}@{_domain(config.from_email)}>"
    message = _write(payload, config, envelope, message_id)
    server = MailServer(
        host=config.server,
        port=config.port,
        use_tls=config.use_tls,
        use_ssl=config.use_ssl,
        username=config.username,
        password=config.password,
        own_name=_own_name(envelope.server_url),
    )
    shown = f"MAIL FROM:<{config.from_email}> RCPT TO:<{to}> at {config.server}:{config.port}"
    with Line(EVERYWHERE, connect_s=envelope.policy.connect_s, total_s=envelope.policy.total_s) as line:
        try:
            with _Handing(server, line, trust_file=envelope.policy.ca_bundle) as connection:
                connection.send(message)
                code, answer = connection.said
        except ChannelError as error:
            error.request = shown
            raise
        except (smtplib.SMTPException, OSError, UnicodeError, BadHeaderError) as error:
            failure = explain(error, config.server, is_late=line.is_cut)
            failure.request = shown
            raise failure from error
    return Answer(code=str(code), text=answer, ref=message_id, request=shown)


class _Handing(Connection):
    """Flask-Mail's connection, over one that has limits and checks certificates."""

    def __init__(self, server: MailServer, line: Line, *, trust_file: str) -> None:
        super().__init__(mail)
        self._server = server
        self._line = line
        self._trust_file = trust_file

    def __enter__(self) -> Self:
        """Connect; Flask-Mail's switch for tests is not looked at: tests have a server."""
        self.host = self.configure_host()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Say goodbye; whether that is heard does not matter any more."""
        with suppress(smtplib.SMTPException, OSError):
            self.session.quit()
        self.session.close()

    def configure_host(self) -> SmtpSession:
        """Connect, encrypt and sign in."""
        self.session = SmtpSession(self._server, self._line, trust=trusting(self._trust_file), answer_s=ANSWER_S)
        return self.session

    @property
    def said(self) -> tuple[int, str]:
        """Return what the server said to the mail."""
        return self.session.said


class _Letter(Message):
    """Flask-Mail's message; without attachments it is an alternative of text and HTML, and nothing around it."""

    def _message(self) -> MIMEBase:
        whole = super()._message()
        inner = whole.get_payload(0)
        if self.attachments or not isinstance(inner, MIMEBase):
            return whole
        for header, value in whole.items():
            if header.lower() not in FRAME_HEADERS:
                inner[header] = value
        inner.policy = whole.policy
        return inner


def _write(payload: Payload, config: Config, envelope: Envelope, message_id: str) -> Message:
    letter = _Letter(
        subject=payload.summary,
        recipients=[envelope.target.to],
        sender=config.from_email,
        body=payload.parts["text/plain"],
        html=payload.parts["text/html"],
        date=envelope.at.timestamp(),
        extra_headers=dict(_headers(envelope)),
        attachments=[_attached(each) for each in payload.attachments],
    )
    letter.msgId = message_id
    return letter


def _attached(file: Attachment) -> MailAttachment:
    return MailAttachment(file.name, f"{file.media_type}; charset=utf-8", file.text.encode())


def _headers(envelope: Envelope) -> Mapping[str, str]:
    """Return the headers that keep a thread together, lead to less mail, and stop automatic answers."""
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if envelope.thread_ref:
        headers |= {"In-Reply-To": envelope.thread_ref, "References": envelope.thread_ref}
    if envelope.target.user_id is not None:
        headers["List-Unsubscribe"] = f"<{envelope.server_url}{SUBSCRIPTIONS}>"
    return headers


def _domain(sender: str) -> str:
    domain = sender.rpartition("@")[2].strip("> ")
    return domain if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else "afterrun.invalid"


def _own_name(server_url: str) -> str:
    """Return what we call ourselves to mail servers: a name they can read, found without asking anybody."""
    host = urlsplit(server_url).hostname or ""
    return host if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*[A-Za-z-][A-Za-z0-9-]*", host) else "localhost"
