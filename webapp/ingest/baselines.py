"""Which run is pinned: how is it made the one that a service's runs are compared with, and let go again?"""

from datetime import datetime
from typing import Any

from webapp.domain.access import Caller
from webapp.domain.compare_options import OPTION, PINNED, PREVIOUS, CompareOptions, read_compare_options
from webapp.domain.outcome import RunStatus
from webapp.errors import ConflictError, InvalidError
from webapp.ingest.doors import get_run_for_writing
from webapp.store.accounts import add_audit
from webapp.store.db import Session
from webapp.store.recording import RunRecord, lock_run
from webapp.store.recording_services import ServiceChanges, find_service, get_options, save_service
from webapp.store.wanted_comparisons import want_newest

PINNABLE = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)
# So many of a service's newest runs are compared anew when it says so differently.
COMPARED_ANEW = 20


def pin_run(session: Session, uid: str, *, caller: Caller, now: datetime) -> None:
    """Compare the runs of this run's service with it from now on.

    Raises:
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
        ConflictError: it has not ended, or was canceled.
    """
    run = get_run_for_writing(session, uid, caller=caller)
    if run.status not in PINNABLE:
        raise ConflictError("only a run that has ended and was not canceled can be pinned")
    _lock_options(session, run)
    _save(session, run, baseline=PINNED, pinned=run.uid)
    add_audit(session, user_id=caller.user_id, action="baseline.pinned", subject=_name(run), now=now)


def unpin_run(session: Session, uid: str, *, caller: Caller, now: datetime) -> bool:
    """Compare the runs of this run's service with the one before each again; say whether the run was pinned.

    Raises:
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    run = get_run_for_writing(session, uid, caller=caller)
    options = _lock_options(session, run)
    if options.pinned != run.uid:
        return False
    _save(session, run, baseline=PREVIOUS if options.baseline == PINNED else options.baseline, pinned=None)
    add_audit(session, user_id=caller.user_id, action="baseline.unpinned", subject=_name(run), now=now)
    return True


def check_pinned(session: Session, slug: str, options: CompareOptions) -> None:
    """Refuse options that pin a run which can't be.

    Raises:
        InvalidError: it is not there, of another service, has not ended, or was canceled.
    """
    if options.pinned is None:
        if options.baseline == PINNED:
            raise InvalidError((f"{OPTION}.pinned", "expected the uid of the run that is pinned"))
        return
    run = lock_run(session, options.pinned)
    if run is None or run.service != slug or run.status not in PINNABLE:
        raise InvalidError((f"{OPTION}.pinned", f"expected the uid of a run of {slug} that ended and was not canceled"))


def _lock_options(session: Session, run: RunRecord) -> CompareOptions:
    find_service(session, run.service)  # its lock lets nobody else change them meanwhile
    return read_compare_options(get_options(session, run.service_id))


def _save(session: Session, run: RunRecord, *, baseline: str, pinned: str | None) -> None:
    options = get_options(session, run.service_id)
    kept: dict[str, Any] = {**(options.get(OPTION) or {}), "baseline": baseline, "pinned": pinned}
    if pinned is None:
        del kept["pinned"]
    save_service(session, run.service_id, ServiceChanges(options={**options, OPTION: kept}))
    want_newest(session, service_id=run.service_id, limit=COMPARED_ANEW)


def _name(run: RunRecord) -> str:
    return f"{run.service} #{run.number}"
