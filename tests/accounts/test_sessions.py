"""Does a session find its account, and only while it should?"""

from collections.abc import Callable

import pytest
from flask import Flask

from webapp.accounts.people import Account
from webapp.accounts.sessions import load_account
from webapp.domain.access import Role
from webapp.store import accounts as store
from webapp.store.db import reading, writing

MakeAccount = Callable[[Role], Account]


@pytest.mark.integration
def test_session_finds_its_account(make_account: MakeAccount) -> None:
    account = make_account(Role.OPERATOR)
    with reading() as session:
        assert load_account(session, account.get_id()) == account


@pytest.mark.integration
def test_session_of_an_earlier_epoch_is_nobody(make_account: MakeAccount) -> None:
    account = make_account(Role.OPERATOR)
    with writing() as session:
        store.end_sessions(session, account.id)
    with reading() as session:
        assert load_account(session, account.get_id()) is None


@pytest.mark.integration
def test_session_of_an_inactive_account_is_nobody(make_account: MakeAccount) -> None:
    account = make_account(Role.OPERATOR)
    with writing() as session:
        store.change_user(session, account.id, is_active=False)
    with reading() as session:
        assert load_account(session, account.get_id()) is None


@pytest.mark.integration
@pytest.mark.parametrize("text", ["", "1", "1.", ".0", "1.x", "x.0", "-1.0", "1.0.0", "٣.0", "99999999999999999999.0"])
def test_session_with_a_made_up_identity_is_nobody(app: Flask, make_account: MakeAccount, text: str) -> None:
    make_account(Role.OPERATOR)
    with reading() as session:
        assert load_account(session, text) is None
