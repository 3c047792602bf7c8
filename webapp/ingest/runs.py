"""How is a run made or changed before its events arrive, and how is one asked to stop?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from webapp.domain.access import Caller, Scope
from webapp.domain.messages import Count, Name, Names, OptionalName
from webapp.domain.names import find_name_fault, find_text_fault
from webapp.domain.notice_block import read_notify
from webapp.domain.outcome import ENDED
from webapp.errors import ConflictError, ForbiddenError, InvalidError
from webapp.ingest.apply import plan_devices, shown_text
from webapp.ingest.doors import check_service, check_slug, check_uid, create_run, get_run_for_writing, touch
from webapp.ingest.ledger import Ledger
from webapp.store.accounts import find_user_by_name
from webapp.store.db import Session
from webapp.store.recording import RunRecord, find_run_id, lock_run, save_run
from webapp.store.recording_details import find_uid_by_key, is_ancestor, replace_labels, save_details
from webapp.store.recording_results import ids_of_devices
from webapp.store.recording_services import find_service

MAX_LABELS = 100
MAX_DEFINITION = 1 << 20

Json = dict[str, Any]
Labels = Annotated[list[Name], msgspec.Meta(max_length=MAX_LABELS)]
Definition = Annotated[str, msgspec.Meta(max_length=MAX_DEFINITION)]
Priority = Annotated[int, msgspec.Meta(ge=0, le=100)]


class RunFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is started with; what is left out stays as it is.

    Args:
        service: the automation; needed to create a run, and then fixed.
        submitter: who started it, by account name; only an admin token may name somebody else.
        devices: the planned devices by name, or how many.
        cases: the planned cases by name, or how many.
        labels: words to find the run by.
        metadata: anything worth keeping, as JSON.
        parameters: what the automation was called with.
        environment: Git ref, host, versions, CI link.
        notify: who hears of it: a mapping, or YAML text of one; it replaces the service's.
        notify_on_error: whether a run whose notify block is faulty is refused, or kept without anybody being told.
        definition: the text that was executed.
        priority: 0 to 100.
        trigger: what started it.
        host: where it runs.
        external_key: its name elsewhere, such as `gh:123`; unique in its service.
        parent_run: the uid of the workflow's run that it is a step of.
        parent_step: which step.
    """

    service: Name | msgspec.UnsetType = msgspec.UNSET
    submitter: Name | msgspec.UnsetType = msgspec.UNSET
    devices: Names | Count | msgspec.UnsetType = msgspec.UNSET
    cases: Names | Count | msgspec.UnsetType = msgspec.UNSET
    labels: Labels | msgspec.UnsetType = msgspec.UNSET
    metadata: Json | msgspec.UnsetType = msgspec.UNSET
    parameters: Json | msgspec.UnsetType = msgspec.UNSET
    environment: Json | msgspec.UnsetType = msgspec.UNSET
    notify: Json | str | msgspec.UnsetType = msgspec.UNSET
    notify_on_error: Literal["refuse", "ignore"] = "refuse"
    definition: Definition | msgspec.UnsetType = msgspec.UNSET
    priority: Priority | msgspec.UnsetType = msgspec.UNSET
    trigger: OptionalName | msgspec.UnsetType = msgspec.UNSET
    host: OptionalName | msgspec.UnsetType = msgspec.UNSET
    external_key: Name | msgspec.UnsetType = msgspec.UNSET
    parent_run: str | msgspec.UnsetType = msgspec.UNSET
    parent_step: OptionalName | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRun:
    """What became of a request to create or change a run."""

    uid: str
    number: int
    created: bool


def put_run(session: Session, uid: str, fields: RunFields, *, caller: Caller, now: datetime) -> PutRun:
    """Create a run, or change what it was started with; the same request may be repeated.

    Raises:
        InvalidError: a field can't be kept, or a new run has no service.
        ForbiddenError: the caller's token is for other services, or may not name a submitter.
        ConflictError: the run belongs to another service, or the outside key to another run.
    """
    check_uid(uid)
    _check_texts(fields)
    notify = msgspec.UNSET if isinstance(fields.notify, msgspec.UnsetType) else read_notify(fields.notify)
    run, is_new = _open(session, uid, fields, caller=caller, now=now)
    _set_submitter(session, run, fields, caller)
    _set_key(session, run, fields)
    _set_parent(session, run, fields)
    for name in ("priority", "trigger", "host", "parent_step"):
        if getattr(fields, name) is not msgspec.UNSET:
            setattr(run, name, getattr(fields, name))
    details = {name: getattr(fields, name) for name in ("metadata", "parameters", "environment")} | {"notify": notify}
    if isinstance(fields.definition, str):
        details["definition"] = shown_text(fields.definition)
    save_details(session, run.id, {name: value for name, value in details.items() if value is not msgspec.UNSET})
    if isinstance(fields.labels, list):
        replace_labels(session, run.id, fields.labels)
    _set_plan(session, run, fields, now=now)
    touch(run, now=now)
    save_run(session, run)
    return PutRun(uid=run.uid, number=run.number, created=is_new)


def request_cancel(session: Session, uid: str, *, caller: Caller, now: datetime) -> bool:
    """Ask a run's producer to stop; say whether it will be told, which it is not when the run has ended.

    Raises:
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    check_uid(uid)
    run = get_run_for_writing(session, uid, caller=caller)
    if run.status in ENDED:
        return False
    if run.cancel_requested_at is None:
        run.cancel_requested_at = now
        touch(run, now=now)
        save_run(session, run)
    return True


def _open(session: Session, uid: str, fields: RunFields, *, caller: Caller, now: datetime) -> tuple[RunRecord, bool]:
    service = None if isinstance(fields.service, msgspec.UnsetType) else fields.service
    run, is_new = lock_run(session, uid), False
    if run is None and service is None:
        raise InvalidError(("service", "expected the name of a service, which a new run needs"))
    if run is None and service is not None:
        run, is_new = create_run(session, uid, service, caller=caller, now=now)
    if run is None:
        raise RuntimeError(f"the run {uid} was neither found nor made")
    check_service(caller, run.service)
    if service not in (None, run.service):
        raise ConflictError(f"the run {uid} belongs to the service {run.service!r}, which can't be changed")
    return run, is_new


def _check_texts(fields: RunFields) -> None:
    faults: list[tuple[str, str]] = []
    for field in ("devices", "cases", "labels"):
        names = getattr(fields, field)
        for number, name in enumerate(names if isinstance(names, list) else ()):
            fault = find_name_fault(name)
            if fault is not None:
                faults.append((f"{field}[{number}]", fault))
    for field in ("trigger", "host", "parent_step"):
        text = getattr(fields, field)
        fault = find_text_fault(text) if isinstance(text, str) else None
        if fault is not None:
            faults.append((field, fault))
    if isinstance(fields.external_key, str) and (fault := find_name_fault(fields.external_key)):
        faults.append(("external_key", fault))
    if faults:
        raise InvalidError(*faults)
    if isinstance(fields.service, str):
        check_slug(fields.service)


def _set_submitter(session: Session, run: RunRecord, fields: RunFields, caller: Caller) -> None:
    name = fields.submitter
    if isinstance(name, msgspec.UnsetType):
        return
    if name != caller.name and not caller.has_scope(Scope.ADMIN):
        raise ForbiddenError("only an admin token may name another submitter than its own account")
    user = find_user_by_name(session, name)
    if user is None:
        raise InvalidError(("submitter", f"there is no account {name!r}"))
    run.submitter_id = user.id


def _set_key(session: Session, run: RunRecord, fields: RunFields) -> None:
    key = fields.external_key
    if isinstance(key, msgspec.UnsetType) or key == run.external_key:
        return
    find_service(session, run.service)  # its lock lets nobody else take the key meanwhile
    owner = find_uid_by_key(session, service_id=run.service_id, external_key=key)
    if owner not in (None, run.uid):
        raise ConflictError(f"external_key {key!r} of the service {run.service!r} is that of the run {owner}")
    run.external_key = key


def _set_parent(session: Session, run: RunRecord, fields: RunFields) -> None:
    uid = fields.parent_run
    if isinstance(uid, msgspec.UnsetType):
        return
    parent_id = find_run_id(session, uid)
    if parent_id is None:
        raise InvalidError(("parent_run", f"there is no run {uid[:40]!r}"))
    if is_ancestor(session, run.id, of=parent_id):
        raise InvalidError(("parent_run", "expected another run, got the run itself or a step below it"))
    run.parent_run_id = parent_id


def _set_plan(session: Session, run: RunRecord, fields: RunFields, *, now: datetime) -> None:
    if isinstance(fields.cases, list):
        run.planned_cases = len(fields.cases)
    elif isinstance(fields.cases, int):
        run.planned_cases = fields.cases
    if isinstance(fields.devices, int):
        run.planned_devices = fields.devices
    elif isinstance(fields.devices, list):
        run.planned_devices = len(set(fields.devices))
        if run.status not in ENDED:
            ids = ids_of_devices(session, fields.devices, now=now)
            ledger = Ledger(session, run)
            ledger.load(device_ids=ids.values())
            plan_devices(ledger, [ids[name] for name in fields.devices])
            ledger.write()
