"""What calls a Git repository by its name, and has to follow when it is called otherwise?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from webapp.store.models.inventory import ServiceRow
from webapp.store.models.notices import DeliveryRow, OutboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """How the deliveries to a repository are known: as whom they go to, and in which lane.

    Args:
        to: the repository's name.
        target: the same as JSON.
        target_key: the same for the same target.
        lane: what a repository that does not answer holds up.
    """

    to: str
    target: Mapping[str, Any]
    target_key: str
    lane: str


def rename_in_services(session: Session, option: str, before: str, after: str) -> None:
    """Have services whose option names a repository, alone or in a list, name it as it is called now."""
    for row in session.scalars(select(ServiceRow).with_for_update()):
        chosen = row.options.get(option)
        if chosen == before:
            row.options = {**row.options, option: after}
        elif isinstance(chosen, list) and before in chosen:
            row.options = {**row.options, option: [after if name == before else name for name in chosen]}


def rename_in_deliveries(session: Session, channel: str, before: Pushes, after: Pushes) -> None:
    """Have the deliveries to a repository, those that wait too, go to it as it is called now."""
    named = update(DeliveryRow).where(DeliveryRow.channel == channel, DeliveryRow.to == before.to)
    session.execute(named.values(to=after.to, target=dict(after.target)))
    other = aliased(DeliveryRow)
    is_taken = exists().where(
        other.run_id == DeliveryRow.run_id,
        other.event == DeliveryRow.event,
        other.channel == channel,
        other.target_key == after.target_key,
    )
    keyed = update(DeliveryRow).where(DeliveryRow.channel == channel, DeliveryRow.target_key == before.target_key)
    session.execute(keyed.where(~is_taken).values(target_key=after.target_key))
    session.execute(update(OutboxRow).where(OutboxRow.lane == before.lane).values(lane=after.lane))
    ordered = update(OutboxRow).where(OutboxRow.order_key == before.target_key)
    session.execute(ordered.values(order_key=after.target_key))
