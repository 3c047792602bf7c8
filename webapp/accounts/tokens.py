"""Whose token is this: making, recognising and revoking API tokens."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webapp.domain.access import Caller, Scope, scopes_in_force
from webapp.errors import BusyError, ForbiddenError, InvalidError, NotFoundError
from webapp.store import accounts as store
from webapp.store.db import Session, reading, writing

PREFIX = "art_"
MAX_TEXT = 128
MAX_DESCRIPTION = 255
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a new token should be.

    Args:
        user_id: the owner.
        scopes: what it is good for, at least one.
        description: what it is for, in the owner's words.
        services: slugs it is limited to; empty is every service.
        expires_at: when it stops working; None is never.
    """

    user_id: int
    scopes: frozenset[Scope]
    description: str
    services: frozenset[str] = field(default=frozenset())
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token: the only moment its text is known to the server."""

    text: str
    token: store.Token


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret text."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def make_token(session: Session, request: TokenRequest, *, by_id: int | None, now: datetime) -> MadeToken:
    """Make a token for a person; `by_id` is who makes it, None for the command line."""
    if not request.scopes:
        raise InvalidError(("scopes", "choose at least one of ingest, read, admin"))
    if len(request.description) > MAX_DESCRIPTION:
        raise InvalidError(("description", f"at most {MAX_DESCRIPTION} characters"))
    if request.expires_at is not None and request.expires_at <= now:
        raise InvalidError(("expires", "must be in the future"))
    text = PREFIX + secrets.token_urlsafe(32)
    new = store.NewToken(
        user_id=request.user_id,
        digest=digest_of(text),
        hint=text[:8],
        description=request.description,
        scopes=request.scopes,
        services=request.services,
        expires_at=request.expires_at,
    )
    token = store.add_token(session, new, now=now)
    details = {"scopes": sorted(token.scopes), "services": sorted(token.services)}
    store.add_audit(session, user_id=by_id, action="token.made", subject=f"token {token.id}", now=now, details=details)
    return MadeToken(text=text, token=token)


def find_caller(text: str, *, now: datetime) -> Caller | None:
    """Return whom a token speaks for, or None when it is unknown, revoked, expired or its owner is inactive.

    The token's last use is written down at most once a minute.
    """
    if not text.startswith(PREFIX) or len(text) > MAX_TEXT:
        return None
    with reading() as session:
        found = store.find_token(session, digest_of(text))
    if found is None:
        return None
    token, user = found
    if not user.is_active or not token.is_usable(now):
        return None
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        _note_use(token.id, now=now)
    scopes = scopes_in_force(user.role, token.scopes)
    return Caller(user_id=user.id, name=user.name, role=user.role, scopes=scopes, services=token.services)


def _note_use(token_id: int, *, now: datetime) -> None:
    """Write down when a token was used; where nothing can be written, it still opens."""
    with suppress(BusyError), writing() as session:
        store.mark_token_used(session, token_id, now=now)


def revoke_token(session: Session, token_id: int, *, by_id: int | None, is_admin: bool, now: datetime) -> None:
    """Revoke a token of one's own, or anybody's as an admin; a revoked one stays as it is."""
    token = store.find_token_by_id(session, token_id)
    if token is None or (token.user_id != by_id and not is_admin):
        raise NotFoundError(f"there is no token {token_id}")
    if store.mark_token_revoked(session, token_id, now=now):
        store.add_audit(session, user_id=by_id, action="token.revoked", subject=f"token {token_id}", now=now)


def require_service(caller: Caller, service: str) -> None:
    """Refuse a service that the caller's token is not for."""
    if not caller.may_touch(service):
        raise ForbiddenError(f"this token is not for the service {service}")
