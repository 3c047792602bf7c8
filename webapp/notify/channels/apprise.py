"""Any of the services that Apprise knows: Teams, Telegram, Matrix, ntfy, Pushover and a hundred more.

Needs an extra package: `pip install 'afterrun[apprise]'`. Each address is one of Apprise's, such as `ntfy://topic`; its
wiki lists them. Apprise connects by itself: no guard looks at where an address leads, so that only those who
administrate the server may set one, and its failures do not tell whether trying again helps, so that all are tried
again. An address is known by its service and a hash of the rest, because it holds secrets.
"""

import hashlib
import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError, SettingError
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.dialects import PLAIN, compose
from webapp.notify.masks import mask, secrets_of_url
from webapp.notify.report import Report
from webapp.notify.wording import one_line, subject_of, title_of
from webapp.plugins.fields import ListOf, Secret, option

name = "apprise"
title = "Apprise"
address = ""
is_ordered = True

# Many of the services take no more.
ROOM = 3_000
KINDS = {"FAILED": "failure", "ERRORS": "failure", "WARNINGS": "warning", "OK": "success", "FIXED": "success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Which services are told."""

    urls: tuple[str, ...] = option(
        ListOf(
            label="Addresses",
            help="Addresses as Apprise writes them, with commas or one a line.",
            each=Secret(label="Address", help="An address such as ntfy://topic."),
        )
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return each address, named without its secrets."""
    if not config.urls:
        raise InvalidError(("urls", "expected at least one address"))
    for url in config.urls:
        if _open(url) is None:
            raise InvalidError(("urls", f"{_name_of(url)} is no address that Apprise knows"))
    return [Target(to=_name_of(url)) for url in config.urls]


def _name_of(url: str) -> str:
    scheme = url.partition("://")[0][:20]
    return f"{one_line(scheme)} {hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _open(url: str) -> Any:
    """Return what speaks to an address, or None when Apprise knows none.

    Raises:
        SettingError: Apprise is not installed.
    """
    try:
        import apprise  # optional: heavy, and only there when it was asked for  # noqa: PLC0415
    except ImportError:
        raise SettingError("Apprise is not installed: pip install 'afterrun[apprise]'") from None
    asset = apprise.AppriseAsset(app_id="Afterrun", app_desc="Afterrun", secure_logging=True)
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the message as plain text, which every service takes."""
    del target
    message = compose(report, verbosity, dialect=PLAIN, room=ROOM)
    values = {"report": report, "verbosity": str(verbosity), "paragraphs": message.paragraphs[1:]}
    text, fault = templates.fill("apprise.txt", values)
    return Payload(
        summary=subject_of(report),
        parts={"text/plain": text.strip() or message.headline},
        fields={"kind": KINDS.get(title_of(report), "info")},
        cut=message.cut,
        fault=fault,
    )


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Hand the message to Apprise, and give up on it when its time is over."""
    to = envelope.target.to
    url = next((each for each in config.urls if _name_of(each) == to), "")
    if not url:
        raise ChannelError("no such address is set (any more)", permanent=True, request=to)
    service = _open(url)
    if service is None:
        raise ChannelError(f"{to} is no address that Apprise knows", permanent=True, request=to)
    answers: queue.SimpleQueue[tuple[bool, str]] = queue.SimpleQueue()
    threading.Thread(target=_tell, args=(service, payload, answers), daemon=True, name="apprise").start()
    try:
        is_taken, said = answers.get(timeout=envelope.policy.total_s)
    except queue.Empty:
        raise ChannelError(f"{to} did not answer in time", request=to) from None
    said = mask(said, secrets_of_url(url))
    if not is_taken:
        raise ChannelError(f"{to} did not take it: {one_line(said) or 'no reason given'}", answer=said, request=to)
    return Answer(text=said, request=to)


class _Heard(logging.Handler):
    """What Apprise logs in one thread, which is all that it says of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.thread_id = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.thread == self.thread_id:
            self.lines.append(record.getMessage())


def _tell(service: Any, payload: Payload, answers: queue.SimpleQueue[tuple[bool, str]]) -> None:
    heard = _Heard()
    log = logging.getLogger("apprise")
    log.addHandler(heard)
    try:
        is_taken = bool(
            service.notify(
                title=payload.summary, body=payload.parts["text/plain"], notify_type=payload.fields.get("kind", "info")
            )
        )
        answers.put((is_taken, "\n".join(heard.lines)))
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        answers.put((False, type(error).__name__))  # a fault of Apprise's own
    finally:
        log.removeHandler(heard)
