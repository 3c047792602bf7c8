"""Who may do what: roles of people, scopes of tokens, and the permissions each carries."""

from enum import StrEnum


class Permission(StrEnum):
    """What a page or an API call asks for."""

    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


class Role(StrEnum):
    """What a person is: a viewer reads, an operator also acts on runs and services, an admin also on people and settings."""

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


def is_allowed(role: Role, permission: Permission) -> bool:
    """Say whether a person of this role has the permission."""
    return permission in PERMISSIONS[role]


def is_covered(scopes: frozenset[Scope], wanted: Scope) -> bool:
    """Say whether a token with these scopes may be used for the wanted one."""
    return wanted in scopes or Scope.ADMIN in scopes
