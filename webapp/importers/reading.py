"""What does a file say: the numbered messages of one run, or of a part of one, whatever its format is."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from msgspec.structs import replace

from webapp.domain.messages import (
    MAX_ATTEMPT,
    MAX_MESSAGE,
    MAX_SECONDS,
    AnyEvent,
    AttemptEnd,
    AttemptStart,
    Case,
    DeviceEnd,
    DeviceStart,
    Measurement,
    RunEnd,
    RunStart,
)
from webapp.domain.wire import check_event
from webapp.errors import InvalidError
from webapp.importers.contract import UNNUMBERED, Format, ImportOptions
from webapp.importers.texts import placed

TRIGGER = "import"
NO_END = "the file says of no end of the run"
OfAttempt = AttemptStart | AttemptEnd | DeviceStart | DeviceEnd | Case | Measurement


def read_messages(source: Format, stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield what a file says, numbered from 1, each message checked.

    A whole run begins with one `run.start` and ends with one `run.end`; a part of a run has neither.

    Raises:
        InvalidError: the file is not of the format, or says what can't be kept.
        TooLargeError: the file is larger than the format can take.
    """
    stream.seek(0)
    events = source.read(stream, options=options)
    if options.is_part:
        events = (event for event in events if not isinstance(event, RunStart | RunEnd))
    else:
        events = _framed(events, options)
    for seq, event in enumerate(events, start=1):
        completed = replace(event, seq=seq, **_missing(event, options))
        try:
            check_event(completed)
            _check_limits(completed)
        except InvalidError as error:
            raise placed(error, f"message {seq}") from error
        yield completed


def _framed(events: Iterable[AnyEvent], options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield a run with a beginning of its service and an end; what follows the end is left to the store."""
    rest = iter(events)
    first = next(rest, None)
    is_ended = False
    ts = first.ts if first is not None else options.now
    if isinstance(first, RunStart):
        service = options.service or first.service
        yield replace(first, service=service, trigger=first.trigger or TRIGGER)
    else:
        yield RunStart(seq=UNNUMBERED, ts=ts, service=options.service or None, trigger=TRIGGER)
        rest = chain([] if first is None else [first], rest)
    for event in rest:
        ts = max(ts, event.ts)
        is_ended = is_ended or isinstance(event, RunEnd)
        yield replace(event, service=options.service) if isinstance(event, RunStart) and options.service else event
    if not is_ended:
        yield RunEnd(seq=UNNUMBERED, ts=ts, status="incomplete", message=NO_END)


def _missing(event: AnyEvent, options: ImportOptions) -> dict[str, Any]:
    """Return the fields that the options know better than the file."""
    fields: dict[str, Any] = {}
    if isinstance(event, OfAttempt) and options.attempt > 1:
        fields["attempt"] = event.attempt + options.attempt - 1
    if isinstance(event, Case | Measurement):
        if event.device is None and options.device:
            fields["device"] = options.device
        if not event.suite and options.suite:
            fields["suite"] = options.suite
    return fields


def _check_limits(event: AnyEvent) -> None:
    """Refuse values that the wire would refuse and a message made here may have."""
    if isinstance(event, OfAttempt) and not 1 <= event.attempt <= MAX_ATTEMPT:
        raise InvalidError(("attempt", f"expected 1 to {MAX_ATTEMPT:,}, got {event.attempt}"))
    if isinstance(event, DeviceEnd | Case):
        seconds = event.duration_s
        if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= MAX_SECONDS):
            raise InvalidError(("duration_s", f"expected 0 to {MAX_SECONDS:g} seconds, got {seconds}"))
    if isinstance(event, DeviceEnd | Case | RunEnd) and len(event.message or "") > MAX_MESSAGE:
        raise InvalidError(("message", f"expected at most {MAX_MESSAGE:,} characters"))
