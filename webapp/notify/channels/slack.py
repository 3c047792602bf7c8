"""Slack, by an incoming webhook or by a bot's token.

With a webhook, messages go to the channel that it was made for. With a token, the bot posts to each channel given
(names or ids), and everything about one failure stays in one thread until it is fixed, which is said in the channel
too. The bot needs the scope `chat:write` and must have been invited to the channels, or needs `chat:write.public`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify import wire
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.dialects import MRKDWN, compose, escape_mrkdwn
from webapp.notify.masks import secrets_of_url
from webapp.notify.report import Report
from webapp.notify.wording import subject_of, title_of
from webapp.plugins.fields import ListOf, Secret, Text, Url, option

name = "slack"
title = "Slack"
address = "channel"
is_ordered = True

# Slack takes 3,000 characters a section and 50 blocks; a message of 40,000 is cut, and one nobody reads is shorter.
ROOM = 9_000
SECTION = 3_000
MOST_BLOCKS = 50
COLOURS = {"FAILED": "#d1242f", "ERRORS": "#d1242f", "WARNINGS": "#bf8700", "OK": "#1a7f37", "FIXED": "#1a7f37"}
NEUTRAL = "#6e7781"
TEMPORARY = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How Slack is reached."""

    token: str = option(
        Secret(label="Bot token", help="What the bot signs in with; begins with xoxb-.", setting="SLACK_TOKEN")
    )
    channel: tuple[str, ...] = option(
        ListOf(
            label="Channels",
            help="Names or ids of the channels that the bot posts to, with commas.",
            each=Text(label="Channel", help="A name such as #ops, or an id.", longest=100),
            setting="SLACK_CHANNEL",
        )
    )
    url: str = option(
        Secret(
            label="Incoming webhook",
            help="The webhook's address, used when there is no token.",
            setting="SLACK_WEBHOOK_URL",
        )
    )
    api: str = option(
        Url(label="Web API", help="Where the API is; only GovSlack has another.", default="https://slack.com/api")
    )


def find_targets(config: Config) -> Sequence[Target]:
    """Return each channel of a bot, or the one place that a webhook leads to."""
    if config.token and config.channel:
        return [Target(to=channel) for channel in config.channel]
    if config.url:
        return [Target()]
    if config.token:
        raise InvalidError(("channel", "expected at least one channel for the bot to post to"))
    raise InvalidError(("token", "expected a token and a channel, or the url of an incoming webhook"))


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the message as Block Kit: sections of mrkdwn beside a bar in the colour of the result."""
    del target
    message = compose(report, verbosity, dialect=MRKDWN, room=ROOM, longest=SECTION - 100)
    values = {
        "report": report,
        "verbosity": str(verbosity),
        "paragraphs": message.paragraphs,
        "escape": escape_mrkdwn,
    }
    text, fault = templates.fill("slack.txt", values)
    subject = escape_mrkdwn(subject_of(report))
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": piece}} for piece in _sections(text)]
    said = {
        "text": subject,
        "attachments": [
            {
                "color": COLOURS.get(title_of(report), NEUTRAL),
                "fallback": subject,
                "blocks": sections or _nothing(subject),
            }
        ],
        "unfurl_links": False,
    }
    return Payload(
        summary=subject_of(report),
        parts={"text/plain": text.strip(), "application/json": json.dumps(said, ensure_ascii=False)},
        fields={"is_recovery": report.is_recovery},
        cut=message.cut,
        fault=fault,
    )


def _nothing(subject: str) -> list[dict[str, Any]]:
    """Return a section for a template that said nothing, because Slack refuses an empty message."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": subject}}]


def _sections(text: str) -> list[str]:
    """Return a text as pieces that Slack takes, whole paragraphs together where they fit."""
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        cut = paragraph if len(paragraph) <= SECTION else paragraph[: SECTION - 1] + "…"
        if not cut.strip():
            continue
        if pieces and len(pieces[-1]) + len(cut) + 2 <= SECTION:
            pieces[-1] += f"\n\n{cut}"
        else:
            pieces.append(cut)
    return pieces[:MOST_BLOCKS]


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Post the message, to the failure's thread when there is one."""
    message: dict[str, Any] = json.loads(payload.parts["application/json"])
    if envelope.thread_ref and envelope.thread_key:
        message["thread_ts"] = envelope.thread_ref
    if not (config.token and envelope.target.to):
        if not config.url:
            raise ChannelError("no token with a channel and no incoming webhook is set", permanent=True)
        return _post(config.url, message, envelope, secret=config.url, shown="the incoming webhook")
    message["channel"] = envelope.target.to
    if "thread_ts" in message and payload.fields.get("is_recovery"):
        message["reply_broadcast"] = True
    answer = _post(f"{config.api.rstrip('/')}/chat.postMessage", message, envelope, secret=config.token)
    return _accepted(answer)


def _post(url: str, message: dict[str, Any], envelope: Envelope, *, secret: str, shown: str = "") -> Answer:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if not shown:
        headers["Authorization"] = f"Bearer {secret}"
    request = wire.Request(
        method="POST",
        url=url,
        headers=headers,
        body=json.dumps(message).encode(),
        secrets=(secret, *secrets_of_url(secret)),
        shown=shown,
    )
    return wire.send(request, envelope.policy)


def _accepted(answer: Answer) -> Answer:
    """Return an answer that says so; the Web API refuses with a status of 200."""
    try:
        said = json.loads(answer.text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ChannelError(
            "Slack answered no JSON object", code=answer.code, answer=answer.text, request=answer.request
        )
    if said.get("ok") is True:
        return replace(answer, ref=str(said.get("ts") or ""))
    error = str(said.get("error") or "no reason given")
    raise ChannelError(
        f"Slack refused it: {error[:100]}",
        permanent=error not in TEMPORARY,
        code=answer.code,
        answer=answer.text,
        request=answer.request,
    )
