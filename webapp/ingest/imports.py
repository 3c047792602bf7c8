"""How do files become runs: each file is read to its end and checked before anything of it is stored.

A file that is sent again to the same run adds nothing: its messages are numbered in a stream named by its contents.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from webapp.domain.access import Caller
from webapp.domain.messages import MAX_ATTEMPT, AnyEvent, Case, DeviceEnd, Log, RunStart
from webapp.domain.names import find_name_fault
from webapp.domain.outcome import ENDED, RunStatus
from webapp.domain.uids import make_uid
from webapp.errors import ConflictError, InvalidError, TooLargeError
from webapp.importers.catalogue import Formats, choose_format
from webapp.importers.contract import Format, ImportOptions
from webapp.importers.reading import read_messages
from webapp.importers.texts import placed
from webapp.ingest.doors import check_service, check_slug, check_uid, open_past_run
from webapp.ingest.runs import RunFields, put_run
from webapp.ingest.stream import IMPORT_BATCH, MAX_BYTES, accept_messages
from webapp.store.blobs import json_content
from webapp.store.db import reading, writing
from webapp.store.recording import get_mark, has_marks
from webapp.store.recording_details import find_uid_by_key
from webapp.store.recording_services import ensure_service
from webapp.store.runs import Run, find_run, get_run

DIGEST = 24
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """A file: what it is called, and a stream of it that can be rewound."""

    name: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What shall become of files.

    Args:
        options: what is known of them beside their contents.
        format: the name of their format, or `auto`.
        run: the uid of the run that they belong to; without it each file is a run.
        key: the run's name elsewhere; a file that comes again under it is the run it was.
    """

    options: ImportOptions
    format: str = "auto"
    run: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """The run that a file became or was added to, and whether it was made now."""

    run: Run
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A file that was read to its end without a fault."""

    file: ImportFile
    source: Format
    options: ImportOptions
    service: str
    stream_name: str


def import_files(
    files: Sequence[ImportFile], request: ImportRequest, *, formats: Formats, caller: Caller
) -> list[ImportedRun]:
    """Make runs of files, or attempts of one run, and return them in the order of the files.

    Several files of one run are its attempts from `options.attempt` on.

    Raises:
        InvalidError: a file is faulty or of no known format, or the request contradicts itself; nothing is stored.
        TooLargeError: a file is larger than its format can take; nothing is stored.
        ForbiddenError: the caller's token is for other services.
        ConflictError: the key belongs to a run that goes on and came from other contents.
    """
    _check_request(files, request)
    run = _find_run(request, caller)
    options = replace(request.options, is_part=run is not None)
    checked: list[_Checked] = []
    faults: list[tuple[str, str]] = []
    for number, file in enumerate(files):
        attempt = options.attempt + number if request.run else options.attempt
        try:
            checked.append(_check(file, replace(options, attempt=attempt), request, formats=formats, run=run))
        except InvalidError as error:
            faults += placed(error, file.name).faults
        except TooLargeError as error:
            raise TooLargeError(f"{file.name}: {error}") from error
    if faults:
        raise InvalidError(*faults)
    for each in checked:
        check_service(caller, each.service)
    return [_keep(each, request, caller=caller) for each in checked]


def _check_request(files: Sequence[ImportFile], request: ImportRequest) -> None:
    faults: list[tuple[str, str]] = []
    if not files:
        faults.append(("body", "expected a file, got none"))
    if request.run:
        check_uid(request.run)
    if request.options.service:
        check_slug(request.options.service)
    for field, name in (("device", request.options.device), ("suite", request.options.suite), ("key", request.key)):
        fault = find_name_fault(name) if name else None
        if fault is not None:
            faults.append((field, fault))
    if request.key and (len(files) > 1 or request.run):
        faults.append(("key", "expected one file that becomes a run of its own, because a key belongs to one run"))
    if not 1 <= request.options.attempt <= MAX_ATTEMPT - len(files):
        faults.append(("attempt", f"expected 1 to {MAX_ATTEMPT - len(files):,}, got {request.options.attempt}"))
    if faults:
        raise InvalidError(*faults)


def _find_run(request: ImportRequest, caller: Caller) -> Run | None:
    if not request.run:
        return None
    with reading() as session:
        run = find_run(session, request.run)
    if run is not None:
        check_service(caller, run.service)
        if request.options.service not in ("", run.service):
            raise InvalidError(("service", f"expected {run.service!r}, the service of this run"))
    return run


def _check(
    file: ImportFile, options: ImportOptions, request: ImportRequest, *, formats: Formats, run: Run | None
) -> _Checked:
    """Read a file to its end and check what it says."""
    source = choose_format(formats, request.format, file.stream)
    service = run.service if run is not None else options.service
    for number, event in enumerate(read_messages(source, file.stream, options=options), start=1):
        if isinstance(event, RunStart) and not service:
            service = event.service or ""
            if service:
                check_slug(service)
        if isinstance(event, DeviceEnd) and bytes(event.result):
            json_content(bytes(event.result), path=f"message {number} ({event.device}): result")
    if not service:
        raise InvalidError(("service", "expected the name of a service, because the file names none"))
    return _Checked(
        file=file,
        source=source,
        options=replace(options, service=service),
        service=service,
        stream_name=_stream_name(file, options, source),
    )


def _stream_name(file: ImportFile, options: ImportOptions, source: Format) -> str:
    file.stream.seek(0)
    digest = hashlib.sha256()
    while piece := file.stream.read(PIECE):
        digest.update(piece)
    told = (source.name, options.device, options.suite, options.device_from, str(options.attempt))
    digest.update("\0".join(told).encode())
    return f"import {digest.hexdigest()[:DIGEST]}"


def _keep(checked: _Checked, request: ImportRequest, *, caller: Caller) -> ImportedRun:
    now = checked.options.now
    uid, created, is_done = request.run or make_uid(now), not checked.options.is_part, False
    if request.key:
        uid, created, is_done = _claim_key(uid, checked, request.key, caller=caller)
    if not is_done:
        if not checked.options.is_part:
            with writing() as session:
                open_past_run(session, uid, checked.service, caller=caller, now=now)
        messages = read_messages(checked.source, checked.file.stream, options=checked.options)
        for batch in _batches(messages):
            accept_messages(batch, uid=uid, caller=caller, now=now, stream=checked.stream_name)
    with reading() as session:
        return ImportedRun(run=get_run(session, uid), created=created)


def _claim_key(uid: str, checked: _Checked, key: str, *, caller: Caller) -> tuple[str, bool, bool]:
    """Return the uid of the run with a key, whether it was made now, and whether nothing is left to store."""
    with writing() as session:
        service = ensure_service(session, checked.service, now=checked.options.now)
        known = find_uid_by_key(session, service_id=service.id, external_key=key)
        if known is None:
            fields = RunFields(service=checked.service, external_key=key)
            put_run(session, uid, fields, caller=caller, now=checked.options.now)
            return uid, True, False
        run = get_run(session, known)
        is_ours = run.status is RunStatus.QUEUED or not has_marks(session, run.id)
        is_ours = is_ours or get_mark(session, run_id=run.id, stream=checked.stream_name) > 0
    if run.status not in ENDED and not is_ours:
        raise ConflictError(f"the key {key!r} belongs to the run {known}, which goes on and came from other contents")
    return known, False, run.status in ENDED


def _batches(messages: Iterable[AnyEvent]) -> Iterator[list[AnyEvent]]:
    """Yield messages in batches that are small in number and in bytes."""
    batch: list[AnyEvent] = []
    size = 0
    for event in messages:
        batch.append(event)
        size += _size_of(event)
        if len(batch) >= IMPORT_BATCH or size >= MAX_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size_of(event: AnyEvent) -> int:
    if isinstance(event, DeviceEnd):
        return len(bytes(event.result))
    if isinstance(event, Case):
        return len(event.output or "")
    return len(event.text) if isinstance(event, Log) else 0
