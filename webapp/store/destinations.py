"""Which named destinations are there, and which targets said that they are no more?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.errors import ConflictError, NotFoundError
from webapp.store.models.accounts import UserRow
from webapp.store.models.notices import DestinationRow, StoppedTargetRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A channel with a configuration under a name.

    Args:
        id: ours.
        name: what blocks and forms call it.
        channel: the channel's name.
        sealed: the configuration as encrypted JSON.
        is_enabled: whether anything is sent there.
        fault: why it was switched off; empty unless the destination itself said so.
        owner_id: who is told when it is switched off.
        owner: that account's name.
        changed_at: when it was last changed.
    """

    id: int
    name: str
    channel: str
    sealed: str
    is_enabled: bool
    fault: str
    owner_id: int | None
    owner: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedTarget:
    """A target that said it is no more."""

    channel: str
    target_key: str
    to: str
    reason: str
    at: datetime


_COLUMNS = (
    DestinationRow.id, DestinationRow.name, DestinationRow.channel, DestinationRow.config.label("sealed"),
    DestinationRow.is_enabled, DestinationRow.fault, DestinationRow.owner_id, UserRow.name.label("owner"),
    DestinationRow.changed_at,
)  # fmt: skip
_SELECT = select(*_COLUMNS).outerjoin(UserRow, UserRow.id == DestinationRow.owner_id)


def list_destinations(session: Session) -> list[Destination]:
    """Return every destination, by name."""
    rows = session.execute(_SELECT.order_by(DestinationRow.name)).mappings()
    return [Destination(**row) for row in rows]


def find_destination(session: Session, name: str) -> Destination | None:
    """Return the destination of this name, if there is one."""
    row = session.execute(_SELECT.where(DestinationRow.name == name)).mappings().one_or_none()
    return None if row is None else Destination(**row)


def get_destination(session: Session, name: str) -> Destination:
    """Return the destination of this name.

    Raises:
        NotFoundError: there is none.
    """
    found = find_destination(session, name)
    if found is None:
        raise NotFoundError(f"there is no destination {name[:80]!r}")
    return found


def add_destination(
    session: Session, name: str, *, channel: str, sealed: str, owner_id: int | None, now: datetime
) -> None:
    """Add a destination.

    Raises:
        ConflictError: the name is taken.
    """
    if find_destination(session, name) is not None:
        raise ConflictError(f"the destination {name!r} is there already")
    row = DestinationRow(
        name=name, channel=channel, config=sealed, owner_id=owner_id, created_at=now, changed_at=now, fault=""
    )
    session.add(row)
    session.flush()


def change_destination(session: Session, name: str, *, sealed: str, is_enabled: bool, now: datetime) -> None:
    """Give a destination another configuration, or switch it on or off."""
    values = {"config": sealed, "is_enabled": is_enabled, "fault": "", "changed_at": now}
    session.execute(update(DestinationRow).where(DestinationRow.name == name).values(**values))


def switch_off(session: Session, name: str, *, fault: str, now: datetime) -> None:
    """Send nothing more to a destination, because it said that it is no more."""
    values = {"is_enabled": False, "fault": fault, "changed_at": now}
    session.execute(update(DestinationRow).where(DestinationRow.name == name).values(**values))


def remove_destination(session: Session, name: str) -> bool:
    """Remove a destination; False when there was none."""
    gone = session.execute(delete(DestinationRow).where(DestinationRow.name == name).returning(DestinationRow.id))
    return gone.first() is not None


def stop_target(session: Session, target: StoppedTarget) -> None:
    """Remember that a target said it is no more."""
    session.merge(
        StoppedTargetRow(
            channel=target.channel,
            target_key=target.target_key,
            to=target.to,
            reason=target.reason,
            at=target.at,
        )
    )


def find_stopped(session: Session, *, channel: str, target_key: str) -> StoppedTarget | None:
    """Return when and why a target said it is no more, or None."""
    row = session.get(StoppedTargetRow, (channel, target_key))
    return None if row is None else _stopped(row)


def list_stopped(session: Session) -> Sequence[StoppedTarget]:
    """Return every target that said it is no more, the latest first."""
    return [_stopped(row) for row in session.scalars(select(StoppedTargetRow).order_by(StoppedTargetRow.at.desc()))]


def take_up_target(session: Session, *, channel: str, target_key: str) -> bool:
    """Send to a target again; False when it was not stopped."""
    row = delete(StoppedTargetRow).where(StoppedTargetRow.channel == channel, StoppedTargetRow.target_key == target_key)
    return session.execute(row.returning(StoppedTargetRow.channel)).first() is not None


def reseal_destination(session: Session, name: str, sealed: str) -> None:
    """Keep a configuration that was encrypted anew."""
    session.execute(update(DestinationRow).where(DestinationRow.name == name).values(config=sealed))


def _stopped(row: StoppedTargetRow) -> StoppedTarget:
    return StoppedTarget(channel=row.channel, target_key=row.target_key, to=row.to, reason=row.reason, at=row.at)
