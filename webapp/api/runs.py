"""Which runs are there, what is one like, and how is one made or canceled?"""

import msgspec
from flask import Blueprint, Response, current_app, g

from webapp import clock
from webapp.api.answers import (
    Cursor,
    Filter,
    Limit,
    RunAnswer,
    RunDetailAnswer,
    run_answer,
    run_detail_answer,
)
from webapp.api.office import office
from webapp.api.schema import RawAnswer, Takes, operation
from webapp.domain.access import Caller, Scope
from webapp.domain.notice_block import read_notify, refuse
from webapp.errors import InvalidError, NotFoundError
from webapp.ingest.runs import RunFields, put_run, request_cancel
from webapp.notify.known import require_block
from webapp.notify.selecting import find_viewer
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.changes import hub_of
from webapp.store.db import Session, db, reading, writing
from webapp.store.paging import read_position, write_position
from webapp.store.runs import Run, get_run, get_run_detail, page_runs, touch_of

blueprint = Blueprint("api_runs", __name__, url_prefix="/api/v1")


LIVE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class RunList(msgspec.Struct, frozen=True):
    """A page of runs, newest first."""

    items: list[RunAnswer]
    next: str | None


class RunListQuery(msgspec.Struct, frozen=True):
    """Which runs."""

    q: Filter = ""
    limit: Limit = 50
    cursor: Cursor = ""


class Cancellation(msgspec.Struct, frozen=True):
    """Whether the run's reporter will be asked to stop; false when the run has ended already."""

    cancel: bool


def readable_run(uid: str) -> Run:
    """Return a run that the caller may read.

    Raises:
        NotFoundError: there is none, or the caller's token is for other services.
    """
    run = get_run(db.session(), uid)
    caller: Caller = g.caller
    if not caller.may_touch(run.service):
        raise NotFoundError(f"there is no run {uid}")
    return run


@operation(
    blueprint,
    "GET",
    "/runs",
    scope=Scope.READ,
    answers={200: RunList},
    takes=Takes(query=RunListQuery, errors=(400,)),
)
def list_runs(query: RunListQuery) -> RunList:
    """List runs, newest first.

    A filter that has to look at every run stops after some thousands of them; `next` goes on from there, so a page may
    hold fewer runs than asked for, or none, while there is a `next`.
    """
    caller: Caller = g.caller
    where = parse(query.q, view=View.RUNS, now=clock.now())
    page = page_runs(db.session(), where=where, before=read_position(query.cursor), limit=query.limit)
    visible = [run_answer(run) for run in page.items if caller.may_touch(run.service)]
    return RunList(items=visible, next=write_position(page.older))


@operation(blueprint, "GET", "/runs/<uid>", scope=Scope.READ, answers={200: RunDetailAnswer})
def show_run(uid: str) -> RunDetailAnswer:
    """Show one run."""
    run = readable_run(uid)
    return run_detail_answer(run, get_run_detail(db.session(), run.id))


@operation(
    blueprint,
    "PUT",
    "/runs/<uid>",
    scope=Scope.INGEST,
    answers={200: RunDetailAnswer, 201: RunDetailAnswer},
    takes=Takes(body=RunFields, errors=(409, 413)),
)
def change_run(uid: str, body: RunFields) -> tuple[int, RunDetailAnswer]:
    """Create a run, or change what it was started with.

    The same request may be sent again. The uid is a UUID that the reporter makes. A faulty notify block is refused with
    the whole request unless `notify_on_error` is `ignore`: then the run is kept, and nobody hears of it.
    """
    with writing() as session:
        body = _with_checked_notify(session, body)
        done = put_run(session, uid, body, caller=g.caller, now=clock.now())
        session.flush()
        run = get_run(session, uid)
        return (201 if done.created else 200), run_detail_answer(run, get_run_detail(session, run.id))


def _with_checked_notify(session: Session, body: RunFields) -> RunFields:
    if isinstance(body.notify, msgspec.UnsetType):
        return body
    caller: Caller = g.caller
    named = body.submitter if caller.has_scope(Scope.ADMIN) else msgspec.UNSET
    viewer = caller if isinstance(named, msgspec.UnsetType) else find_viewer(session, named)
    try:
        require_block(session, office(), read_notify(body.notify), now=clock.now(), viewer=viewer)
    except InvalidError as error:
        if body.notify_on_error == "refuse":
            raise
        return msgspec.structs.replace(body, notify=refuse(error.faults))
    return body


@operation(
    blueprint,
    "POST",
    "/runs/<uid>/cancel",
    scope=Scope.INGEST,
    answers={202: Cancellation},
)
def cancel_run(uid: str) -> Cancellation:
    """Ask a run's reporter to stop it; it learns so with its next events."""
    with writing() as session:
        return Cancellation(cancel=request_cancel(session, uid, caller=g.caller, now=clock.now()))


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/stream",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type="text/event-stream", description="An event `changed` whenever the run does")},
    takes=Takes(errors=(503,)),
)
def stream_run(uid: str) -> Response:
    """Follow a run: server-sent events that say when something of it changed."""
    run = readable_run(uid)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def version() -> int | None:
        with app.app_context(), reading() as session:
            return touch_of(session, run.id)

    return Response(hub_of(db.engine).follow(version), mimetype="text/event-stream", headers=LIVE_HEADERS)
