"""Is a `notify` block right, and what does it want? Every fault is found at once.

What only the database or the settings know is asked of a `Known`: accounts, queries, channels, hosts.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

from webapp.domain.notices import REQUEST_HEADERS, CallbackFormat, ContentType, Dataset, Verbosity
from webapp.domain.outcome import Level
from webapp.domain.placeholders import PLACEHOLDERS, find_unknown
from webapp.domain.policy import (
    MASK,
    CallbackWish,
    ChangeWord,
    Checked,
    CompareWish,
    Criteria,
    Policy,
    Recipient,
    SavedQuery,
    StatusWord,
)
from webapp.domain.policy_faults import Reader, place, shown, suggest
from webapp.domain.redaction import REDACTED

KEYS = ("criteria", "verbosity", "recipients", "callbacks", "callback", "compare")
CRITERIA = ("status", "type", "level", "dependency_query")
TO = ("method", "user", "email", "handle", "server", "channel", "destination")
CALLBACK = ("url", "method", "token", "header", "dataset", "content-type", "secret", "format")
COMPARE = ("query", "blacklist", "ignore", "tolerance")
QUERY = ("username", "name", "entity", "conditions")
# What LAVA means by no condition at all.
EVERY_RUN = "service:*"
MAX_HEADER = 64
MAX_SECRETS = 2
BRACES = re.compile(r"\{[^{}]*\}")
TOKEN_CHARS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class CallbackMethod(StrEnum):
    """How an address is called."""

    GET = "GET"
    POST = "POST"


class Known(Protocol):
    """What can be asked while a block is checked; each answer is a fault, or nothing."""

    @property
    def methods(self) -> Collection[str]:
        """Return the names of the channels."""

    def find_user_fault(self, name: str) -> str:
        """Say what is wrong with an account's name."""

    def find_destination_fault(self, name: str) -> str:
        """Say what is wrong with a named destination."""

    def find_query_fault(self, text: str) -> str:
        """Say what is wrong with a filter, or with LAVA's conditions as text."""

    def find_saved_query_fault(self, query: SavedQuery) -> str:
        """Say what is wrong with a saved query."""

    def find_host_fault(self, host: str) -> str:
        """Say why a host may not be called."""


def check_policy(block: object, known: Known, *, path: str = "notify") -> Checked:
    """Return what a block wants, and everything that is wrong with it.

    Args:
        block: what was handed in, of any type.
        known: what can be asked.
        path: where the block stands, for messages.
    """
    reader = Reader()
    found = reader.mapping(block, path, KEYS)
    if found is None:
        return Checked(policy=None, faults=reader.faults)
    verbosity: Verbosity | None = Verbosity.QUIET
    if "verbosity" in found:
        verbosity = reader.word(found["verbosity"], f"{path}.verbosity", Verbosity)
    criteria = _criteria(reader, found, path, known)
    recipients = _recipients(reader, found, path, known)
    callbacks = _callbacks(reader, found, path, known)
    compare = _compare(reader, found["compare"], f"{path}.compare", known) if "compare" in found else None
    if criteria is None:
        return Checked(policy=None, faults=reader.faults)
    policy = Policy(
        criteria=criteria,
        verbosity=verbosity or Verbosity.QUIET,
        recipients=recipients,
        callbacks=callbacks,
        compare=compare,
    )
    return Checked(policy=policy, faults=reader.faults)


def find_email_fault(address: str) -> str:
    """Say why a text is no mail address: one @, a dotted domain or localhost, no blanks."""
    local, _, domain = address.rpartition("@")
    is_whole = local and domain and "@" not in local and len(address) <= 254
    is_named = domain == "localhost" or (all(domain.split(".")) and "." in domain)
    if is_whole and is_named and not any(char.isspace() or char in '<>,;:"()[]\\' for char in address):
        return ""
    return f"expected a mail address such as ada@example.org, got {shown(address)}"


def find_url_fault(url: str, known: Known) -> str:
    """Say why an address can't be called back."""
    unknown = find_unknown(url)
    if unknown:
        name = unknown[0]
        return f"{{{name[:40]}}} is not one of the placeholders {', '.join(PLACEHOLDERS)}{suggest(name, PLACEHOLDERS)}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"expected an address such as https://ci.example.org/done/{{ID}}: {error}"
    if parts.scheme not in ("http", "https") or not host or port == 0 or "\\" in url or " " in BRACES.sub("", url):
        return f"expected an address such as https://ci.example.org/done/{{ID}}, got {shown(url)}"
    if "{" in parts.netloc:
        return "expected a host without placeholders"
    if parts.username is not None or parts.password is not None:
        return "expected an address without user:password@; use `token` and `header`"
    return known.find_host_fault(host)


def _criteria(reader: Reader, block: Mapping[str, Any], path: str, known: Known) -> Criteria | None:
    path = f"{path}.criteria"
    if "criteria" not in block:
        reader.fault(path, "expected a mapping with status, because it is required")
        return None
    found = reader.mapping(block["criteria"], path, CRITERIA)
    if found is None:
        return None
    if "status" not in found:
        reader.fault(f"{path}.status", f"expected one of {', '.join(StatusWord)}, because it is required")
    statuses = reader.words(found["status"], f"{path}.status", StatusWord) if "status" in found else ()
    types = reader.words(found["type"], f"{path}.type", ChangeWord) if "type" in found else ()
    level = reader.word(found["level"], f"{path}.level", Level) if "level" in found else None
    query = found.get("dependency_query", "")
    saved, query = _query(reader, query, f"{path}.dependency_query", known) if query != "" else (None, "")
    if not statuses:
        return None
    return Criteria(status=statuses, types=types, level=level, dependency_query=query, dependency_saved=saved)


def _recipients(reader: Reader, block: Mapping[str, Any], path: str, known: Known) -> tuple[Recipient, ...] | None:
    if "recipients" not in block:
        return None
    path = f"{path}.recipients"
    found = []
    for number, item in enumerate(reader.items(block["recipients"], path, "{to: {method: ...}}")):
        at = f"{path}[{number}]"
        outer = reader.mapping(item, at, ("to",))
        if outer is None:
            continue
        if "to" not in outer:
            reader.fault(f"{at}.to", f"expected a mapping with {', '.join(TO)}, because it is required")
            continue
        inner = reader.mapping(outer["to"], f"{at}.to", TO)
        recipient = None if inner is None else _recipient(reader, inner, f"{at}.to", known)
        if recipient is not None:
            found.append(recipient)
    return tuple(found)


def _recipient(reader: Reader, to: Mapping[str, Any], path: str, known: Known) -> Recipient | None:
    before = len(reader.faults)
    texts = {key: reader.text(to, key, path) for key in TO if key in to}
    if "method" not in to and "destination" not in to:
        reader.fault(f"{path}.method", f"expected one of {', '.join(sorted(known.methods))}, because it is required")
    method = texts.get("method", "")
    if method and method not in known.methods:
        names = sorted(known.methods)
        reader.fault(f"{path}.method", f"{method[:60]!r} is not one of {', '.join(names)}{suggest(method, names)}")
    recipient = Recipient(**{"method": "", **texts})
    if recipient.user and not recipient.is_device_owner and (fault := known.find_user_fault(recipient.user)):
        reader.fault(f"{path}.user", fault)
    if recipient.email and (fault := find_email_fault(recipient.email)):
        reader.fault(f"{path}.email", fault)
    if recipient.destination and (fault := known.find_destination_fault(recipient.destination)):
        reader.fault(f"{path}.destination", fault)
    if not recipient.destination:
        _check_reach(reader, recipient, path)
    return recipient if len(reader.faults) == before else None


def _check_reach(reader: Reader, to: Recipient, path: str) -> None:
    if to.method == "email" and not (to.user or to.email):
        reader.fault(path, "expected user or email, so that somebody gets the mail")
    if to.method == "irc":
        if not (to.user or to.handle):
            reader.fault(path, "expected user or handle, so that somebody gets the message")
        if to.handle and (to.handle.startswith((":", "-")) or any(char in to.handle for char in " ,!@\7")):
            reader.fault(f"{path}.handle", f"expected a nick or #channel, got {shown(to.handle)}")
        if to.server and any(char in to.server for char in " /@,"):
            reader.fault(f"{path}.server", f"expected a host or host:port, got {shown(to.server)}")


def _callbacks(reader: Reader, block: Mapping[str, Any], path: str, known: Known) -> tuple[CallbackWish, ...] | None:
    if "callback" in block and "callbacks" in block:
        reader.fault(f"{path}.callback", "expected either callback or callbacks, got both")
    if "callbacks" in block:
        items = reader.items(block["callbacks"], f"{path}.callbacks", "mappings with url")
        places = [(f"{path}.callbacks[{number}]", item) for number, item in enumerate(items)]
    elif "callback" in block:
        places = [(f"{path}.callback", block["callback"])]
    else:
        return None
    found = [_callback(reader, item, at, known) for at, item in places]
    return tuple(each for each in found if each is not None)


def _callback(reader: Reader, item: object, path: str, known: Known) -> CallbackWish | None:
    before = len(reader.faults)
    found = reader.mapping(item, path, CALLBACK)
    if found is None:
        return None
    url = reader.text(found, "url", path, is_required=True)
    fault = find_url_fault(url, known) if url else ""
    if fault:
        reader.fault(f"{path}.url", fault)
    header = reader.text(found, "header", path) or "Authorization"
    if len(header) > MAX_HEADER or not set(header) <= TOKEN_CHARS:
        reader.fault(f"{path}.header", f"expected the name of an HTTP header, got {shown(header)}")
    if header.lower() in REQUEST_HEADERS:
        reader.fault(f"{path}.header", f"expected a header that may carry a token: {header} is the request's own")
    token = reader.text(found, "token", path)
    if token in (MASK, REDACTED):
        reader.fault(f"{path}.token", "expected the token itself, or the name of a kept one; got what hides it")
    if any(ord(char) > 0xFF for char in token):
        reader.fault(f"{path}.token", "expected characters that an HTTP header can carry")
    words: dict[str, Any] = {}
    for key, name, kind in (
        ("method", "method", CallbackMethod),
        ("dataset", "dataset", Dataset),
        ("content-type", "content_type", ContentType),
        ("format", "format", CallbackFormat),
    ):
        word = reader.word(found[key], f"{path}.{key}", kind) if key in found else None
        if word is not None:
            words[name] = str(word) if kind is CallbackMethod else word
    secrets = _secrets(reader, found, path)
    if len(reader.faults) > before:
        return None
    return CallbackWish(url=url, token=token, header=header, secrets=secrets, **words)


def _secrets(reader: Reader, found: Mapping[str, Any], path: str) -> tuple[str, ...]:
    if "secret" not in found:
        return ()
    given = found["secret"]
    if isinstance(given, str):
        return (given,) if reader.text(found, "secret", path) else ()
    items = reader.items(given, f"{path}.secret", "secrets")
    if len(items) > MAX_SECRETS:
        reader.fault(f"{path}.secret", f"expected at most {MAX_SECRETS} secrets, the newest first, got {len(items)}")
    return tuple(reader.line(each, f"{path}.secret[{number}]") for number, each in enumerate(items))


def _compare(reader: Reader, value: object, path: str, known: Known) -> CompareWish | None:
    found = reader.mapping(value, path, COMPARE)
    if found is None:
        return None
    if "blacklist" in found and "ignore" in found:
        reader.fault(f"{path}.ignore", "expected either blacklist or ignore, got both: they mean the same")
    key = "blacklist" if "blacklist" in found else "ignore"
    names = reader.items(found[key], f"{path}.{key}", "names of suites and cases") if key in found else ()
    ignore = tuple(reader.line(name, f"{path}.{key}[{number}]") for number, name in enumerate(names))
    tolerance = found.get("tolerance")
    if tolerance is not None and (
        isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or tolerance < 0
    ):
        reader.fault(f"{path}.tolerance", f"expected a share such as 0.1 (10 %), got {shown(tolerance)}")
        tolerance = None
    saved, query = _query(reader, found["query"], f"{path}.query", known) if "query" in found else (None, "")
    return CompareWish(saved=saved, query=query, ignore=tuple(name for name in ignore if name), tolerance=tolerance)


def _query(reader: Reader, value: object, path: str, known: Known) -> tuple[SavedQuery | None, str]:
    """Return the saved query, or the text of the filter or conditions, that a query of any form asks for."""
    if isinstance(value, str):
        return None, _readable(reader, reader.line(value, path), path, known)
    if isinstance(value, list | tuple):
        items = reader.items(value, path, "conditions such as health__Complete")
        texts = [reader.line(item, f"{path}[{number}]") for number, item in enumerate(items)]
        return None, _joined(reader, texts, path, known) if all(texts) else ""
    found = reader.mapping(value, path, QUERY)
    if found is None:
        return None, ""
    if "username" in found or "name" in found:
        for key in ("entity", "conditions"):
            if key in found:
                reader.fault(f"{path}.{key}", "expected username and name alone, or entity and conditions alone")
        username = reader.text(found, "username", path, is_required=True)
        name = reader.text(found, "name", path, is_required=True)
        saved = SavedQuery(username=username, name=name)
        if username and name and (fault := known.find_saved_query_fault(saved)):
            reader.fault(path, fault)
        return (saved if username and name else None), ""
    return None, _conditions(reader, found, path, known)


def _conditions(reader: Reader, found: Mapping[str, Any], path: str, known: Known) -> str:
    """Return LAVA's mapping of conditions as LAVA's text: `key__value` with commas between."""
    entity = reader.text(found, "entity", path, is_required=True)
    if entity and entity != "testjob":
        reader.fault(f"{path}.entity", f"expected testjob, because only runs can be compared, got {shown(entity)}")
    conditions = found.get("conditions", {})
    if not isinstance(conditions, Mapping):
        reader.fault(f"{path}.conditions", f"expected a mapping such as {{health: Complete}}, got {shown(conditions)}")
        return ""
    parts = []
    for key, value in conditions.items():
        at = f"{path}.conditions.{place(str(key))}"
        if not isinstance(value, str | int | float):
            reader.fault(at, f"expected a text or number, got {shown(value)}")
            continue
        parts.append(f"{key}__{value}")
    return _joined(reader, parts, f"{path}.conditions", known) if parts or not conditions else ""


def _joined(reader: Reader, conditions: Sequence[str], path: str, known: Known) -> str:
    """Return LAVA's conditions as one text; none at all selects every run."""
    return _readable(reader, ",".join(conditions) or EVERY_RUN, path, known)


def _readable(reader: Reader, text: str, path: str, known: Known) -> str:
    """Return a text that can be read as a filter or as conditions; empty when it is at fault."""
    fault = known.find_query_fault(text) if text else ""
    if fault:
        reader.fault(path, fault)
    return "" if fault else text
