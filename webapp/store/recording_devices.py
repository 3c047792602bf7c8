"""How does a device change apart from its results: who owns it, its group, platform and attributes?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.store.models.inventory import DeviceRow
from webapp.store.recording_results import ids_of_devices
from webapp.store.statements import table_of

_DEVICE = table_of(DeviceRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanges:
    """What to write of a device; None leaves a column as it is, and `has_owner` writes `owner_id` even when None."""

    has_owner: bool = False
    owner_id: int | None = None
    group: str | None = None
    platform: str | None = None
    attributes: Mapping[str, Any] | None = None


def ensure_device(session: Session, name: str, *, now: datetime) -> tuple[int, bool]:
    """Return a device's id and whether it was made now."""
    found = session.scalar(select(_DEVICE.c.id).where(_DEVICE.c.name == name))
    return (ids_of_devices(session, [name], now=now)[name], True) if found is None else (found, False)


def get_attributes(session: Session, device_id: int) -> dict[str, Any]:
    """Return what else is known of a device."""
    attributes: dict[str, Any] = session.scalars(select(_DEVICE.c.attributes).where(_DEVICE.c.id == device_id)).one()
    return attributes


def save_device(session: Session, device_id: int, changes: DeviceChanges) -> None:
    """Write what changed of a device."""
    given = {"group_name": changes.group, "platform": changes.platform, "attributes": changes.attributes}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if changes.has_owner:
        values["owner_id"] = changes.owner_id
    if values:
        session.execute(update(_DEVICE).where(_DEVICE.c.id == device_id).values(**values))
