"""Who may do what: roles of people, scopes of tokens, and the permissions each carries."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a page or an API call asks for."""

    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


class Role(StrEnum):
    """What a person is: a viewer reads, an operator also acts on runs and services, an admin also on people."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token is good for: `ingest` adds facts, `read` reads, `admin` does everything its user may do."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.OPERATOR: frozenset({Permission.VIEW, Permission.OPERATE}),
    Role.ADMIN: frozenset(Permission),
}

SCOPES: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.OPERATOR: frozenset({Scope.READ, Scope.INGEST}),
    Role.ADMIN: frozenset(Scope),
}


def is_allowed(role: Role, permission: Permission) -> bool:
    """Say whether a person of this role has the permission."""
    return permission in PERMISSIONS[role]


def is_covered(scopes: frozenset[Scope], wanted: Scope) -> bool:
    """Say whether a token with these scopes may be used for the wanted one."""
    return wanted in scopes or Scope.ADMIN in scopes


def scopes_in_force(role: Role, scopes: frozenset[Scope]) -> frozenset[Scope]:
    """Return what a token may be used for: never more than its owner may do now."""
    return SCOPES[role] if Scope.ADMIN in scopes else scopes & SCOPES[role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks for something, by a token, by a browser session or as the server itself.

    Args:
        user_id: the account behind it; None for the server itself.
        name: that account's name, for messages and submitters.
        role: what the account is.
        scopes: what the token is good for.
        services: the slugs of the only services it may touch; empty is every service.
    """

    user_id: int | None
    name: str
    role: Role
    scopes: frozenset[Scope]
    services: frozenset[str] = frozenset()

    def can(self, permission: Permission) -> bool:
        """Say whether the account has the permission."""
        return is_allowed(self.role, permission)

    def has_scope(self, wanted: Scope) -> bool:
        """Say whether the scopes cover the wanted one."""
        return is_covered(self.scopes, wanted)

    def may_touch(self, service: str) -> bool:
        """Say whether a service is one of those the token is limited to."""
        return not self.services or service in self.services
