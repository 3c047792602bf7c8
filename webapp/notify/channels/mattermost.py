"""Mattermost, by an incoming webhook.

Make one under *Integrations > Incoming Webhooks*. Messages go to the channel that it was made for, Town Square unless
another was chosen; a channel given here wins when the webhook is not locked to its own. A server within a private
network must be named by CALLBACK_ALLOW_PRIVATE.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify import wire
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.dialects import MARKDOWN, compose, escape_markdown
from webapp.notify.masks import secrets_of_url
from webapp.notify.report import Report
from webapp.notify.wording import subject_of
from webapp.plugins.fields import Flag, Secret, Text, option

name = "mattermost"
title = "Mattermost"
address = "channel"
is_ordered = True

# Mattermost splits a post after 16,383 characters; nobody reads that far.
ROOM = 12_000
LONGEST = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How Mattermost is reached."""

    url: str = option(
        Secret(label="Incoming webhook", help="The webhook's address.", setting="MATTERMOST_URL", is_required=True)
    )
    channel: str = option(
        Text(
            label="Channel",
            help="The name of a channel, or @ and a person's; empty is the webhook's own.",
            setting="MATTERMOST_CHANNEL",
            longest=100,
        )
    )
    verify_certificate: bool = option(
        Flag(
            label="Verify the certificate",
            help="Whether the server's certificate must be trusted.",
            default=True,
            setting="MATTERMOST_VERIFY_CERTIFICATE",
        )
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return the one channel."""
    if not config.url:
        raise InvalidError(("url", "expected the address of an incoming webhook"))
    return [Target(to=config.channel)]


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the message as Markdown."""
    del target
    message = compose(report, verbosity, dialect=MARKDOWN, room=ROOM)
    values = {
        "report": report,
        "verbosity": str(verbosity),
        "paragraphs": message.paragraphs,
        "escape": escape_markdown,
    }
    text, fault = templates.fill("mattermost.txt", values)
    return Payload(
        summary=subject_of(report),
        parts={"text/markdown": text.strip()[:LONGEST] or message.headline},
        cut=message.cut,
        fault=fault,
    )


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Post the message."""
    if not config.url:
        raise ChannelError("no incoming webhook is set", permanent=True)
    message = {"text": payload.parts["text/markdown"]}
    channel = envelope.target.to or config.channel
    if channel:
        message["channel"] = channel
    request = wire.Request(
        method="POST",
        url=config.url,
        headers={"Content-Type": "application/json"},
        body=json.dumps(message).encode(),
        is_verified=config.verify_certificate,
        secrets=secrets_of_url(config.url),
        shown="the incoming webhook",
    )
    return wire.send(request, envelope.policy)
