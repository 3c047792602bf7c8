"""How do files of other tools come in: one or many, each a run or an attempt of one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, cast

import msgspec
from flask import Blueprint, current_app, g, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from webapp import clock
from webapp.api.bodies import iterate_body
from webapp.api.schema import RawBody, Takes, operation
from webapp.domain.access import Scope
from webapp.errors import InvalidError
from webapp.importers.catalogue import EXTENSION, Formats
from webapp.importers.contract import DeviceFrom, ImportOptions
from webapp.ingest.imports import ImportedRun, ImportFile, ImportRequest, import_files

blueprint = Blueprint("api_imports", __name__, url_prefix="/api/v1")

MAX_BODY = 256 * 1024 * 1024
MAX_FILES = 1000
# What isn't a file may be as large; it must be more than the parser reads at once.
MAX_FORM = 1024 * 1024
IN_MEMORY = 1024 * 1024
MULTIPART = "multipart/form-data"
BODY_NAME = "body"

BODY = RawBody(
    media_types=(
        "application/octet-stream",
        "application/xml",
        "text/xml",
        "application/json",
        "application/x-ndjson",
        MULTIPART,
    ),
    description="One file as it is, or one or many in a form; at most 256 MiB after unpacking.",
)

Name = Annotated[str, msgspec.Meta(max_length=255)]


class ImportQuery(msgspec.Struct, frozen=True, rename={"format_name": "format"}):
    """What the files are and where they belong."""

    format_name: Annotated[str, msgspec.Meta(max_length=100, description="a format's name, or `auto`")] = "auto"
    service: Annotated[str, msgspec.Meta(max_length=255, description="whose run it is; files may say so")] = ""
    device: Annotated[str, msgspec.Meta(max_length=255, description="the device of cases that name none")] = ""
    device_from: Annotated[DeviceFrom, msgspec.Meta(description="where JUnit cases name their device")] = ""
    suite: Annotated[str, msgspec.Meta(max_length=255, description="the suite of cases that name none")] = ""
    run: Annotated[str, msgspec.Meta(max_length=36, description="the uid of the run that the files belong to")] = ""
    attempt: Annotated[int, msgspec.Meta(ge=1, le=9000, description="the attempt that the first file is")] = 1
    key: Annotated[str, msgspec.Meta(max_length=255, description="the run's name elsewhere, such as `gh:123`")] = ""


class ImportAnswer(msgspec.Struct, frozen=True):
    """A run that a file became, or was added to."""

    uid: str
    service: str
    number: int
    url: str


class ImportList(msgspec.Struct, frozen=True):
    """The runs, in the order of the files."""

    runs: list[ImportAnswer]


@operation(
    blueprint,
    "POST",
    "/import",
    scope=Scope.INGEST,
    answers={201: ImportList, 200: ImportList},
    takes=Takes(query=ImportQuery, body=BODY, errors=(409, 413)),
)
def import_runs(query: ImportQuery) -> tuple[int, ImportList]:
    """Import files of other tools.

    Each file becomes a run, or with `run` an attempt of that one. A file is read to its end before anything of it is
    stored; when one is faulty, nothing of any is. A file that comes again with the same `key`, or to the same run, adds
    nothing; that is answered with 200.
    """
    options = ImportOptions(
        now=clock.now(),
        service=query.service,
        device=query.device,
        suite=query.suite,
        attempt=query.attempt,
        device_from=query.device_from,
    )
    wanted = ImportRequest(options=options, format=query.format_name, run=query.run, key=query.key)
    formats: Formats = current_app.extensions[EXTENSION]
    with _received_files() as files:
        runs = import_files(files, wanted, formats=formats, caller=g.caller)
    status = 201 if any(each.created for each in runs) else 200
    return status, ImportList(runs=[_answer(each) for each in runs])


def _answer(imported: ImportedRun) -> ImportAnswer:
    run = imported.run
    url = url_for("run.show", uid=run.uid, _external=True)
    return ImportAnswer(uid=run.uid, service=run.service, number=run.number, url=url)


@contextmanager
def _received_files() -> Iterator[list[ImportFile]]:
    """Yield the files of the request, unpacked and on disk as soon as they are large."""
    with ExitStack() as opened:
        body = _open_spool(opened)
        size = sum(body.write(piece) for piece in iterate_body(request, limit=MAX_BODY))
        body.seek(0)
        if request.mimetype == MULTIPART:
            yield _form_files(body, size, opened)
        else:
            yield [ImportFile(name=BODY_NAME, stream=body)] if size else []


def _open_spool(opened: ExitStack) -> BinaryIO:
    return cast("BinaryIO", opened.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY)))


def _form_files(body: BinaryIO, size: int, opened: ExitStack) -> list[ImportFile]:
    parser = FormDataParser(
        stream_factory=lambda *_args, **_more: _open_spool(opened),
        max_form_memory_size=MAX_FORM,
        max_content_length=MAX_BODY,
        max_form_parts=MAX_FILES,
        silent=False,
    )
    try:
        _, fields, parts = parser.parse(body, MULTIPART, size, dict(request.mimetype_params))
    except (ValueError, HTTPException) as error:
        reason = error.description if isinstance(error, HTTPException) else str(error)
        raise InvalidError(("body", f"expected a form with at most {MAX_FILES:,} files: {reason}")) from error
    field = next(iter(fields), None)
    if field is not None:
        raise InvalidError(("body", f"expected only files in the form, got the field {field[:80]!r}"))
    return [
        ImportFile(name=_file_name(part.filename, number), stream=cast("BinaryIO", part.stream))
        for number, (_, part) in enumerate(parts.items(multi=True), start=1)
    ]


def _file_name(name: str | None, number: int) -> str:
    shown = "".join(char if char.isprintable() else "?" for char in name or "").strip()[:200]
    return shown or f"file {number}"
