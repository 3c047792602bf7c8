"""How does a page say that something went wrong: one template, a sentence, and never a stack."""

import errno
import logging
from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from webapp.errors import AfterrunError, BusyError, QueryError, StorageError

DISK_FULL = "the server's disk is full; nothing of this was stored"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FORM_EXPIRED = "This form is too old, or was sent from another site. Go back, reload the page and send it again."
SORRY = "The fault is ours, not yours. It is in the server's log as {request_id}."

log = logging.getLogger(__name__)

StatusOf = Callable[[AfterrunError], HTTPStatus]
RefuseApi = Callable[[HTTPException], Response]
RefuseOurs = Callable[[AfterrunError], Response]


def install_faults(app: Flask, *, status_of: StatusOf, refuse_api: RefuseApi, refuse_ours: RefuseOurs) -> None:
    """Make every exception a page, or JSON below `/api/`.

    Args:
        app: the application.
        status_of: the HTTP status of each of our own errors.
        refuse_api: the JSON answer for werkzeug's errors.
        refuse_ours: the JSON answer for our own errors.
    """

    def on_ours(error: AfterrunError) -> ResponseReturnValue:
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BusyError):
            log.error("%s: %s", type(error).__name__, error)
        return refuse_ours(error) if request.path.startswith("/api/") else _page_of(error, status)

    def on_http(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None:
            return error.response
        if request.path.startswith("/api/"):
            return refuse_api(error)
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        answer = _page(status, FORM_EXPIRED if isinstance(error, CSRFError) else error.description or "")
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                answer.headers[name] = value
        return answer

    def on_crash(_error: InternalServerError) -> ResponseReturnValue:
        sorry = SORRY.format(request_id=g.request_id)
        if request.path.startswith("/api/"):
            return refuse_api(InternalServerError(sorry))
        _forget_who_asks()
        return _page(HTTPStatus.INTERNAL_SERVER_ERROR, sorry)

    def on_system(error: OSError) -> ResponseReturnValue:
        if error.errno not in NO_ROOM:
            raise error
        log.error("no room on a disk: %s", error)
        return on_ours(StorageError(DISK_FULL))

    app.register_error_handler(AfterrunError, on_ours)
    app.register_error_handler(OSError, on_system)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(InternalServerError, on_crash)


def _forget_who_asks() -> None:
    """Have nobody looked up for the page that says so: the database may be what is broken."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001


def _page_of(error: AfterrunError, status: HTTPStatus) -> Response:
    if isinstance(error, StorageError):
        _forget_who_asks()
    caret = error.caret() if isinstance(error, QueryError) else ""
    retry_after = error.retry_after_s if isinstance(error, BusyError) else None
    return _page(status, str(error), caret=caret, retry_after=retry_after)


def _page(status: HTTPStatus, message: str, *, caret: str = "", retry_after: int | None = None) -> Response:
    title = "Not understood" if status == HTTPStatus.UNPROCESSABLE_ENTITY else status.phrase
    values = {"code": status.value, "title": title, "message": message, "caret": caret}
    response = make_response(render_template("errors/error.html", **values, retry_after=retry_after), status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
