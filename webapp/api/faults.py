"""How is a refusal said: one map from our errors to HTTP statuses, and one shape of body for all of them."""

from http import HTTPStatus

import msgspec
from flask import Response
from werkzeug.exceptions import HTTPException

from webapp.api.schema import JSON, Fault, Faults
from webapp.errors import (
    AfterrunError,
    BusyError,
    ConflictError,
    ForbiddenError,
    GapError,
    InvalidError,
    NotFoundError,
    QueryError,
    TooLargeError,
)

STATUSES: tuple[tuple[type[AfterrunError], HTTPStatus], ...] = (
    (InvalidError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (QueryError, HTTPStatus.BAD_REQUEST),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (GapError, HTTPStatus.CONFLICT),
    (ConflictError, HTTPStatus.CONFLICT),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: AfterrunError) -> HTTPStatus:
    """Return the HTTP status that says what kind of refusal this is."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def refuse(error: AfterrunError) -> Response:
    """Answer one of our errors as JSON."""
    faults = [Fault(path, message) for path, message in error.faults] if isinstance(error, InvalidError) else []
    if isinstance(error, QueryError):
        faults = [Fault(f"filter: character {error.position + 1}", str(error))]
    body = Faults(
        errors=faults or [Fault("", str(error))],
        acked=error.acked if isinstance(error, InvalidError) else None,
        expected=error.expected if isinstance(error, GapError) else None,
    )
    answer = faults_response(body, status_of(error))
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def refuse_http(error: HTTPException) -> Response:
    """Answer one of werkzeug's refusals (no such path, wrong method, body too long) as JSON."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = faults_response(Faults(errors=[Fault("", error.description or status.phrase)]), status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            answer.headers[name] = value
    return answer


def faults_response(body: Faults, status: HTTPStatus) -> Response:
    """Return refusals as a JSON answer."""
    return Response(msgspec.json.encode(body), status=status, mimetype=JSON)
