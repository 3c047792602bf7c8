"""People for tests, and what they saved."""

from tests.factories.runs import NOW
from webapp.domain.access import SCOPES, Caller, Role
from webapp.store.accounts import NewUser, add_user, find_user_by_name
from webapp.store.db import writing
from webapp.store.queries import add_query


def make_caller(name: str, role: Role = Role.VIEWER) -> Caller:
    """Return somebody who asks for something; the account is made when it is not there yet."""
    with writing() as session:
        user = find_user_by_name(session, name) or add_user(session, NewUser(name=name, email="", role=role), now=NOW)
    return Caller(user_id=user.id, name=name, role=role, scopes=SCOPES[role])


def make_query(owner: Caller, name: str, text: str, *, is_shared: bool = False) -> None:
    """Save a query."""
    assert owner.user_id is not None
    with writing() as session:
        add_query(session, owner_id=owner.user_id, name=name, text=text, is_shared=is_shared, now=NOW)
