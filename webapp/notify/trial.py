"""What would a channel say of this run, and what does the other side answer: one try, with values not saved yet."""

import time
from dataclasses import dataclass, replace
from typing import Any

from webapp.domain.notices import Verbosity
from webapp.notify.contract import Answer, Channel, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a try.

    Args:
        target: whom it went to.
        payload: the message; None when it could not be written.
        answer: what the other side said when it took the message; None when it didn't.
        error: why it did not; None when it did.
        took_s: seconds from the first byte to the answer.
    """

    target: Target
    payload: Payload | None
    answer: Answer | None = None
    error: ChannelError | None = None
    took_s: float = 0.0


def try_out(
    channel: Channel,
    config: Any,
    *,
    report: Report,
    verbosity: Verbosity,
    templates: Templates,
    envelope: Envelope,
) -> Trial:
    """Write the message for a run with the real template, send it once, and return both sides; nothing is kept.

    Args:
        channel: the channel.
        config: its configuration, as it would be saved.
        report: what is told.
        verbosity: how much of it.
        templates: fills the templates.
        envelope: goes with the message; a target that names nobody is replaced by the configuration's first one.

    Raises:
        InvalidError: the configuration reaches nobody and no target is given.
    """
    target = envelope.target if envelope.target != Target() else channel.find_targets(config)[0]
    try:
        payload = channel.render(report, verbosity=verbosity, target=target, templates=templates)
    except ChannelError as error:
        return Trial(target=target, payload=None, error=error)
    started = time.monotonic()
    try:
        answer = channel.send(payload, config, envelope=replace(envelope, target=target))
    except ChannelError as error:
        return Trial(target=target, payload=payload, error=error, took_s=time.monotonic() - started)
    return Trial(target=target, payload=payload, answer=answer, took_s=time.monotonic() - started)
