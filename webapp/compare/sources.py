"""Which text is meant: the log of a run or device, or a device's JSON result, of one side of a comparison."""

import json
import re

import msgspec

from webapp.compare.runs import Side
from webapp.compare.texts import Text
from webapp.diff.values import Change as ValueChange
from webapp.diff.values import diff_json
from webapp.errors import NotFoundError, TooLargeError
from webapp.store.blobs import get_blob
from webapp.store.db import Session
from webapp.store.logs import find_log, read_log
from webapp.store.results import find_device_result

MAX_JSON = 16 * 1024 * 1024
# An escaped line end in a JSON text that is followed by more of the text.
LINE_END = re.compile(rb'(?<!\\)(?:\\\\)*\\n(?!")')


def log_text(session: Session, side: Side, stream: str) -> Text | None:
    """Return a side's log as a text, or None when it has none of that name."""
    log = find_log(session, run_id=side.run.id, stream=stream)
    if log is None:
        return None
    return Text(
        key=("log", log.id, log.size),
        name=f"{side.run.service} #{side.run.number} {stream}.log",
        size=log.size,
        read=lambda: b"".join(read_log(session, log)),
    )


def result_text(session: Session, side: Side, device: str) -> Text | None:
    """Return a device's JSON result on one side as a text with one value a line, or None when it has none."""
    found = find_device_result(session, run_id=side.run.id, device=device, attempt=side.attempt)
    if found is None or found.blob_id is None or found.size is None:
        return None
    blob_id = found.blob_id
    return Text(
        key=("json", blob_id, 0),
        name=f"{side.run.service} #{side.run.number} {device}.json",
        size=found.size,
        read=lambda: _written_out(get_blob(session, blob_id)),
    )


def _written_out(raw: bytes) -> bytes:
    """Return JSON with one value a line, and texts of several lines broken where their lines end."""
    return LINE_END.sub(rb"\g<0>\n", msgspec.json.format(raw, indent=2)) + b"\n"


def result_changes(session: Session, a: tuple[Side, str], b: tuple[Side, str]) -> list[ValueChange]:
    """Return which values changed from one device result to another.

    Raises:
        NotFoundError: a side has no JSON result.
        TooLargeError: a result is too large to be compared on a page.
    """
    return diff_json(_value(session, *a), _value(session, *b))


def _value(session: Session, side: Side, device: str) -> object:
    found = find_device_result(session, run_id=side.run.id, device=device, attempt=side.attempt)
    if found is None or found.blob_id is None or found.size is None:
        raise NotFoundError(f"{side.run.service} #{side.run.number} has no JSON result of {device}")
    if found.size > MAX_JSON:
        raise TooLargeError(f"the result of {device} has {found.size:,} bytes; up to {MAX_JSON:,} are compared here")
    # The standard decoder keeps integers of any size exact.
    value: object = json.loads(get_blob(session, found.blob_id))
    return value
