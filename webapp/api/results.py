"""What did a run come to: results by device and by case, and whole documents."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response

from webapp import clock
from webapp.api.answers import (
    CaseAnswer,
    Cursor,
    DeviceResultAnswer,
    Filter,
    Limit,
    case_answer,
    device_result_answer,
)
from webapp.api.cause_rows import cases_of_cause, results_of_cause
from webapp.api.runs import readable_run
from webapp.api.schema import JSON, RawAnswer, Takes, operation
from webapp.domain.access import Scope
from webapp.domain.messages import MAX_ATTEMPT
from webapp.errors import InvalidError, NotFoundError
from webapp.query.expressions import EVERYTHING, Expression, conjunction
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.blobs import stream_blob
from webapp.store.db import db, later_reading
from webapp.store.documents import stream_results
from webapp.store.filtering import only_with_results
from webapp.store.paging import read_position, write_position
from webapp.store.results import get_case_outcome, get_device_result, page_cases, page_device_results
from webapp.store.runs import Run

blueprint = Blueprint("api_results", __name__, url_prefix="/api/v1")

Section = Annotated[str, msgspec.Meta(pattern=r"^(overall|[1-9][0-9]{0,4})$", description="`overall` or an attempt")]
CauseCode = Annotated[str, msgspec.Meta(max_length=40, description="the code of a cause: only what fails by it")]
ResultKeys = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([0-9]{1,18}(,[0-9]{1,18})*)?$",
        max_length=6_000,
        description="keys of JSON results, separated by commas: only devices with one of them",
    ),
]
Words = Annotated[str, msgspec.Meta(max_length=200, description="statuses, separated by commas")]


class ResultList(msgspec.Struct, frozen=True):
    """A page of device results: failures first, then what goes on, then the rest, by name."""

    items: list[DeviceResultAnswer]
    next: str | None


class ResultQuery(msgspec.Struct, frozen=True):
    """Which device results."""

    attempt: Section = "overall"
    status: Words = ""
    device: Annotated[str, msgspec.Meta(max_length=255)] = ""
    cause: CauseCode = ""
    key: ResultKeys = ""
    q: Filter = ""
    limit: Limit = 300
    cursor: Cursor = ""


class CaseList(msgspec.Struct, frozen=True):
    """A page of case results: failures first, then unknown ones, then the rest as they were reported."""

    items: list[CaseAnswer]
    next: str | None


class CaseQuery(msgspec.Struct, frozen=True):
    """Which case results."""

    attempt: Section = "overall"
    result: Words = ""
    cause: CauseCode = ""
    q: Filter = ""
    limit: Limit = 300
    cursor: Cursor = ""


class DocumentQuery(msgspec.Struct, frozen=True):
    """Whose results the document holds."""

    devices: Literal["all", "failed", "success"] = "all"


class AttemptQuery(msgspec.Struct, frozen=True):
    """Which attempt."""

    attempt: Section = "overall"


def section_of(text: str) -> int | None:
    """Return the attempt that a section's name means, None for `overall`.

    Raises:
        InvalidError: an attempt beyond what is ever stored.
    """
    if text == "overall":
        return None
    number = int(text)
    if number > MAX_ATTEMPT:
        raise InvalidError(("attempt", f"expected overall, or a number from 1 to {MAX_ATTEMPT}"))
    return number


def _where(view: View, text: str, **fields: str) -> Expression:
    terms = [
        parse(f"{name}:{_listed(values)}", view=view, now=clock.now()) for name, values in fields.items() if values
    ]
    return conjunction([parse(text, view=view, now=clock.now()), *terms])


def _with_keys(text: str) -> Expression:
    return only_with_results(int(key) for key in text.split(",")) if text else EVERYTHING


def _listed(values: str) -> str:
    return ",".join('"' + value.strip().replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values.split(","))


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/results",
    scope=Scope.READ,
    answers={200: ResultList},
    takes=Takes(query=ResultQuery, errors=(400,)),
)
def list_results(uid: str, query: ResultQuery) -> ResultList:
    """List a run's device results."""
    run = readable_run(uid)
    attempt = section_of(query.attempt)
    where = _where(View.RESULTS, query.q, status=query.status, device=query.device)
    page = page_device_results(
        db.session(),
        run_id=run.id,
        attempt=attempt,
        where=conjunction([where, results_of_cause(run, attempt, query.cause), _with_keys(query.key)]),
        before=read_position(query.cursor),
        limit=query.limit,
    )
    return ResultList(items=[device_result_answer(uid, item) for item in page.items], next=write_position(page.older))


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/cases",
    scope=Scope.READ,
    answers={200: CaseList},
    takes=Takes(query=CaseQuery, errors=(400,)),
)
def list_cases(uid: str, query: CaseQuery) -> CaseList:
    """List a run's case results."""
    run = readable_run(uid)
    attempt = section_of(query.attempt)
    where = _where(View.CASES, query.q, result=query.result)
    page = page_cases(
        db.session(),
        run_id=run.id,
        attempt=attempt,
        where=conjunction([where, cases_of_cause(run, attempt, query.cause)]),
        before=read_position(query.cursor),
        limit=query.limit,
    )
    return CaseList(items=[case_answer(item) for item in page.items], next=write_position(page.older))


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/results.json",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=JSON, description="The sections results, attempt1, attempt2, ...")},
    takes=Takes(query=DocumentQuery),
)
def show_results_document(uid: str, query: DocumentQuery) -> Response:
    """Download a run as one document with the sections `results`, `attempt1`, `attempt2`, ...

    A run without retries has `results` alone. The steps of a workflow stand under `services` by reference.
    """
    run = readable_run(uid)
    answer = _streamed(run, selection=query.devices)
    answer.headers["Content-Disposition"] = f'inline; filename="run-{run.number}-{query.devices}.json"'
    return answer


def _streamed(run: Run, *, selection: str) -> Response:
    open_session = later_reading()

    def pieces() -> Iterator[bytes]:
        with open_session() as session:
            yield from stream_results(session, run, selection=selection)

    return Response(pieces(), mimetype=JSON)


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/devices/<path:name>",
    scope=Scope.READ,
    answers={200: DeviceResultAnswer},
    takes=Takes(query=AttemptQuery),
)
def show_device_outcome(uid: str, name: str, query: AttemptQuery) -> DeviceResultAnswer:
    """Show what one device came to."""
    run = readable_run(uid)
    found = get_device_result(db.session(), run_id=run.id, device=name, attempt=section_of(query.attempt))
    return device_result_answer(uid, found)


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/devices/<path:name>/result",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=JSON, description="The device's result, as it was sent")},
    takes=Takes(query=AttemptQuery),
)
def show_device_result(uid: str, name: str, query: AttemptQuery) -> Response:
    """Download one device's JSON result."""
    run = readable_run(uid)
    found = get_device_result(db.session(), run_id=run.id, device=name, attempt=section_of(query.attempt))
    if found.blob_id is None:
        raise NotFoundError(f"the device {name} has no JSON result here")
    return stream_content(found.blob_id, media_type=JSON)


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/cases/<int:number>/output",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type="text/plain", description="What the test case printed")},
)
def show_case_output(uid: str, number: int) -> Response:
    """Download what one test case printed."""
    run = readable_run(uid)
    found = get_case_outcome(db.session(), run_id=run.id, case_id=number)
    if found.blob_id is None:
        raise NotFoundError("the case has no output")
    return stream_content(found.blob_id, media_type="text/plain")


def stream_content(blob_id: int, *, media_type: str) -> Response:
    """Answer a stored content piece by piece."""
    open_session = later_reading()

    def pieces() -> Iterator[bytes]:
        with open_session() as session:
            yield from stream_blob(session, blob_id)

    return Response(pieces(), mimetype=media_type)
