"""What can be set of a service, and how is it kept?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.domain.compare_options import OPTION, check_compare_options, read_compare_options
from webapp.domain.outcome import ServiceKind
from webapp.errors import InvalidError
from webapp.ingest.baselines import COMPARED_ANEW, check_pinned
from webapp.ingest.doors import check_slug
from webapp.store.accounts import add_audit, find_user_by_name
from webapp.store.db import Session
from webapp.store.recording_services import ServiceChanges, ensure_service, find_service, get_options, save_service
from webapp.store.wanted_comparisons import want_newest

MAX_HEARTBEAT_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFields:
    """What to set; None leaves a field as it is.

    Args:
        kind: a service or a workflow.
        description: what it does, for people.
        owner: the name of the account it belongs to; an empty text takes the owner away.
        heartbeat_s: how often a producer says that it is alive.
        options: merged into the stored ones; a member that is null is taken away.
    """

    kind: ServiceKind | None = None
    description: str | None = None
    owner: str | None = None
    heartbeat_s: int | None = None
    options: Mapping[str, Any] | None = None


def put_service(session: Session, slug: str, fields: ServiceFields, *, now: datetime, by_id: int | None = None) -> bool:
    """Create a service or change it, and say whether it is new; changed rules are recorded with who did it.

    Raises:
        InvalidError: the name can't be a service's, the owner is unknown, the interval is out of bounds, or the
            options for comparing can't be read.
    """
    check_slug(slug)
    if fields.heartbeat_s is not None and not 1 <= fields.heartbeat_s <= MAX_HEARTBEAT_S:
        raise InvalidError(("heartbeat_s", f"expected 1 to {MAX_HEARTBEAT_S:,} seconds, got {fields.heartbeat_s}"))
    is_new = find_service(session, slug) is None
    service = ensure_service(session, slug, now=now)
    options = None
    if fields.options is not None:
        before = get_options(session, service.id)
        _check_options(session, slug, before, fields.options)
        merged = {**before, **fields.options}
        options = {name: value for name, value in merged.items() if value is not None}
        _record_rules(session, slug, before, options, by_id=by_id, now=now)
    changes = ServiceChanges(
        kind=fields.kind,
        description=None if fields.description is None else fields.description.replace("\0", "\u2400"),
        has_owner=fields.owner is not None,
        owner_id=_owner_id(session, fields.owner) if fields.owner else None,
        heartbeat_s=fields.heartbeat_s,
        options=options,
    )
    save_service(session, service.id, changes)
    if fields.options is not None and OPTION in fields.options:
        want_newest(session, service_id=service.id, limit=COMPARED_ANEW)
    return is_new


def _check_options(session: Session, slug: str, before: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Check the options for comparing; a run that was pinned before was checked then, and may be gone."""
    if OPTION not in options:
        return
    try:
        compare = check_compare_options(options)
        if compare.pinned is None or compare.pinned != read_compare_options(before).pinned:
            check_pinned(session, slug, compare)
    except InvalidError as error:
        raise InvalidError(*((f"options.{path}", message) for path, message in error.faults)) from error


def _record_rules(
    session: Session,
    slug: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by_id: int | None,
    now: datetime,
) -> None:
    """Write a line of the audit trail when the rules of a service changed."""
    old, new = ([rule.write() for rule in read_compare_options(options).rules] for options in (before, after))
    if old != new:
        details = {"old": old, "new": new}
        add_audit(session, user_id=by_id, action="service.rules", subject=slug, now=now, details=details)


def _owner_id(session: Session, name: str) -> int:
    owner = find_user_by_name(session, name)
    if owner is None:
        raise InvalidError(("owner", f"there is no account {name!r}"))
    return owner.id
