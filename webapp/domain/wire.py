"""What does this line say: one line of JSON to one message, or the place and the sentence of what is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import get_args

import msgspec

from webapp.domain import jsontext
from webapp.domain.messages import (
    MAX_CASE_NAME,
    AnyEvent,
    Case,
    DeviceEnd,
    DeviceStart,
    Event,
    Log,
    Measurement,
    Plan,
    RunStart,
)
from webapp.domain.names import MAX_NAME, find_name_fault, find_slug_fault, find_text_fault
from webapp.domain.outcome import DEVICE_OPEN, DeviceStatus
from webapp.errors import InvalidError

TYPES: Mapping[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}

_DECODER = msgspec.json.Decoder(AnyEvent)
_TAG = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_NAMED = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`", re.DOTALL)
_ENDED = [status.value for status in DeviceStatus if status not in DEVICE_OPEN]
_KINDS = {
    "int": "a whole number",
    "str": "a text",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "datetime": "a time such as 2026-01-31T12:00:00Z",
}
_KIND = re.compile(r"`([^`]*)`")


def decode_event(line: bytes, *, place: str = "") -> AnyEvent:
    """Return the message that a line of JSON holds.

    Args:
        line: one JSON object, UTF-8.
        place: where the line stands, such as `line 3`; faults are named below it.

    Raises:
        InvalidError: with the place, the field and what was expected there.
    """
    fault = None if line.isascii() else jsontext.explain_encoding(line)
    if fault is not None:
        raise InvalidError((place, fault))
    byte = jsontext.find_too_deep(line, jsontext.MAX_DEPTH + 1)
    if byte is not None:
        fault = f"expected at most {jsontext.MAX_DEPTH} levels of nesting (byte {byte})"
        raise InvalidError((_join(place, jsontext.find_member(line, byte)), fault))
    try:
        event: AnyEvent = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise InvalidError(_explain_field(line, str(error), place)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        byte = jsontext.find_fault(line, error)
        field = None if byte is None else jsontext.find_member(line, byte)
        raise InvalidError((_join(place, field), jsontext.explain(line, error))) from error
    check_event(event, place=place)
    return event


def check_event(event: Event, *, place: str = "") -> None:
    """Refuse what types alone can't: names and moments that can't be kept, and an end that is none."""
    faults = [(_join(place, field), fault) for field, fault in _find_faults(event)]
    if faults:
        raise InvalidError(*faults)


def _find_faults(event: Event) -> Iterator[tuple[str, str]]:
    yield from _moment_fault("ts", event.ts)
    match event:
        case DeviceEnd():
            yield from _name_fault("device", event.device)
            if event.status in DEVICE_OPEN:
                yield "status", f"expected one of {', '.join(_ENDED)}, got {event.status.value}"
            yield from _text_fault("raw_status", event.raw_status)
        case Case() | Measurement():
            yield from _case_faults(event)
        case DeviceStart():
            yield from _name_fault("device", event.device)
        case Log():
            yield from _name_fault("stream", event.stream)
            yield from _text_fault("level", event.level)
        case RunStart():
            if event.service is not None and (fault := find_slug_fault(event.service)):
                yield "service", fault
            yield from _text_fault("trigger", event.trigger)
            yield from _text_fault("host", event.host)
        case Plan():
            for field, names in (("devices", event.devices), ("cases", event.cases)):
                for number, name in enumerate(names if isinstance(names, list) else ()):
                    yield from _name_fault(f"{field}[{number}]", name)


def _case_faults(event: Case | Measurement) -> Iterator[tuple[str, str]]:
    yield from _name_fault("name", event.name, limit=MAX_CASE_NAME)
    if event.suite:
        yield from _name_fault("suite", event.suite)
    if event.device is not None:
        yield from _name_fault("device", event.device)
    yield from _text_fault("units", event.units)
    if isinstance(event, Case):
        yield from _text_fault("raw_result", event.raw_result)
        if event.started_at is not None:
            yield from _moment_fault("started_at", event.started_at)


def _name_fault(field: str, name: str, *, limit: int = MAX_NAME) -> Iterator[tuple[str, str]]:
    fault = find_name_fault(name, limit=limit)
    if fault is not None:
        yield field, fault


def _text_fault(field: str, text: str | None) -> Iterator[tuple[str, str]]:
    if not text:
        return
    if len(text) > MAX_NAME:
        yield field, f"expected at most {MAX_NAME} characters, got {len(text):,}"
    elif fault := find_text_fault(text):
        yield field, fault


def _moment_fault(field: str, moment: datetime) -> Iterator[tuple[str, str]]:
    try:
        if moment.tzinfo is not UTC:
            moment.astimezone(UTC)
    except OverflowError:
        yield field, "expected a time from year 1 to year 9999 in UTC"


def _explain_field(line: bytes, text: str, place: str) -> tuple[str, str]:
    found = _PLACE.search(text)
    field = found.group(1) if found else ""
    sentence = _PLACE.sub("", text)
    named = _NAMED.fullmatch(sentence)
    kind = _find_type(line)
    if named and sentence.startswith("Object contains"):
        return _join(place, _join_field(field, named.group(1))), _explain_unknown(named.group(1), kind)
    if named:
        return _join(place, _join_field(field, named.group(1))), "expected a value, got nothing; the field is required"
    if field == "type" and kind not in TYPES:
        return _join(place, "type"), _expected_one_of(list(TYPES), kind)
    choices = _ENDED if (kind, field) == ("device.end", "status") else choices_of(TYPES.get(kind), field)
    if choices and sentence.startswith("Invalid "):
        return _join(place, field), f"expected one of {', '.join(choices)}"
    return _join(place, field), in_plain_words(sentence)


def in_plain_words(sentence: str) -> str:
    """Return what msgspec says of a value in the words of our own refusals: `expected a whole number, got a text`."""
    sentence = sentence.replace("Invalid RFC3339 encoded datetime", "Expected `datetime`")
    sentence = sentence.replace("with a timezone component", "with its zone")
    sentence = _KIND.sub(lambda found: " or ".join(_KINDS.get(kind, kind) for kind in found[1].split(" | ")), sentence)
    return sentence[:1].lower() + sentence[1:]


def _find_type(line: bytes) -> str:
    try:
        return str(msgspec.json.decode(_TAG.decode(line).get("type", msgspec.Raw(b'""'))))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _explain_unknown(name: str, kind: str) -> str:
    known = TYPES[kind].__struct_encode_fields__ if kind in TYPES else ()
    close = get_close_matches(name, ["type", *known], n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
    return f"unknown field of {kind}; {hint}"


def _expected_one_of(choices: list[str], got: str) -> str:
    close = get_close_matches(got, choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"expected one of {', '.join(choices)}, got {got[:40]!r}{hint}"


def choices_of(expected: type | None, field: str) -> list[str]:
    """Return the words that a field of a structure may have, or nothing when they are not counted."""
    info = None if expected is None else msgspec.inspect.type_info(expected)
    fields = info.fields if isinstance(info, msgspec.inspect.StructType) else ()
    for kind in (member.type for member in fields if member.encode_name == field):
        for each in kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,):
            if isinstance(each, msgspec.inspect.EnumType):
                return [str(word.value) for word in each.cls]
            if isinstance(each, msgspec.inspect.LiteralType):
                return [str(word) for word in each.values]
    return []


def _join_field(outer: str, name: str) -> str:
    return f"{outer}.{name}" if outer else name


def _join(place: str, field: str | None) -> str:
    return f"{place}: {field}" if place and field else place or field or ""
