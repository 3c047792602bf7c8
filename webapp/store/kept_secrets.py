"""Which secrets do people, and the instance, keep for their notices? Encrypted; a description names each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.store.models.notices import KeptSecretRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """A secret as it is kept; `user_id` is None for one of the instance."""

    id: int
    user_id: int | None
    description: str
    sealed: str
    created_at: datetime


def find_secret(session: Session, *, user_id: int | None, description: str) -> KeptSecret | None:
    """Return the oldest secret of this description of a person, or of the instance when `user_id` is None."""
    query = select(KeptSecretRow).where(
        KeptSecretRow.user_id == user_id if user_id is not None else KeptSecretRow.user_id.is_(None),
        KeptSecretRow.description == description,
    )
    row = session.scalars(query.order_by(KeptSecretRow.id).limit(1)).first()
    return None if row is None else _secret(row)


def list_secrets(session: Session, *, user_id: int | None) -> list[KeptSecret]:
    """Return the secrets of a person, or those of the instance, by description."""
    is_theirs = KeptSecretRow.user_id == user_id if user_id is not None else KeptSecretRow.user_id.is_(None)
    query = select(KeptSecretRow).where(is_theirs).order_by(KeptSecretRow.description, KeptSecretRow.id)
    return [_secret(row) for row in session.scalars(query)]


def list_all_secrets(session: Session) -> list[KeptSecret]:
    """Return everybody's secrets."""
    return [_secret(row) for row in session.scalars(select(KeptSecretRow).order_by(KeptSecretRow.id))]


def add_secret(session: Session, *, user_id: int | None, description: str, sealed: str, now: datetime) -> int:
    """Keep a secret and return its id."""
    row = KeptSecretRow(user_id=user_id, description=description, sealed=sealed, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def remove_secret(session: Session, secret_id: int, *, user_id: int | None) -> bool:
    """Forget a secret of a person, or of the instance; False when they have none of that id."""
    is_theirs = KeptSecretRow.user_id == user_id if user_id is not None else KeptSecretRow.user_id.is_(None)
    gone = session.execute(
        delete(KeptSecretRow).where(KeptSecretRow.id == secret_id, is_theirs).returning(KeptSecretRow.id)
    )
    return gone.first() is not None


def reseal_secret(session: Session, secret_id: int, sealed: str) -> None:
    """Keep a secret that was encrypted anew."""
    session.execute(update(KeptSecretRow).where(KeptSecretRow.id == secret_id).values(sealed=sealed))


def _secret(row: KeptSecretRow) -> KeptSecret:
    return KeptSecret(
        id=row.id,
        user_id=row.user_id,
        description=row.description,
        sealed=row.sealed,
        created_at=row.created_at,
    )
