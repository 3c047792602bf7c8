"""Which files is a run in Git: the same text for the same results, whatever else was different.

The layout is told in `docs/git.md`, section "Files". Only `run.json` holds what differs in every run, so that a device
with an unchanged result is an unchanged file.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from webapp.domain import jsontext
from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_SUCCESS, DeviceStatus
from webapp.domain.verdict import Tally, verdict_of
from webapp.gitexport.filenames import file_name
from webapp.store.db import Session
from webapp.store.documents import iterate_device_contents
from webapp.store.results import (
    CaseOutcome,
    iterate_cases,
    list_attempts,
    list_device_names,
)
from webapp.store.runs import Run, list_steps

PIECE = 256 * 1024
CHOSEN_AT_ONCE = 200
# Deeper or longer results stand on one line: indenting could make them larger by far.
MAX_INDENTED_DEPTH = 20
MAX_INDENTED_BYTES = 4 << 20
TOO_DEEP = b"\n" + b"  " * (MAX_INDENTED_DEPTH + 1)
SHORT = 4096  # is indented before its depth is known, which is quicker
STATUS = {status.value: msgspec.json.encode(status.value) for status in DeviceStatus}
SUCCESS = {status.value: msgspec.json.encode(status in DEVICE_SUCCESS) for status in DeviceStatus}
CASE_COLUMNS = ("suite", "name", "device", "result", "raw_result", "measurement", "units", "message")

DeviceFile = tuple[str, str, bytes]  # the device, the path of its file, and the text
Choose = Callable[[Sequence[tuple[str, bytes]]], Sequence[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a run: its path below the service's folder, and its bytes in pieces that are read once, in turn."""

    path: str
    size: int
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where people find a run, and its comparison with the run before; None when it is the first one."""

    run: str
    compare: str | None


def iterate_files(
    session: Session, run: Run, links: Links, *, scratch: Path, choose: Choose | None = None
) -> Iterator[File]:
    """Yield the files of a run; what is longer than a device's result is never held in memory whole.

    Args:
        session: a reading session.
        run: an ended run.
        links: what `run.json` links to.
        scratch: a folder for the documents that grow while the devices are read.
        choose: returns the text that each device's file gets, given paths and new texts; None takes the new ones.
    """
    with closing(tempfile.TemporaryFile(dir=scratch)) as results:
        yield from _results_and_devices(session, run, results, choose)
        yield _spooled("results.json", results)
    attempts = [attempt.number for attempt in list_attempts(session, run.id)]
    if len(attempts) > 1:
        with closing(tempfile.TemporaryFile(dir=scratch)) as spool:
            _write_attempts(session, run, attempts, spool)
            yield _spooled("attempts.json", spool)
    with closing(tempfile.TemporaryFile(dir=scratch)) as spool:
        if _write_cases(session, run, spool):
            yield _spooled("cases.csv", spool)
    text = _pretty(_about(session, run, links)) + b"\n"
    yield File(path="run.json", size=len(text), pieces=(text,))


def _results_and_devices(session: Session, run: Run, results: IO[bytes], choose: Choose | None) -> Iterator[File]:
    """Write the document `results.json` and yield the file of each device on the way."""
    results.write(b'{\n  "results": ')
    comma = _open_section(results)
    for device, path, text in _chosen(_device_files(session, run), choose):
        comma = _add_entry(results, device, b"{" + text[len(_head(device)) : -1], comma)
        yield File(path=path, size=len(text), pieces=(text,))
    _close_section(session, run, None, results)
    results.write(b"\n}\n")


def _device_files(session: Session, run: Run) -> Iterator[DeviceFile]:
    for device, entry in _entries(session, run, None):
        yield device, f"devices/{file_name(device)}.json", _head(device) + entry[1:] + b"\n"


def _head(device: str) -> bytes:
    return b'{\n  "device": ' + msgspec.json.encode(device) + b","


def _chosen(files: Iterator[DeviceFile], choose: Choose | None) -> Iterator[DeviceFile]:
    """Yield the files with the texts that are chosen for them, some at a time; one that is not ours is never chosen."""
    if choose is None:
        yield from files
        return
    while batch := list(islice(files, CHOSEN_AT_ONCE)):
        texts = choose([(path, text) for _, path, text in batch])
        for (device, path, new), text in zip(batch, texts, strict=True):
            yield device, path, text if text.startswith(_head(device)) else new


def _write_attempts(session: Session, run: Run, attempts: Iterable[int], spool: IO[bytes]) -> None:
    before = b"{"
    for number in attempts:
        spool.write(before + b'\n  "attempt%d": ' % number)
        comma = _open_section(spool)
        for device, entry in _entries(session, run, number):
            comma = _add_entry(spool, device, entry, comma)
        _close_section(session, run, number, spool)
        before = b","
    spool.write(b"\n}\n")


def _entries(session: Session, run: Run, attempt: int | None) -> Iterator[tuple[str, bytes]]:
    """Yield each device of a section with what the documents say of it."""
    for result, raw in iterate_device_contents(session, run_id=run.id, attempt=attempt):
        values = (_indent(_pretty_result(raw), 2), STATUS[result.status], SUCCESS[result.status])
        yield result.device, b'{\n  "result": %b,\n  "status": %b,\n  "success": %b\n}' % values


def _open_section(spool: IO[bytes]) -> bytes:
    spool.write(b'{\n    "devices": {')
    return b""


def _add_entry(spool: IO[bytes], device: str, entry: bytes, comma: bytes) -> bytes:
    spool.write(comma + b"\n      " + msgspec.json.encode(device) + b": " + _indent(entry, 6))
    return b","


def _close_section(session: Session, run: Run, attempt: int | None, spool: IO[bytes]) -> None:
    names = {
        word: list_device_names(session, run_id=run.id, attempt=attempt, statuses=tuple(statuses))
        for word, statuses in (("failure", DEVICE_FAILURE), ("success", DEVICE_SUCCESS))
    }
    summary = _indent(_pretty(names), 4)
    spool.write(
        b'\n    },\n    "success": %b,\n    "summary": %b\n  }' % (msgspec.json.encode(not names["failure"]), summary)
    )


def _write_cases(session: Session, run: Run, spool: IO[bytes]) -> bool:
    """Write a line for each case and say whether there are any."""
    text = io.TextIOWrapper(spool, encoding="utf-8", errors="surrogatepass", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CASE_COLUMNS)
    count = 0
    for case in iterate_cases(session, run.id):
        writer.writerow(_case_line(case))
        count += 1
    text.detach()
    return count > 0


def _case_line(case: CaseOutcome) -> tuple[object, ...]:
    return (
        case.suite,
        case.name,
        case.device,
        case.result.value,
        case.raw_result,
        case.measurement,
        case.units,
        case.message,
    )


def _about(session: Session, run: Run, links: Links) -> dict[str, Any]:
    tally = Tally(
        devices=run.device_counts,
        cases=run.case_counts,
        flaky_devices=run.flaky_devices,
        log_errors=run.log_errors,
        log_warnings=run.log_warnings,
    )
    steps = {
        step.parent_step or step.service: {"uid": step.uid, "service": step.service, "number": step.number}
        for step in list_steps(session, run.id)
    }
    return {
        "uid": run.uid,
        "service": run.service,
        "number": run.number,
        "status": run.status.value,
        "level": run.level.value if run.level else None,
        "verdict": verdict_of(run.status, tally, message=run.message),
        "link": links.run,
        "compare": links.compare,
        "submitter": run.submitter,
        "trigger": run.trigger,
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "duration_s": run.duration_s,
        "attempts": run.attempts,
        "devices": dict(run.device_counts),
        "cases": dict(run.case_counts),
        **({"steps": steps} if steps else {}),
    }


def _moment(at: Any) -> str | None:
    return None if at is None else at.isoformat()


def _spooled(path: str, spool: IO[bytes]) -> File:
    spool.flush()
    size = spool.tell()
    spool.seek(0)
    return File(path=path, size=size, pieces=iter(lambda: spool.read(PIECE), b""))


def _pretty_result(raw: bytes | None) -> bytes:
    """Return a result with its keys sorted, a line for each value."""
    if raw is None:
        return b"null"
    text = jsontext.canonical(raw)
    if len(text) > MAX_INDENTED_BYTES:
        return text
    if len(text) > SHORT and jsontext.find_too_deep(text, MAX_INDENTED_DEPTH) is not None:
        return text
    pretty = msgspec.json.format(text, indent=2)
    return text if TOO_DEEP in pretty else pretty


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2)


def _indent(text: bytes, blanks: int) -> bytes:
    # A line break never stands inside a JSON text's strings.
    return text.replace(b"\n", b"\n" + b" " * blanks)
