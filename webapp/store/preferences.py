"""Which settings were changed in the database?"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.store.models.preferences import SettingRow


def find_setting(session: Session, name: str) -> str | None:
    """Return a stored value as it was stored, or None."""
    return session.scalar(select(SettingRow.value).where(SettingRow.name == name))


def list_settings(session: Session) -> dict[str, str]:
    """Return every stored value by its setting's name."""
    return {row.name: row.value for row in session.scalars(select(SettingRow))}


def put_setting(session: Session, name: str, value: str, *, by_id: int | None, now: datetime) -> None:
    """Store a value."""
    session.merge(SettingRow(name=name, value=value, changed_at=now, changed_by_id=by_id))


def remove_setting(session: Session, name: str) -> bool:
    """Forget a stored value; False when there was none."""
    found = session.execute(delete(SettingRow).where(SettingRow.name == name).returning(SettingRow.name))
    return found.first() is not None
