"""What is a saved query: a filter of runs under a name, its owner's own or for everybody, and who may change it?"""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.access import Caller, Permission

MAX_NAME = 100
MAX_TEXT = 2_000
MAX_OWN = 200  # queries of one person


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A filter of runs under a name that is unique among its owner's."""

    id: int
    owner_id: int
    owner: str
    name: str
    text: str
    is_shared: bool
    changed_at: datetime

    @property
    def title(self) -> str:
        """Return what names it among everybody's."""
        return f"{self.owner}/{self.name}"


def may_see(query: SavedQuery, caller: Caller) -> bool:
    """Say whether somebody may see and use a query."""
    return query.is_shared or may_change(query, caller)


def may_change(query: SavedQuery, caller: Caller) -> bool:
    """Say whether somebody may change or remove a query: its owner and administrators may."""
    return query.owner_id == caller.user_id or caller.can(Permission.ADMIN)
