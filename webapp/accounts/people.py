"""Who is a person here: the account a page sees, and the caller an API call sees."""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.access import Caller, Permission, Role, Scope, is_allowed

__all__ = ["Account", "Caller", "Permission", "Role", "Scope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in, or an account that tokens belong to.

    Args:
        id: the account's number.
        name: unique, what the person types to sign in.
        email: where mail goes; empty when unknown.
        role: what the person is.
        is_active: an inactive account can neither sign in nor use its tokens.
        has_password: False until a welcome link was used.
        session_epoch: moves whenever all sessions of the account must end.
    """

    id: int
    name: str
    email: str
    role: Role
    is_active: bool
    has_password: bool
    session_epoch: int
    irc_handle: str
    irc_server: str
    created_at: datetime
    signed_in_at: datetime | None

    @property
    def is_authenticated(self) -> bool:
        """Say that this is somebody: an account is never anonymous."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Say that this is not nobody."""
        return False

    def get_id(self) -> str:
        """Return what a session remembers: the account and the epoch in which it signed in."""
        return f"{self.id}.{self.session_epoch}"

    def can(self, permission: Permission) -> bool:
        """Say whether the person has the permission."""
        return is_allowed(self.role, permission)
