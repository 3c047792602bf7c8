"""What is a channel: the shape of a module that tells people, and what it is told and answers.

The order of things: `render` writes the message, which is kept on the delivery; `send` sends what is kept, as often as
it takes. Nothing secret may stand in a payload: tokens and passwords come with the configuration, when it is sent.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from webapp.domain.notices import CallbackFormat, ContentType, Dataset, Verbosity
from webapp.errors import AfterrunError
from webapp.notify.report import Report
from webapp.settings.resolve import Settings
from webapp.store.db import Session


class ChannelError(AfterrunError):
    """A message could not be handed over.

    Args:
        reason: why, for people; without secrets.
        permanent: trying again is of no use.
        retry_after_s: how long the other side asked to wait.
        gone: the destination is no more (HTTP 410) and is switched off.
        code: the answer's code, as the protocol has it: `503`, `550`, `433`; empty when there was no answer.
        answer: the beginning of the answer's text.
        request: what was asked, for the delivery's page: method and address, or the protocol's lines; secrets masked.
    """

    def __init__(  # noqa: PLR0913  (each is a fact about the answer)
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        gone: bool = False,
        code: str = "",
        answer: str = "",
        request: str = "",
    ) -> None:
        """Keep what the worker decides by, and what the delivery's page shows."""
        self.reason = reason
        self.permanent = permanent or gone
        self.retry_after_s = retry_after_s
        self.gone = gone
        self.code = code
        self.answer = answer
        self.request = request
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What a `callback` of a notify block asks for, without its token and secrets."""

    method: str = "GET"
    header: str = "Authorization"
    dataset: Dataset = Dataset.MINIMAL
    content_type: ContentType = ContentType.URLENCODED
    format: CallbackFormat = CallbackFormat.LAVA


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a message goes to; together with the channel it says whether two recipients are the same.

    Args:
        to: the address, nick, `#channel`, URL or repository, as the channel takes it; empty is the channel's default.
        server: the IRC server, `host` or `host:port`; empty for every other channel.
        name: the person's account name, for a greeting and the delivery's page; empty for an address alone.
        user_id: that account.
        callback: what a callback asks for; None for every other recipient. `to` then holds the address with its
            placeholders as they were given.
    """

    to: str = ""
    server: str = ""
    name: str = ""
    user_id: int | None = None
    callback: Callback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A message as it is kept and sent: JSON values only, and nothing secret.

    Args:
        summary: the message in one line: a mail's subject, an IRC line.
        parts: what is said, by media type: `text/plain`, `text/html`, `application/json`; the first one is previewed.
        fields: what else the channel needs to send it: a method, an address, headers.
        attachments: files that go with it.
        cut: what was left out because of the channel's limit, in words; empty when nothing was.
        fault: what was wrong with a template of the instance, so that the built-in one was used; empty when nothing.
    """

    summary: str
    parts: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    cut: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the other side said when it took a message.

    Args:
        code: as the protocol has it: `200`, `250`; empty when it has none.
        text: the beginning of its text, at most 64 KiB.
        ref: its own name of the message, which later messages of the thread are given: Slack's `ts`.
        request: what was asked, for the delivery's page; secrets masked.
    """

    code: str = ""
    text: str = ""
    ref: str = ""
    request: str = ""


class Templates(Protocol):
    """Fills the templates of messages: those of the instance, else the built-in ones."""

    def fill(self, name: str, values: Mapping[str, object]) -> tuple[str, str]:
        """Return a filled template and what was wrong with the instance's own, usually nothing.

        Args:
            name: a file of `templates/notify`, such as `email.txt`; what ends in `.html` is escaped, other is not.
            values: what it may say.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class WirePolicy:
    """Where outgoing HTTP may go, and how long it may take.

    Args:
        allowed_hosts: shell patterns; when there are any, only hosts that one of them fits. For callbacks alone.
        allow_private: networks that are not public and yet allowed, as CIDR.
        ca_bundle: a file of certificates to trust besides the usual ones; empty for none.
        connect_s: seconds until a connection must stand.
        total_s: seconds for the whole exchange.
        keep: how many bytes of an answer are kept.
    """

    allowed_hosts: tuple[str, ...] = ()
    allow_private: tuple[str, ...] = ()
    ca_bundle: str = ""
    connect_s: float = 5.0
    total_s: float = 30.0
    keep: int = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What goes with a payload when it is sent.

    Args:
        target: whom it goes to.
        message_id: the same for every try of this delivery, unique otherwise: `webhook-id`, and the left side of a
            mail's Message-ID.
        attempt: the number of this try, from 1.
        at: the moment.
        thread_key: the report's.
        thread_ref: the channel's own name (`Answer.ref`) of the thread's first message to this target; empty for the
            first one.
        server_url: where people find the server.
        policy: where HTTP may go.
        token: what a callback's header carries; empty for none.
        secrets: what the message is signed with, the newest first; empty for none.
        instance: the instance folder, for files that a channel keeps.
        settings: every setting; also reads what is kept encrypted.
        reading: opens a session that only reads the database.
    """

    target: Target
    message_id: str
    attempt: int
    at: datetime
    thread_key: str
    thread_ref: str
    server_url: str
    policy: WirePolicy
    instance: Path
    settings: Settings
    reading: Callable[[], AbstractContextManager[Session]]
    token: str = ""
    secrets: tuple[str, ...] = ()


class Channel(Protocol):
    """A way to tell somebody; a module of `notify.channels` with these names is one.

    Its docstring is its documentation: the first line says what it reaches, the rest what one has to know to set it up.
    """

    @property
    def name(self) -> str:
        """Return the short name, which is the `method` of a recipient and the `class` of a handler: `email`."""

    @property
    def title(self) -> str:
        """Return the name for people."""

    @property
    def address(self) -> str:
        """Return which key of a recipient's `to` names whom: `email`, `handle`, `channel`, `url`; empty for none."""

    @property
    def is_ordered(self) -> bool:
        """Say whether messages to one target go one after another in the order of their events, each after the last."""

    @property
    def Config(self) -> type[Any]:  # noqa: N802  (a class)
        """Return the class of its configuration, made of `plugins.fields`."""

    def find_targets(self, config: Any) -> Sequence[Target]:
        """Return whom a configuration reaches by itself: a handler or a named destination has no other recipients.

        Called at the start for every handler, and when a destination is saved.

        Raises:
            InvalidError: it reaches nobody.
            SettingError: an optional package is missing; it says the `pip install` line.
        """

    def render(self, report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
        """Write the message; the same arguments always give the same payload.

        Raises:
            ChannelError: it can't be written, such as a callback's address that becomes none; always permanent.
        """

    def send(self, payload: Payload, config: Any, *, envelope: Envelope) -> Answer:
        """Hand the message over and return the answer; ends within a minute whatever the other side does.

        Raises:
            ChannelError: it was not taken.
        """


class NotificationHandler(ABC):
    """A handler of your own: a class anywhere on the import path, named by its dotted path in NOTIFICATION_HANDLERS.

    The arguments of its constructor are what the setting says beside `class` and `level`.
    """

    @abstractmethod
    def emit(self, report: Report) -> None:
        """Tell of a run; called in the worker, again later when it raises.

        Raises:
            ChannelError: it could not, and whether trying again is of use; anything else is tried again.
        """
