"""What does a mail server do: take mail with STARTTLS and a sign-in, or refuse a recipient?"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.servers.product import free_port

USER, PASSWORD = "afterrun", "hunter2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """One mail as it was handed in."""

    sender: str
    recipients: list[str]
    raw: bytes
    is_encrypted: bool

    @property
    def message(self) -> EmailMessage:
        """Return the mail, taken apart."""
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass(slots=True, kw_only=True)
class MailPeer:
    """A running mail server; a recipient that begins with `refused` or `later` is refused, for good or for now."""

    port: int
    mails: list[Mailed] = field(default_factory=list)


class _Box:
    def __init__(self) -> None:
        self.mails: list[Mailed] = []

    async def handle_RCPT(  # noqa: N802  (the library's name)
        self, _server: SMTP, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address.startswith("refused"):
            return "550 5.1.1 no such user"
        if address.startswith("later"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802  (same)
        mail = Mailed(
            sender=str(envelope.mail_from),
            recipients=list(envelope.rcpt_tos),
            raw=bytes(cast("bytes", envelope.content)),
            is_encrypted=session.ssl is not None,
        )
        self.mails.append(mail)
        return "250 2.0.0 taken as 1234"


def _sign_in(_server: object, _session: object, _envelope: object, mechanism: str, given: LoginPassword) -> AuthResult:
    is_known = mechanism in ("LOGIN", "PLAIN") and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False)


@contextmanager
def running_mail_server(context: ssl.SSLContext | None = None, *, is_tls_first: bool = False) -> Iterator[MailPeer]:
    """Start a mail server on loopback; with a context it wants STARTTLS and a sign-in, or TLS from the first byte."""
    box = _Box()
    starts_tls = context is not None and not is_tls_first
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),  # the controller speaks to itself there, so that it must be known
        ssl_context=context if is_tls_first else None,
        tls_context=context if starts_tls else None,
        require_starttls=starts_tls,
        auth_required=starts_tls,
        authenticator=_sign_in,
        auth_require_tls=True,
    )
    controller.start()
    try:
        yield MailPeer(port=controller.port, mails=box.mails)
    finally:
        controller.stop()
