"""May this caller write to that run, and is the run there: what every way in asks first."""

import re
from datetime import datetime, timedelta

from webapp.domain.access import Caller
from webapp.domain.names import find_name_fault, find_slug_fault
from webapp.domain.outcome import RunStatus
from webapp.errors import ForbiddenError, InvalidError, NotFoundError
from webapp.store.db import Session
from webapp.store.recording import RunRecord, add_run, lock_run, save_run
from webapp.store.recording_services import ensure_service

UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MICROSECOND = timedelta(microseconds=1)


def check_uid(uid: str) -> None:
    """Refuse what is not a UUID in its usual lower-case form."""
    if not UID.fullmatch(uid):
        example = "01890a5d-ac96-774b-bcce-b302099a8057"
        raise InvalidError(("uid", f"expected a UUID in lower case such as {example}, got {uid[:40]!r}"))


def check_stream(stream: str) -> None:
    """Refuse a name of a stream that can't be kept."""
    fault = find_name_fault(stream)
    if fault is not None:
        raise InvalidError(("stream", fault))


def check_slug(slug: str, *, path: str = "service") -> None:
    """Refuse a name that can't be a service's."""
    fault = find_slug_fault(slug)
    if fault is not None:
        raise InvalidError((path, fault))


def check_service(caller: Caller, slug: str) -> None:
    """Refuse a service that the caller's token is not for."""
    if not caller.may_touch(slug):
        names = ", ".join(sorted(caller.services))
        raise ForbiddenError(f"this token may write to the services {names} only, not to {slug!r}")


def get_run_for_writing(session: Session, uid: str, *, caller: Caller) -> RunRecord:
    """Return a run locked for writing.

    Raises:
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    run = lock_run(session, uid)
    if run is None:
        raise NotFoundError(
            f"there is no run {uid}: create it by PUT /api/v1/runs/{uid}, or send run.start with its service"
        )
    check_service(caller, run.service)
    return run


def create_run(session: Session, uid: str, service: str, *, caller: Caller, now: datetime) -> tuple[RunRecord, bool]:
    """Return a run locked for writing and whether it was made now: queued, and belonging to the caller.

    Another transaction may have made it since the last look: the service's lock settles that.
    """
    check_service(caller, service)
    record = ensure_service(session, service, now=now)
    run = lock_run(session, uid)
    if run is not None:
        check_service(caller, run.service)
        return run, False
    run = add_run(session, uid=uid, service=record, status=RunStatus.QUEUED, now=now)
    run.submitter_id = caller.user_id
    return run, True


def open_past_run(session: Session, uid: str, service: str, *, caller: Caller, now: datetime) -> None:
    """Let a run that is new or queued be running without a word: what is told of it is over, and its end says so."""
    run = lock_run(session, uid)
    if run is None:
        run, _ = create_run(session, uid, service, caller=caller, now=now)
    if run.status is RunStatus.QUEUED:
        run.status = RunStatus.RUNNING
        save_run(session, run)


def touch(run: RunRecord, *, now: datetime) -> None:
    """Note that a run changed: `touched_at` always moves on, even when the clock doesn't."""
    run.touched_at = max(now, run.touched_at + MICROSECOND)
