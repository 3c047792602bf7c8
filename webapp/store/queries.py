"""Which saved queries are there?"""

from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from webapp.domain.saved_queries import SavedQuery
from webapp.store.models.accounts import UserRow
from webapp.store.models.queries import SavedQueryRow

Columns = tuple[int, int, str, str, str, bool, datetime]


def list_queries(session: Session, *, of_user: int | None) -> list[SavedQuery]:
    """Return the queries that are shared and those of one person, by name; None returns everybody's."""
    statement = _select().order_by(SavedQueryRow.name, UserRow.name)
    if of_user is not None:
        statement = statement.where(or_(SavedQueryRow.is_shared, SavedQueryRow.owner_id == of_user))
    return _queries(session, statement)


def find_query(session: Session, *, owner: str, name: str) -> SavedQuery | None:
    """Return the query of this name of this person, if there is one."""
    found = _queries(session, _select().where(UserRow.name == owner, SavedQueryRow.name == name))
    return found[0] if found else None


def count_queries(session: Session, *, owner_id: int) -> int:
    """Return how many queries a person has."""
    return session.scalar(select(func.count()).where(SavedQueryRow.owner_id == owner_id)) or 0


def add_query(session: Session, *, owner_id: int, name: str, text: str, is_shared: bool, now: datetime) -> None:
    """Keep a new query."""
    row = SavedQueryRow(owner_id=owner_id, name=name, text=text, is_shared=is_shared, changed_at=now)
    session.add(row)
    session.flush()


def change_query(session: Session, query_id: int, *, text: str, is_shared: bool, now: datetime) -> None:
    """Change what a query asks for, and who sees it."""
    changed = {"text": text, "is_shared": is_shared, "changed_at": now}
    session.execute(update(SavedQueryRow).where(SavedQueryRow.id == query_id).values(**changed))


def remove_query(session: Session, query_id: int) -> None:
    """Remove a query."""
    session.execute(delete(SavedQueryRow).where(SavedQueryRow.id == query_id))


def _select() -> Select[*Columns]:
    row = SavedQueryRow
    columns = (row.id, row.owner_id, UserRow.name.label("owner"), row.name, row.text, row.is_shared, row.changed_at)
    return select(*columns).join(UserRow, UserRow.id == row.owner_id)


def _queries(session: Session, statement: Select[*Columns]) -> list[SavedQuery]:
    return [SavedQuery(**row) for row in session.execute(statement).mappings()]
