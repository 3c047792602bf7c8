"""Which people, tokens and sign-in links are there, and who changed what?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webapp.domain.access import Role, Scope
from webapp.errors import ConflictError, NotFoundError
from webapp.store.models.accounts import AuditRow, SignInLinkRow, TokenRow, UserRow

EPOCH_WRAP = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person as stored, with the password's hash."""

    id: int
    name: str
    email: str
    password_hash: str | None
    role: Role
    is_active: bool
    irc_handle: str
    irc_server: str
    session_epoch: int
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token as stored; the token itself is known to its owner alone."""

    id: int
    user_id: int
    hint: str
    description: str
    scopes: frozenset[Scope]
    services: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Say whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What an account starts with."""

    name: str
    email: str
    role: Role
    password_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What a token starts with; `digest` is the SHA-256 of the token, empty `services` is every service."""

    user_id: int
    digest: bytes
    hint: str
    description: str
    scopes: frozenset[Scope]
    services: frozenset[str]
    expires_at: datetime | None


def _user(row: UserRow) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        password_hash=row.password_hash,
        role=Role(row.role),
        is_active=row.is_active,
        irc_handle=row.irc_handle,
        irc_server=row.irc_server,
        session_epoch=row.session_epoch,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        user_id=row.user_id,
        hint=row.hint,
        description=row.description,
        scopes=frozenset(Scope(word) for word in row.scopes),
        services=frozenset(row.services),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )


def find_user(session: Session, user_id: int) -> User | None:
    """Return a person by number, or None."""
    row = session.get(UserRow, user_id)
    return None if row is None else _user(row)


def get_user(session: Session, user_id: int) -> User:
    """Return a person by number."""
    user = find_user(session, user_id)
    if user is None:
        raise NotFoundError(f"there is no account {user_id}")
    return user


def find_user_by_name(session: Session, name: str) -> User | None:
    """Return a person by name, or None."""
    row = session.scalar(select(UserRow).where(UserRow.name == name))
    return None if row is None else _user(row)


def list_users(session: Session) -> list[User]:
    """Return everybody, by name."""
    return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]


def add_user(session: Session, new: NewUser, *, now: datetime) -> User:
    """Add a person; a name that is taken is a conflict."""
    if find_user_by_name(session, new.name) is not None:
        raise ConflictError(f"the name {new.name} is taken")
    row = UserRow(
        name=new.name,
        email=new.email,
        password_hash=new.password_hash,
        role=new.role,
        is_active=True,
        irc_handle="",
        irc_server="",
        session_epoch=0,
        created_at=now,
        signed_in_at=None,
    )
    session.add(row)
    session.flush()
    return _user(row)


def change_user(session: Session, user_id: int, **changes: Any) -> None:
    """Change columns of a person: email, role, is_active, irc_handle, irc_server, password_hash, signed_in_at."""
    session.execute(update(UserRow).where(UserRow.id == user_id).values(**changes))


def end_sessions(session: Session, user_id: int) -> None:
    """Make every session of a person invalid."""
    epoch = (UserRow.session_epoch + 1) % EPOCH_WRAP
    session.execute(update(UserRow).where(UserRow.id == user_id).values(session_epoch=epoch))


def has_admin_with_password(session: Session) -> bool:
    """Say whether any active admin can sign in."""
    query = select(UserRow.id).where(
        UserRow.role == Role.ADMIN, UserRow.is_active.is_(True), UserRow.password_hash.is_not(None)
    )
    return session.scalar(query.limit(1)) is not None


def find_first_admin(session: Session) -> User | None:
    """Return the oldest active admin, or None."""
    query = select(UserRow).where(UserRow.role == Role.ADMIN, UserRow.is_active.is_(True)).order_by(UserRow.id)
    row = session.scalar(query.limit(1))
    return None if row is None else _user(row)


def count_active_admins(session: Session) -> int:
    """Return how many admins are left."""
    query = select(func.count()).where(UserRow.role == Role.ADMIN, UserRow.is_active.is_(True))
    return session.scalar(query) or 0


def add_token(session: Session, new: NewToken, *, now: datetime) -> Token:
    """Add a token."""
    row = TokenRow(
        user_id=new.user_id,
        digest=new.digest,
        hint=new.hint,
        description=new.description,
        scopes=sorted(new.scopes),
        services=sorted(new.services),
        created_at=now,
        expires_at=new.expires_at,
        revoked_at=None,
        used_at=None,
    )
    session.add(row)
    session.flush()
    return _token(row)


def find_token(session: Session, digest: bytes) -> tuple[Token, User] | None:
    """Return a token and its owner by the token's SHA-256, or None."""
    query = select(TokenRow, UserRow).join(UserRow, UserRow.id == TokenRow.user_id).where(TokenRow.digest == digest)
    row = session.execute(query).one_or_none()
    return None if row is None else (_token(row[0]), _user(row[1]))


def find_token_by_id(session: Session, token_id: int) -> Token | None:
    """Return a token by number, or None."""
    row = session.get(TokenRow, token_id)
    return None if row is None else _token(row)


def list_tokens(session: Session, *, user_id: int | None = None) -> Sequence[Token]:
    """Return the tokens of one person, or of everybody, newest first; revoked ones are included."""
    query = select(TokenRow).order_by(TokenRow.id.desc())
    if user_id is not None:
        query = query.where(TokenRow.user_id == user_id)
    return [_token(row) for row in session.scalars(query)]


def mark_token_revoked(session: Session, token_id: int, *, now: datetime) -> bool:
    """Revoke a token; False when it was revoked before."""
    query = select(TokenRow).where(TokenRow.id == token_id, TokenRow.revoked_at.is_(None))
    row = session.scalar(query)
    if row is None:
        return False
    row.revoked_at = now
    return True


def mark_token_used(session: Session, token_id: int, *, now: datetime) -> None:
    """Remember when a token was last used."""
    session.execute(update(TokenRow).where(TokenRow.id == token_id).values(used_at=now))


def add_link(session: Session, *, user_id: int, digest: bytes, now: datetime, expires_at: datetime) -> None:
    """Add a one-time sign-in link and end the ones a person had before."""
    earlier = update(SignInLinkRow).where(SignInLinkRow.user_id == user_id, SignInLinkRow.used_at.is_(None))
    session.execute(earlier.values(used_at=now))
    session.add(SignInLinkRow(user_id=user_id, digest=digest, created_at=now, expires_at=expires_at, used_at=None))
    session.flush()


def find_link_owner(session: Session, digest: bytes, *, now: datetime) -> User | None:
    """Return whom a link that is still good belongs to, or None."""
    query = (
        select(UserRow)
        .join(SignInLinkRow, SignInLinkRow.user_id == UserRow.id)
        .where(SignInLinkRow.digest == digest, SignInLinkRow.used_at.is_(None), SignInLinkRow.expires_at > now)
    )
    row = session.scalar(query)
    return None if row is None else _user(row)


def mark_link_used(session: Session, digest: bytes, *, now: datetime) -> bool:
    """Use up a link; False when somebody else was faster."""
    query = select(SignInLinkRow).where(SignInLinkRow.digest == digest, SignInLinkRow.used_at.is_(None))
    row = session.scalar(query.with_for_update())
    if row is None:
        return False
    row.used_at = now
    return True


def add_audit(
    session: Session,
    *,
    user_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Record who changed what."""
    session.add(AuditRow(at=now, user_id=user_id, action=action, subject=subject, details=details))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit trail."""

    at: datetime
    user_id: int | None
    action: str
    subject: str
    details: dict[str, Any] | None


def list_audit(session: Session, *, limit: int) -> list[AuditEntry]:
    """Return the newest lines of the audit trail, newest first."""
    rows = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(limit))
    return [
        AuditEntry(at=row.at, user_id=row.user_id, action=row.action, subject=row.subject, details=row.details)
        for row in rows
    ]
