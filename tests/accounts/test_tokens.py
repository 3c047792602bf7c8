"""Is a token recognised, for whom, and for how long?"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from webapp.accounts.people import Account
from webapp.accounts.tokens import MadeToken, TokenRequest, digest_of, find_caller, make_token, revoke_token
from webapp.clock import now
from webapp.domain.access import Role, Scope
from webapp.errors import InvalidError, NotFoundError
from webapp.store import accounts as store
from webapp.store.db import reading, writing

pytestmark = pytest.mark.integration
MakeAccount = Callable[[Role], Account]
NOW = now()


def _make(account: Account, **changes: object) -> MadeToken:
    values: dict[str, object] = {"scopes": frozenset({Scope.INGEST}), "description": "CI", **changes}
    with writing() as session:
        return make_token(session, TokenRequest(user_id=account.id, **values), by_id=account.id, now=NOW)  # type: ignore[arg-type]


def test_token_is_recognised_as_its_owner(make_account: MakeAccount) -> None:
    account = make_account(Role.OPERATOR)
    made = _make(account, services=frozenset({"backup"}))
    caller = find_caller(made.text, now=NOW)
    assert caller is not None
    assert (caller.user_id, caller.name, caller.role) == (account.id, "operator", Role.OPERATOR)
    assert caller.has_scope(Scope.INGEST)
    assert not caller.has_scope(Scope.READ)
    assert caller.may_touch("backup")
    assert not caller.may_touch("other")


def test_token_is_kept_only_as_its_hash(make_account: MakeAccount) -> None:
    made = _make(make_account(Role.OPERATOR))
    assert made.text.startswith("art_")
    assert len(made.text) >= 40
    with reading() as session:
        found = store.find_token(session, digest_of(made.text))
    assert found is not None
    assert found[0].hint == made.text[:8]


@pytest.mark.parametrize("text", ["", "art_", "art_unknown", "other", "art_" + "x" * 1000, "art_\udcff"])
def test_unknown_token_is_nobody(app: Flask, text: str) -> None:
    assert find_caller(text, now=NOW) is None


def test_token_ends_when_it_expires(make_account: MakeAccount) -> None:
    made = _make(make_account(Role.VIEWER), expires_at=NOW + timedelta(hours=1))
    assert find_caller(made.text, now=NOW + timedelta(minutes=59)) is not None
    assert find_caller(made.text, now=NOW + timedelta(hours=1)) is None


def test_token_of_an_inactive_account_is_nobody(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    made = _make(account)
    with writing() as session:
        store.change_user(session, account.id, is_active=False)
    assert find_caller(made.text, now=NOW) is None


def test_revoked_token_is_nobody_and_says_so_once(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    made = _make(account)
    for _ in range(2):
        with writing() as session:
            revoke_token(session, made.token.id, by_id=account.id, is_admin=False, now=NOW)
    assert find_caller(made.text, now=NOW) is None
    with reading() as session:
        actions = [entry.action for entry in store.list_audit(session, limit=10)]
    assert actions == ["token.revoked", "token.made"]


def test_token_of_somebody_else_is_revoked_by_an_admin_alone(make_account: MakeAccount) -> None:
    made = _make(make_account(Role.VIEWER))
    other = make_account(Role.OPERATOR)
    with pytest.raises(NotFoundError), writing() as session:
        revoke_token(session, made.token.id, by_id=other.id, is_admin=False, now=NOW)
    with writing() as session:
        revoke_token(session, made.token.id, by_id=other.id, is_admin=True, now=NOW)
    assert find_caller(made.text, now=NOW) is None


def test_last_use_is_written_at_most_once_a_minute(make_account: MakeAccount) -> None:
    made = _make(make_account(Role.VIEWER))
    seen = []
    for seconds in (0, 30, 60, 61):
        find_caller(made.text, now=NOW + timedelta(seconds=seconds))
        with reading() as session:
            token = store.find_token_by_id(session, made.token.id)
        assert token is not None
        assert token.used_at is not None
        seen.append((token.used_at - NOW).total_seconds())
    assert seen == [0, 0, 60, 60]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"scopes": frozenset()}, "scopes"),
        ({"description": "x" * 256}, "description"),
        ({"expires_at": NOW}, "expires"),
    ],
)
def test_token_that_makes_no_sense_is_refused(
    make_account: MakeAccount, changes: dict[str, object], place: str
) -> None:
    account = make_account(Role.VIEWER)
    with pytest.raises(InvalidError) as caught:
        _make(account, **changes)
    assert caught.value.faults[0][0] == place
