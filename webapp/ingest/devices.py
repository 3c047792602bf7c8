"""What can be said of a device that no run says: who owns it, and what it belongs to?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.domain.names import find_name_fault, find_text_fault
from webapp.errors import InvalidError
from webapp.store.accounts import add_audit, find_user_by_name
from webapp.store.db import Session
from webapp.store.recording_devices import DeviceChanges, ensure_device, get_attributes, save_device


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFields:
    """What to set; None leaves a field as it is.

    Args:
        owner: the name of the account that it belongs to and that hears of it; an empty text takes the owner away.
        group: what it belongs to, such as a site or a type of board.
        platform: what it is driven as.
        attributes: whatever else is known of it, merged into the stored ones; a member that is null is taken away.
    """

    owner: str | None = None
    group: str | None = None
    platform: str | None = None
    attributes: Mapping[str, Any] | None = None


def put_device(session: Session, name: str, fields: DeviceFields, *, now: datetime, by_id: int | None = None) -> bool:
    """Make a device or change it, and say whether it is new; recorded with who did it.

    Raises:
        InvalidError: the name or a text can't be kept, or the owner is unknown; it names every fault.
    """
    faults = [("name", find_name_fault(name))]
    faults += [(field, find_text_fault(getattr(fields, field) or "")) for field in ("group", "platform")]
    faults += [(f"attributes.{key[:40]}", find_name_fault(key)) for key in fields.attributes or ()]
    owner = find_user_by_name(session, fields.owner) if fields.owner else None
    if fields.owner and owner is None:
        faults.append(("owner", f"there is no account {fields.owner!r}"))
    found = [(field, fault) for field, fault in faults if fault is not None]
    if found:
        raise InvalidError(*found)
    device_id, is_new = ensure_device(session, name, now=now)
    changes = DeviceChanges(
        has_owner=fields.owner is not None,
        owner_id=None if owner is None else owner.id,
        group=fields.group,
        platform=fields.platform,
        attributes=None if fields.attributes is None else _merged(session, device_id, fields.attributes),
    )
    save_device(session, device_id, changes)
    names = ("owner", "group", "platform", "attributes")
    details = {name: getattr(fields, name) for name in names if getattr(fields, name) is not None}
    add_audit(session, user_id=by_id, action="device.changed", subject=name, now=now, details=details)
    return is_new


def _merged(session: Session, device_id: int, attributes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**get_attributes(session, device_id), **attributes}
    return {key: value for key, value in merged.items() if value is not None}
