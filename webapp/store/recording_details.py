"""How do the texts around a run change: parameters, labels and the run it is a step of."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.store.models.runs import RunDetailRow, RunLabelRow, RunRow
from webapp.store.statements import insert_rows, table_of

# The column `metadata` is called `details` in Python, where the other word is taken.
DETAILS = ("parameters", "metadata", "environment", "notify", "definition")
MAX_ANCESTORS = 100

_DETAIL = table_of(RunDetailRow)
_LABEL = table_of(RunLabelRow)


def get_details(session: Session, run_id: int) -> dict[str, Any]:
    """Return what a run was started with, by the names of `DETAILS`."""
    row = session.execute(select(_DETAIL).where(_DETAIL.c.run_id == run_id)).mappings().one()
    return {name: row[_DETAIL.c[name]] for name in DETAILS}


def save_details(session: Session, run_id: int, changes: Mapping[str, Any]) -> None:
    """Write what changed of the details."""
    if changes:
        session.execute(update(_DETAIL).where(_DETAIL.c.run_id == run_id).values(dict(changes)))


def replace_labels(session: Session, run_id: int, labels: Iterable[str]) -> None:
    """Give a run these labels and no others."""
    session.execute(delete(_LABEL).where(_LABEL.c.run_id == run_id))
    insert_rows(session, _LABEL, [{"run_id": run_id, "label": label} for label in dict.fromkeys(labels)])


def find_uid_by_key(session: Session, *, service_id: int, external_key: str) -> str | None:
    """Return the uid of the run of a service that carries an outside key, or None."""
    query = select(RunRow.uid).where(RunRow.service_id == service_id, RunRow.external_key == external_key)
    return session.scalar(query)


def is_ancestor(session: Session, run_id: int, *, of: int) -> bool:
    """Say whether a run is another one, or stands above it."""
    current: int | None = of
    for _ in range(MAX_ANCESTORS):
        if current is None or current == run_id:
            break
        current = session.scalar(select(RunRow.parent_run_id).where(RunRow.id == current))
    return current is not None
