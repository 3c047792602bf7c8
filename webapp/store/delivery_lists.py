"""Which messages match a filter, how many of them are in each state, and what did their last tries come to?"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.domain.deliveries import DeliveryState
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.fields import View
from webapp.store.deliveries import Delivery, read_delivery, select_deliveries, with_runs
from webapp.store.filtering import translate
from webapp.store.models.notices import DeliveryAttemptRow, DeliveryRow
from webapp.store.paging import Page, Position
from webapp.store.statements import in_chunks

COUNTED_ROWS = 1_000
WATCHED_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTry:
    """What the last try came to; `code` as the protocol has it, empty without an answer."""

    code: str
    duration_s: float | None


def page_matching(
    session: Session,
    *,
    where: Expression = EVERYTHING,
    before: Position | None = None,
    after: Position | None = None,
    limit: int = 50,
) -> Page[Delivery]:
    """Return a page of deliveries, newest first.

    Args:
        session: a reading session.
        where: which ones.
        before: only those older than this position.
        after: only those newer than this position; the page next to it is returned.
        limit: the greatest number of deliveries.
    """
    statement = select_deliveries().where(*translate(session, where, View.DELIVERIES).clauses)
    if after is not None:
        statement = statement.where(DeliveryRow.id > after.id).order_by(DeliveryRow.id)
    else:
        statement = statement.order_by(DeliveryRow.id.desc())
        statement = statement.where(DeliveryRow.id < before.id) if before is not None else statement
    rows = session.execute(statement.limit(limit + 1)).mappings().all()
    items = [read_delivery(row) for row in rows[:limit]]
    has_more = len(rows) > limit
    if after is not None:
        items.reverse()
        return Page(items=items, older=_last(items) or after, newer=_first(items) if has_more else None)
    newer = None if before is None else _first(items) or before
    return Page(items=items, older=_last(items) if has_more else None, newer=newer)


def list_matching(session: Session, *, where: Expression, limit: int) -> list[Delivery]:
    """Return deliveries, oldest first."""
    statement = select_deliveries().where(*translate(session, where, View.DELIVERIES).clauses)
    return [read_delivery(row) for row in session.execute(statement.order_by(DeliveryRow.id).limit(limit)).mappings()]


def count_matching(session: Session, *, where: Expression = EVERYTHING) -> dict[DeliveryState, int]:
    """Return how many of the newest matching deliveries (at most `COUNTED_ROWS`) are in each state."""
    clauses = translate(session, where, View.DELIVERIES).clauses
    newest = with_runs(select(DeliveryRow.state)).where(*clauses).order_by(DeliveryRow.id.desc()).limit(COUNTED_ROWS)
    rows = newest.subquery()
    counted = session.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
    return {DeliveryState(state): count for state, count in counted}


def list_last_tries(session: Session, ids: Sequence[int]) -> dict[int, LastTry]:
    """Return what the last try of each delivery came to; one that was never tried is left out."""
    row = DeliveryAttemptRow
    found: dict[int, LastTry] = {}
    for chunk in in_chunks(ids):
        tries = session.execute(
            select(row.delivery_id, row.code, row.duration_s).where(row.delivery_id.in_(chunk)).order_by(row.number)
        )
        found |= {each.delivery_id: LastTry(code=each.code, duration_s=each.duration_s) for each in tries}
    return found


def version_of_deliveries(session: Session, *, run_id: int | None = None) -> int:
    """Return a number that changes when one of the newest deliveries, or of those of a run, does."""
    row = DeliveryRow
    newest = select(row.id, row.state, row.attempts, row.next_at).order_by(row.id.desc()).limit(WATCHED_ROWS)
    if run_id is not None:
        newest = newest.where(row.run_id == run_id)
    return zlib.crc32(repr([tuple(each) for each in session.execute(newest)]).encode())


def _first(items: Sequence[Delivery]) -> Position | None:
    return Position(value=None, id=items[0].id) if items else None


def _last(items: Sequence[Delivery]) -> Position | None:
    return Position(value=None, id=items[-1].id) if items else None
