"""Which settings were changed in the database?"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from webapp.store.models.accounts import UserRow
from webapp.store.models.preferences import SettingRow


def find_setting(session: Session, name: str) -> str | None:
    """Return a stored value as it was stored, or None."""
    return session.scalar(select(SettingRow.value).where(SettingRow.name == name))


def list_settings(session: Session) -> dict[str, str]:
    """Return every stored value by its setting's name."""
    return {row.name: row.value for row in session.scalars(select(SettingRow))}


def take_turns(session: Session) -> None:
    """Let those who read settings to change them take turns until they commit; on SQLite all writers do."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('settings', 0))"))


def put_setting(session: Session, name: str, value: str, *, by_id: int | None, now: datetime) -> None:
    """Store a value."""
    session.merge(SettingRow(name=name, value=value, changed_at=now, changed_by_id=by_id))


def remove_setting(session: Session, name: str) -> bool:
    """Forget a stored value; False when there was none."""
    found = session.execute(delete(SettingRow).where(SettingRow.name == name).returning(SettingRow.name))
    return found.first() is not None


def find_changers(session: Session, names: Collection[str]) -> dict[str, str | None]:
    """Return who stored each of these settings last; None is the command line, and what is not stored is left out."""
    statement = select(SettingRow.name, UserRow.name.label("by")).outerjoin(
        UserRow, UserRow.id == SettingRow.changed_by_id
    )
    return {row.name: row.by for row in session.execute(statement.where(SettingRow.name.in_(sorted(names))))}
