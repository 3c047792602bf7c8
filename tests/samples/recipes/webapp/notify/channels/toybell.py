"""A bell: a file that says the last verdict.

Give the name of a file that may be overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.report import Report
from webapp.notify.wording import subject_of
from webapp.plugins.fields import Text, option

name = "toybell"
title = "Bell"
address = ""
is_ordered = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Which file."""

    path: str = option(Text(label="File", help="The file that is overwritten."))


def find_targets(config: Config) -> Sequence[Target]:
    """Return the one file."""
    if not config.path:
        raise InvalidError(("path", "expected the name of a file"))
    return [Target(to=config.path)]


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Write the verdict."""
    return Payload(summary=subject_of(report), parts={"text/plain": subject_of(report)})


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Ring."""
    try:
        Path(config.path).write_text(payload.summary)
    except OSError as error:
        raise ChannelError(f"{config.path}: {error.strerror}") from error
    return Answer(request=config.path)
