"""How is a mail server reached: within a limit of time for everything, and over TLS that is really checked."""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from webapp.notify.contract import ChannelError
from webapp.notify.line import Line
from webapp.notify.trust import say_untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and as whom.

    Args:
        use_tls: the connection is encrypted by STARTTLS, or nothing is sent.
        use_ssl: it is encrypted from its first byte.
        username: empty does not sign in.
        own_name: what we call ourselves.
    """

    host: str
    port: int
    use_tls: bool
    use_ssl: bool
    username: str
    password: str
    own_name: str


class SmtpSession(smtplib.SMTP):
    """A signed-in connection to a mail server, which remembers what the server said to the mail.

    Args:
        server: the mail server.
        line: what connects, and cuts the connection when its time is over.
        trust: whose certificates are believed.
        answer_s: seconds for each answer.
    """

    def __init__(self, server: MailServer, line: Line, *, trust: ssl.SSLContext, answer_s: float) -> None:
        self._line = line
        self._trust = trust
        self._is_ssl = server.use_ssl
        self.said = (0, "")
        super().__init__(server.host, server.port, local_hostname=server.own_name, timeout=answer_s)
        try:
            if server.use_tls and not server.use_ssl:
                self.starttls(context=trust)
            if server.username:
                self.login(server.username, server.password)
        except BaseException:
            self.close()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._line.open(host, port)
        connection.settimeout(timeout)
        if not self._is_ssl:
            return connection
        try:
            return self._trust.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand in the mail's text, and remember the answer, which names it in the server's log."""
        code, answer = super().data(msg)
        self.said = (code, answer.decode("utf-8", "replace"))
        return code, answer


def explain(error: Exception, host: str, *, is_late: bool) -> ChannelError:
    """Say why a mail was not taken; a code of 5xx is for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return _refused(f"{host} refused the recipient", code, answer)
    if isinstance(error, smtplib.SMTPResponseException):
        what = {
            smtplib.SMTPAuthenticationError: "refused the sign-in",
            smtplib.SMTPSenderRefused: "refused the sender",
            smtplib.SMTPDataError: "refused the mail",
        }.get(type(error), "refused")
        return _refused(f"{host} {what}", error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return ChannelError(f"{host} does not offer what is asked for: {str(error).rstrip('.')}", permanent=True)
    if is_late or isinstance(error, TimeoutError):
        return ChannelError(f"{host} did not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ChannelError(say_untrusted(host, error))
    if isinstance(error, ssl.SSLError):
        return ChannelError(f"no TLS with {host}: {error.reason or 'broken off'}")
    return ChannelError(f"{host} broke the connection: {type(error).__name__}")


def _refused(reason: str, code: int, answer: bytes | str) -> ChannelError:
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    first = " ".join(said.split())[:300]
    return ChannelError(f"{reason}: {code} {first}", permanent=500 <= code <= 599, code=str(code), answer=said)
