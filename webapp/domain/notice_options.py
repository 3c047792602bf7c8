"""What do a service's options say about its notices? Everything may be left out.

    {"notify": {...} or YAML text, "send_notification": ["email", "ops-room"], "header": "Nightly backup",
     "include_link": true, "include_device_results": false, "display_only_failed": true,
     "mail_recipients": ["ada@example.org"], "attach_log": "tail", "push_to_git": true}

The names that eNMS gives to the same options are understood too. Source: docs/notifying.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from webapp.domain.policy import mask_block
from webapp.domain.policy_check import find_email_fault
from webapp.domain.policy_faults import Reader, shown, suggest
from webapp.domain.redaction import redact

NOTIFY = "notify"
MAX_HEADER = 4096
# eNMS's name: ours.
ALIASES = {
    "notification_header": "header",
    "include_link_in_summary": "include_link",
    "display_only_failed_nodes": "display_only_failed",
    "mail_recipient": "mail_recipients",
    "send_notification_method": "send_notification",
}
METHODS = {
    "mail": "email",
    "mail_feedback_notification": "email",
    "slack_feedback_notification": "slack",
    "mattermost_feedback_notification": "mattermost",
}
NAMES = (
    "send_notification", "header", "include_link", "include_device_results", "display_only_failed",
    "mail_recipients", "attach_log", "push_to_git",
)  # fmt: skip


class AttachedLog(StrEnum):
    """How much of the log goes with a message."""

    NO = "no"
    TAIL = "tail"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOptions:
    """A service's options about notices.

    Args:
        notify: its notify block as it was given: a mapping or YAML text; None for none.
        destinations: methods and named destinations that hear of every end.
        header: a text on top of every message.
        include_link: whether messages give the run's address.
        include_device_results: whether they give devices' JSON results.
        display_only_failed: whether devices that passed are nowhere in them.
        mail_recipients: who gets the mails, in place of the setting MAIL_RECIPIENTS.
        attach_log: how much of the log goes with them.
        push_to_git: the repositories that results are pushed to; an empty text is the usual one.
        faults: what could not be read and is therefore as usual, each with its place and what was expected.
    """

    notify: Mapping[str, Any] | str | None = None
    destinations: tuple[str, ...] = ()
    header: str = ""
    include_link: bool = True
    include_device_results: bool = False
    display_only_failed: bool = True
    mail_recipients: tuple[str, ...] = ()
    attach_log: AttachedLog = AttachedLog.NO
    push_to_git: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = field(default=())


def read_notice_options(options: Mapping[str, Any]) -> NoticeOptions:
    """Return what the options say; what can't be read is as usual, and told as a fault."""
    reader = Reader()
    given = _given(options)
    notify = options.get(NOTIFY)
    if notify is not None and not isinstance(notify, Mapping | str):
        reader.fault(NOTIFY, f"expected a mapping or YAML text of one, got {shown(notify)}")
        notify = None
    return NoticeOptions(
        notify=notify or None,
        destinations=_destinations(reader, options),
        header=_header(reader, given),
        include_link=_flag(reader, given, "include_link", default=True),
        include_device_results=_flag(reader, given, "include_device_results", default=False),
        display_only_failed=_flag(reader, given, "display_only_failed", default=True),
        mail_recipients=_recipients(reader, given),
        attach_log=_attached(reader, given),
        push_to_git=_repositories(reader, given),
        faults=tuple(reader.faults),
    )


def mask_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service's options as they may be shown: tokens and secrets of its notify block are masked."""
    notify = options.get(NOTIFY)
    if isinstance(notify, Mapping):
        return {**options, NOTIFY: mask_block(notify)}
    return {**options, NOTIFY: redact(notify)} if isinstance(notify, str) else dict(options)


def find_unreachable(
    options: NoticeOptions, *, methods: Collection[str], destinations: Collection[str], has_mail: bool
) -> list[tuple[str, str]]:
    """Return what is wrong with whom the options name.

    Args:
        options: what was read.
        methods: the names of the channels.
        destinations: the names of the named destinations.
        has_mail: whether the setting MAIL_RECIPIENTS names somebody.
    """
    faults = []
    known = sorted({*methods, *destinations})
    for number, name in enumerate(options.destinations):
        if name not in known:
            faults.append((f"send_notification[{number}]", _not_known(name, known)))
    if "email" in options.destinations and not (options.mail_recipients or has_mail):
        faults.append(("mail_recipients", "expected at least one recipient, because nobody else gets the mail"))
    return faults


def _not_known(name: str, known: Collection[str]) -> str:
    return f"{name[:60]!r} is not one of {', '.join(known) or 'the destinations: there is none'}{suggest(name, known)}"


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options by our names; ours win where both are given."""
    found = {ALIASES[name]: value for name, value in options.items() if name in ALIASES}
    return found | {name: value for name, value in options.items() if name in NAMES}


def _destinations(reader: Reader, options: Mapping[str, Any]) -> tuple[str, ...]:
    value = options.get("send_notification", False)
    method = options.get("send_notification_method")
    if value in (False, None):
        return ()
    if value is True:
        if method is None:
            reader.fault("send_notification", "expected the names of destinations, such as ['email', 'slack']")
            return ()
        value = method
    names = [value] if isinstance(value, str) else reader.items(value, "send_notification", "names of destinations")
    texts = (reader.line(name, f"send_notification[{number}]") for number, name in enumerate(names))
    return tuple(dict.fromkeys(METHODS.get(text, text) for text in texts if text))


def _header(reader: Reader, given: Mapping[str, Any]) -> str:
    value = given.get("header") or ""
    if isinstance(value, str) and len(value) <= MAX_HEADER:
        return value
    reader.fault("header", f"expected a text of at most {MAX_HEADER:,} characters")
    return ""


def _flag(reader: Reader, given: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = given.get(name, default)
    if isinstance(value, bool):
        return value
    reader.fault(name, f"expected true or false, got {shown(value)}")
    return default


def _recipients(reader: Reader, given: Mapping[str, Any]) -> tuple[str, ...]:
    value = given.get("mail_recipients") or ()
    items = value.split(",") if isinstance(value, str) else reader.items(value, "mail_recipients", "addresses")
    found = []
    for number, item in enumerate(items):
        text = item.strip() if isinstance(item, str) else ""
        if isinstance(item, str) and not text:
            continue
        fault = find_email_fault(text) if text else f"expected a mail address, got {shown(item)}"
        if fault:
            reader.fault(f"mail_recipients[{number}]", fault)
        else:
            found.append(text)
    return tuple(dict.fromkeys(found))


def _attached(reader: Reader, given: Mapping[str, Any]) -> AttachedLog:
    value = given.get("attach_log", False)
    if isinstance(value, bool) or value is None:
        return AttachedLog.TAIL if value else AttachedLog.NO
    return reader.word(value, "attach_log", AttachedLog) or AttachedLog.NO


def _repositories(reader: Reader, given: Mapping[str, Any]) -> tuple[str, ...]:
    value = given.get("push_to_git", False)
    if isinstance(value, bool) or value is None:
        return ("",) if value else ()
    names = [value] if isinstance(value, str) else reader.items(value, "push_to_git", "names of repositories")
    texts = (reader.line(name, f"push_to_git[{number}]") for number, name in enumerate(names))
    return tuple(dict.fromkeys(text for text in texts if text))
