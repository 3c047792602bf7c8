"""Messages of the events API, one JSON object a line.

Numbers (`seq`) are given anew in the order of the lines, a missing time (`ts`) is that of the line before. `target` is
read as `device`, and a `result` with its `path` as a case. A file without a `run.end` becomes an incomplete run.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import msgspec

from webapp.domain import jsontext
from webapp.domain.messages import AnyEvent
from webapp.domain.wire import decode_event
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.contract import UNNUMBERED, ImportOptions
from webapp.importers.dialect import Members, translate
from webapp.importers.texts import placed

name = "ndjson"
title = "Messages, one JSON object a line"
suffixes = (".jsonl", ".ndjson")

MAX_LINE = 64 * 1024 * 1024
_BEGINS = re.compile(
    rb'\{[^\n]*"type"\s*:\s*"'
    rb'(?:run\.start|run\.end|plan|attempt\.\w+|device\.\w+|target\.\w+|case|result|measurement|log|heartbeat)"'
)


def sniff(head: bytes) -> bool:
    """Say whether the first line is an object with one of the types of messages."""
    return _BEGINS.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def read(stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield the messages, line by line."""
    ts = options.now
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise TooLargeError(f"line {number}: a line may have at most {MAX_LINE:,} bytes")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            for event in _events(line, place=f"line {number}", ts=ts):
                ts = event.ts
                yield event


def _events(line: bytes, *, place: str, ts: datetime) -> Iterator[AnyEvent]:
    for members in translate(_members(line, place=place), place=place):
        members["seq"] = msgspec.Raw(b"%d" % UNNUMBERED)
        members.setdefault("ts", msgspec.Raw(msgspec.json.encode(ts)))
        try:
            yield decode_event(msgspec.json.encode(members))
        except InvalidError as error:
            raise placed(error, place) from error


def _members(line: bytes, *, place: str) -> Members:
    fault = jsontext.explain_encoding(line)
    if fault is not None:
        raise InvalidError((place, fault))
    try:
        return msgspec.json.decode(line, type=Members)
    except msgspec.ValidationError as error:
        raise InvalidError((place, "expected a JSON object")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError((place, jsontext.explain(line, error))) from error
