"""Results by device as JSON, as Nornir scripts, eNMS and this product's own `results.json` hold them.

The file is one object: the sections `results` (overall), `attempt1`, `attempt2`, ... with `devices` in each, or one
such section alone, or plainly `{"device": {...}}`. A device says `status`, or `success`, `failed` and `changed`; its
`result` is kept as it stands, and without one the whole object is. A failure's message and finer status come from the
first exception in its result: one of a timeout means `timeout`, one of authentication or connection `unreachable`.
At most 64 MiB.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import msgspec

from webapp.domain import jsontext
from webapp.domain.messages import AnyEvent, AttemptEnd, AttemptStart, DeviceEnd, RunEnd, RunStart
from webapp.domain.outcome import DEVICE_OPEN, DEVICE_SUCCESS, AttemptReason, DeviceStatus
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.contract import UNNUMBERED, ImportOptions
from webapp.importers.exceptions import find_exception
from webapp.importers.texts import as_message, as_moment, as_name, as_seconds

name = "nornir"
title = "Results by device (Nornir, eNMS)"
suffixes = (".json",)

MAX_FILE = 64 * 1024 * 1024
_SECTION = re.compile(r"results|attempt([1-9][0-9]{0,4})")
_BEGINS = re.compile(
    rb'\{\s*"(?:results|attempt\d+|success|runtime|duration|summary|devices|services)"\s*:'
    rb'|\{\s*"[^"]*"\s*:\s*[\[{]\s*(?:\{\s*)?"(?:success|status|failed|changed|result)"\s*:'
)
_PLACE = re.compile(r"^(.*?)(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")

Members = dict[str, msgspec.Raw]


class _Section(msgspec.Struct):
    """Results by device of the whole run or of one attempt."""

    devices: Members
    runtime: str | None = None
    duration: float | str | None = None


class _Outcome(msgspec.Struct):
    """What a device says of itself; anything else it holds is only kept."""

    success: bool | None = None
    status: str | None = None
    failed: bool | None = None
    changed: bool | None = None
    attempt: int | None = None
    message: str | None = None
    duration: float | str | None = None
    duration_s: float | None = None
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def sniff(head: bytes) -> bool:
    """Say whether the file begins like an object of sections, or of devices that say how they ended."""
    return _BEGINS.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def read(stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield the attempts in their order with the results of their devices."""
    raw = stream.read(MAX_FILE + 1).removeprefix(b"\xef\xbb\xbf")
    if len(raw) > MAX_FILE:
        raise TooLargeError(f"a file of this format may have at most {MAX_FILE:,} bytes")
    overall, attempts = _sections(raw)
    started, ended = _span(overall, options)
    yield RunStart(seq=UNNUMBERED, ts=started)
    for number in sorted(attempts):
        reason = AttemptReason.INITIAL if number == 1 else AttemptReason.RETRY
        yield AttemptStart(seq=UNNUMBERED, ts=started, attempt=number, reason=reason)
        for place, device, outcome in attempts[number]:
            yield _device_end(device, outcome, attempt=number, ts=ended, place=place)
        yield AttemptEnd(seq=UNNUMBERED, ts=ended, attempt=number)
    yield RunEnd(seq=UNNUMBERED, ts=ended, status="complete")


Placed = tuple[str, str, msgspec.Raw]


def _sections(raw: bytes) -> tuple[_Section, dict[int, list[Placed]]]:
    """Return the overall section and the results of each attempt."""
    members = _decode(raw, Members, place="")
    sections = {key: value for key, value in members.items() if _SECTION.fullmatch(key)}
    if not sections:
        is_section = "devices" in members and bytes(members["devices"])[:1] == b"{"
        overall = _decode(raw, _Section, place="") if is_section else _Section(devices=members)
        return overall, {1: [(device, device, value) for device, value in overall.devices.items()]}
    attempts: dict[int, list[Placed]] = {}
    seen: set[str] = set()
    overall = _Section(devices={})
    for key, value in sections.items():
        section = _decode(bytes(value), _Section, place=key)
        if key == "results":
            overall = section
            continue
        number = int(key.removeprefix("attempt"))
        attempts[number] = [(f"{key}.devices.{device}", device, each) for device, each in section.devices.items()]
        seen.update(section.devices)
    for device, value in overall.devices.items():
        if device not in seen:
            place = f"results.devices.{device}"
            number = 1 if attempts else _attempt_of(value, place=place)
            attempts.setdefault(number, []).append((place, device, value))
    return overall, attempts


def _attempt_of(raw: msgspec.Raw, *, place: str) -> int:
    outcome = _decode(bytes(raw), _Outcome, place=place) if bytes(raw)[:1] == b"{" else None
    return max(1, outcome.attempt or 1) if outcome else 1


def _device_end(device: str, raw: msgspec.Raw, *, attempt: int, ts: datetime, place: str) -> DeviceEnd:
    text = bytes(raw)
    outcome = _outcome(text, place=place)
    result = raw if isinstance(outcome.result, msgspec.UnsetType) else outcome.result
    status, message = _status(outcome, bytes(result), place=place)
    cleaned = as_name(device)
    if not cleaned:
        raise InvalidError((place, "expected the name of a device, got only blanks"))
    return DeviceEnd(
        seq=UNNUMBERED,
        ts=ts,
        device=cleaned,
        status=status,
        attempt=attempt,
        message=as_message(outcome.message or message),
        duration_s=_seconds(outcome.duration if outcome.duration_s is None else outcome.duration_s),
        result=msgspec.Raw() if bytes(result) == b"null" else result,
        raw_status=as_name(outcome.status) if outcome.status and outcome.status != status else None,
    )


def _outcome(text: bytes, *, place: str) -> _Outcome:
    if text[:1] == b"[":
        parts = _decode(text, list[_Outcome], place=place)
        is_failed = any(part.failed or part.success is False for part in parts)
        return _Outcome(failed=is_failed, changed=any(part.changed for part in parts))
    if text[:1] != b"{":
        raise InvalidError((place, "expected an object that says how the device ended"))
    outcome: _Outcome = _decode(text, _Outcome, place=place)
    return outcome


def _status(outcome: _Outcome, result: bytes, *, place: str) -> tuple[DeviceStatus, str]:
    """Return how a device ended and, for a failure, why."""
    succeeded = not outcome.failed if outcome.success is None else outcome.success
    usual = DeviceStatus.CHANGED if succeeded and outcome.changed else DeviceStatus.OK
    if outcome.status is not None:
        word = outcome.status.strip().lower()
        if word in DeviceStatus.__members__.values():
            given = DeviceStatus(word)
            status = DeviceStatus.LOST if given in DEVICE_OPEN else given
            return status, "" if status in DEVICE_SUCCESS else find_exception(_any(result, place))[1]
        if outcome.success is None and outcome.failed is None:
            known = ", ".join(status.value for status in DeviceStatus if status not in DEVICE_OPEN)
            raise InvalidError((f"{place}.status", f"expected one of {known}, got {outcome.status[:80]!r}"))
    return (usual, "") if succeeded else find_exception(_any(result, place))


def _any(result: bytes, place: str) -> Any:
    return _decode(result, Any, place=place) if result else None


def _span(overall: _Section, options: ImportOptions) -> tuple[datetime, datetime]:
    """Return when the run began and ended; eNMS notes its beginning with a duration as H:MM:SS, others their end."""
    moment = as_moment(overall.runtime) or options.now
    length = timedelta(seconds=_seconds(overall.duration) or 0)
    is_beginning = isinstance(overall.duration, str) and overall.runtime is not None
    try:
        return (moment, moment + length) if is_beginning else (moment - length, moment)
    except OverflowError:
        return moment, moment


def _seconds(duration: float | str | None) -> float | None:
    found = _CLOCK.fullmatch(duration.strip()) if isinstance(duration, str) else None
    if found:
        return as_seconds(int(found[1][:9]) * 3600 + int(found[2]) * 60 + float(found[3]))
    return as_seconds(duration)


def _decode(raw: bytes, expected: Any, *, place: str) -> Any:
    fault = jsontext.explain_encoding(raw)
    if fault is not None:
        raise InvalidError((place, fault))
    jsontext.check_depth(raw, path=place, limit=jsontext.MAX_DEPTH)
    try:
        return msgspec.json.decode(raw, type=expected)
    except msgspec.ValidationError as error:
        found = _PLACE.match(str(error))
        sentence, below = (found[1], found[2] or "") if found else (str(error), "")
        path = ".".join(part for part in (place, below) if part)
        raise InvalidError((path, sentence[:1].lower() + sentence[1:])) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError((place, jsontext.explain(raw, error))) from error
