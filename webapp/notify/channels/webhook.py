"""Any address that takes a GET or a POST: the callbacks of a notify block, and destinations of your own.

The address may hold placeholders, which are filled percent-encoded. A POST carries the run's data as a form or as JSON,
in LAVA's words or in ours, and is signed in the format of Standard Webhooks when there is a secret; two secrets sign
twice, so that one can be replaced while receivers know only the other. Redirects are not followed. A receiver within a
private network must be named by CALLBACK_ALLOW_PRIVATE.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.domain.notices import REQUEST_HEADERS, CallbackFormat, ContentType, Dataset, Verbosity
from webapp.domain.placeholders import find_unknown
from webapp.errors import InvalidError
from webapp.notify import wire
from webapp.notify.callbacks import body_of, data_of, fill_address
from webapp.notify.contract import Answer, Callback, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.report import Report
from webapp.notify.signature import sign
from webapp.notify.wording import subject_of
from webapp.plugins.fields import Choice, ListOf, Secret, Text, Url, option

name = "webhook"
title = "Webhook"
address = "url"
is_ordered = False

METHODS = ("GET", "POST")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is called, and how."""

    url: str = option(Url(label="Address", help="What is called; placeholders such as {ID} are filled."))
    method: str = option(Choice(label="Method", help="GET calls it; POST sends data.", words=METHODS, default="POST"))
    token: str = option(Secret(label="Token", help="What the header below says."))
    header: str = option(Text(label="Header", help="The header that carries the token.", default="Authorization"))
    secret: tuple[str, ...] = option(
        ListOf(
            label="Signing secrets",
            help="What a POST is signed with; two of them while receivers change over.",
            each=Secret(label="Signing secret", help="whsec_ and base64, or any text."),
        )
    )
    dataset: str = option(
        Choice(label="Data", help="What a POST carries beside the run itself.", words=tuple(Dataset), default="minimal")
    )
    content_type: str = option(
        Choice(label="Written as", help="How a POST is written.", words=tuple(ContentType), default="json")
    )
    format: str = option(
        Choice(label="Words", help="Whose names the data has.", words=tuple(CallbackFormat), default="afterrun")
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return the one address."""
    if not config.url:
        raise InvalidError(("url", "expected an address"))
    unknown = find_unknown(config.url)
    if unknown:
        raise InvalidError(("url", f"{_braced(unknown)} cannot be filled"))
    return [Target(to=config.url, callback=_callback(config))]


def _braced(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)[:200]


def _callback(config: Config) -> Callback:
    return Callback(
        method=config.method,
        header=config.header,
        dataset=Dataset(config.dataset),
        content_type=ContentType(config.content_type),
        format=CallbackFormat(config.format),
    )


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the request: its address, and the data of a POST."""
    del verbosity, templates
    callback = target.callback or Callback(method="POST")
    if callback.method not in METHODS:
        raise ChannelError(f"expected the method GET or POST, got {callback.method[:20]!r}", permanent=True)
    if not HEADER.fullmatch(callback.header) or callback.header.lower() in REQUEST_HEADERS:
        raise ChannelError(f"{callback.header[:64]!r} is no header that may carry a token", permanent=True)
    unknown = find_unknown(target.to)
    if unknown:
        raise ChannelError(f"the address holds {_braced(unknown)}, which cannot be filled", permanent=True)
    fields: dict[str, Any] = {
        "method": callback.method,
        "url": fill_address(target.to, report),
        "header": callback.header,
    }
    if callback.method == "GET":
        return Payload(summary=subject_of(report), parts={"text/plain": f"GET {fields['url']}"}, fields=fields)
    body, media_type = body_of(data_of(report, callback), callback.content_type)
    return Payload(summary=subject_of(report), parts={media_type: body}, fields={**fields, "content_type": media_type})


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Make the request; the token and the signature are added here, because nothing secret is kept with the payload."""
    fields = payload.fields
    token = envelope.token or config.token
    secrets = envelope.secrets or config.secret
    headers: dict[str, str] = {}
    body: bytes | None = None
    if fields["method"] == "POST":
        media_type = fields["content_type"]
        body = payload.parts[media_type].encode()
        headers["Content-Type"] = media_type
        if secrets:
            headers |= sign(body, message_id=envelope.message_id, at=envelope.at, secrets=secrets)
    headers.setdefault("webhook-id", envelope.message_id)
    if token:
        headers[fields["header"]] = token
    request = wire.Request(
        method=fields["method"],
        url=fields["url"],
        headers=headers,
        body=body,
        is_callback=True,
        secrets=(token, *secrets),
    )
    return wire.send(request, envelope.policy)
