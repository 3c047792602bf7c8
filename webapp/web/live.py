"""How does a page learn that something changed: a stream of server-sent events."""

from collections.abc import Callable

from flask import Response, current_app

from webapp.store.changes import hub_of
from webapp.store.db import db

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(version: Callable[[], int | None]) -> Response:
    """Answer with an event `changed`, and its `{"v": version}`, now and whenever the version moves.

    Args:
        version: asked in an application context of its own, without a request: use `reading()`. None ends the stream.

    Raises:
        BusyError: too many pages are live already; the page polls instead.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def ask() -> int | None:
        with app.app_context():
            return version()

    return Response(hub_of(db.engine).follow(ask), mimetype="text/event-stream", headers=HEADERS)
