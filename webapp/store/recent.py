"""How did these devices fare lately: a few words each, for the small strips beside a run's devices."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.runs import Run


def recent_statuses(session: Session, *, run: Run, device_ids: Sequence[int], limit: int = 10) -> dict[int, list[str]]:
    """Return what each device came to in the last runs of the service up to this one, oldest first.

    Args:
        session: a reading session.
        run: the run to end with.
        device_ids: the devices; at most some hundreds.
        limit: how many runs to look at.
    """
    runs = (
        select(RunRow.id)
        .where(RunRow.service_id == run.service_id, RunRow.id <= run.id)
        .order_by(RunRow.id.desc())
        .limit(limit)
    )
    ids = list(session.execute(runs).scalars())
    rows = session.execute(
        select(DeviceResultRow.device_id, DeviceResultRow.status)
        .where(DeviceResultRow.run_id.in_(ids), DeviceResultRow.device_id.in_(device_ids), DeviceResultRow.is_overall)
        .order_by(DeviceResultRow.run_id)
    )
    words: dict[int, list[str]] = {}
    for device_id, status in rows:
        words.setdefault(device_id, []).append(status)
    return words
