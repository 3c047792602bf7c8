"""Who gets in by a password or a link, who does not, and does the answer say why?"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from webapp.accounts.passwords import check_password, hash_password
from webapp.accounts.people import Account
from webapp.accounts.roster import add_person, change_contact, change_role, ensure_admin, set_active
from webapp.accounts.sessions import load_account
from webapp.accounts.signin import Door, change_password, find_welcomed, has_password, make_link, welcome
from webapp.accounts.throttle import WINDOW, Throttle, TooManyTriesError
from webapp.clock import now
from webapp.domain.access import Role, Scope, scopes_in_force
from webapp.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from webapp.store import accounts as store
from webapp.store.db import reading, writing

MakeAccount = Callable[[Role], Account]
NOW = now()
PASSWORD = "correct horse battery"


def _give_password(account: Account) -> None:
    with writing() as session:
        store.change_user(session, account.id, password_hash=hash_password(PASSWORD))


def _sign_in(name: str, password: str, door: Door | None = None) -> Account:
    return (door or Door()).sign_in(name, password, address="127.0.0.1", now=NOW)


@pytest.mark.unit
def test_password_is_checked_and_never_kept() -> None:
    kept = hash_password(PASSWORD)
    assert PASSWORD not in kept
    assert check_password(kept, PASSWORD)
    assert not check_password(kept, PASSWORD + "x")
    assert not check_password(None, PASSWORD)


@pytest.mark.unit
@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 1025])
def test_password_of_a_bad_length_is_refused(password: str) -> None:
    with pytest.raises(InvalidError, match="10 to 1024"):
        hash_password(password)


@pytest.mark.integration
def test_right_password_lets_in_and_is_remembered(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    _give_password(account)
    assert _sign_in("viewer", PASSWORD).id == account.id
    with reading() as session:
        assert store.get_user(session, account.id).signed_in_at == NOW
        assert store.list_audit(session, limit=1)[0].action == "account.signed_in"


@pytest.mark.integration
@pytest.mark.parametrize("name", ["viewer", "nobody", "", "a\0b", "x" * 1000, "'; DROP TABLE user"])
def test_wrong_password_and_unknown_name_sound_the_same(make_account: MakeAccount, name: str) -> None:
    _give_password(make_account(Role.VIEWER))
    with pytest.raises(ForbiddenError, match="name or the password is wrong"):
        _sign_in(name, "something else")


@pytest.mark.integration
def test_inactive_and_passwordless_people_stay_outside(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    with pytest.raises(ForbiddenError):
        _sign_in("viewer", PASSWORD)
    _give_password(account)
    with writing() as session:
        set_active(session, account.id, is_active=False, by_id=None, now=NOW)
    with pytest.raises(ForbiddenError):
        _sign_in("viewer", PASSWORD)


@pytest.mark.integration
def test_guessing_is_slowed_down_for_one_name_from_one_place(make_account: MakeAccount) -> None:
    _give_password(make_account(Role.VIEWER))
    door = Door()
    for _ in range(5):
        with pytest.raises(ForbiddenError):
            _sign_in("viewer", "wrong wrong wrong", door)
    with pytest.raises(TooManyTriesError) as caught:
        _sign_in("viewer", PASSWORD, door)
    assert caught.value.retry_after_s == WINDOW.total_seconds() + 1
    assert door.sign_in("viewer", PASSWORD, address="127.0.0.2", now=NOW).name == "viewer"
    assert door.sign_in("viewer", PASSWORD, address="127.0.0.1", now=NOW + WINDOW).name == "viewer"


@pytest.mark.integration
def test_many_guesses_at_once_are_no_more_than_in_turn(app: Flask, make_account: MakeAccount) -> None:
    _give_password(make_account(Role.VIEWER))
    door, many = Door(), 12

    def guess(_: int) -> type[Exception]:
        with app.app_context(), pytest.raises((ForbiddenError, TooManyTriesError)) as caught:
            _sign_in("viewer", "wrong wrong wrong", door)
        return caught.type

    with ThreadPoolExecutor(many) as pool:
        refused = Counter(pool.map(guess, range(many)))
    assert refused == {ForbiddenError: 5, TooManyTriesError: many - 5}


@pytest.mark.unit
def test_throttle_forgets_whoever_succeeds_and_the_oldest() -> None:
    throttle = Throttle(1)
    throttle.take("first", now=NOW)
    throttle.forget("first")
    throttle.take("first", now=NOW)
    throttle.give_back("first")
    throttle.take("first", now=NOW)
    for number in range(10_000):
        throttle.take(str(number), now=NOW)
    throttle.take("first", now=NOW)


@pytest.mark.unit
def test_throttle_keeps_nobody_out_for_longer_when_the_clock_is_set_back() -> None:
    throttle = Throttle(1)
    throttle.take("somebody", now=NOW)
    with pytest.raises(TooManyTriesError):
        throttle.take("somebody", now=NOW)
    throttle.take("somebody", now=NOW - timedelta(days=1))


@pytest.mark.integration
def test_link_sets_a_password_once(make_account: MakeAccount) -> None:
    account = make_account(Role.ADMIN)
    with writing() as session:
        secret = make_link(session, account.id, by_id=None, now=NOW).removeprefix("/welcome/")
    with writing() as session:
        signed_in = welcome(session, secret, hash_password(PASSWORD), now=NOW)
    with reading() as session:
        assert load_account(session, account.get_id()) is None
        assert load_account(session, signed_in.get_id()) is not None
        assert has_password(session, account.id, PASSWORD)
    with pytest.raises(NotFoundError, match="used before"), writing() as session:
        welcome(session, secret, hash_password(PASSWORD), now=NOW)


@pytest.mark.integration
def test_link_ends_after_a_day_and_when_a_newer_one_is_made(make_account: MakeAccount) -> None:
    account = make_account(Role.ADMIN)
    secrets = []
    for _ in range(2):
        with writing() as session:
            secrets.append(make_link(session, account.id, by_id=None, now=NOW).removeprefix("/welcome/"))
    with reading() as session:
        assert find_welcomed(session, secrets[1], now=NOW + timedelta(hours=23)).id == account.id
        for secret, moment in ((secrets[0], NOW), (secrets[1], NOW + timedelta(hours=24)), ("", NOW), ("\udcff", NOW)):
            with pytest.raises(NotFoundError):
                find_welcomed(session, secret, now=moment)


@pytest.mark.integration
def test_changed_password_ends_other_sessions(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    with writing() as session:
        fresh = change_password(session, account.id, hash_password(PASSWORD), now=NOW)
    with reading() as session:
        assert load_account(session, account.get_id()) is None
        assert load_account(session, fresh.get_id()) == fresh


@pytest.mark.integration
def test_first_admin_is_made_once_until_one_can_sign_in(app: Flask) -> None:
    with writing() as session:
        first = ensure_admin(session, now=NOW)
        again = ensure_admin(session, now=NOW)
    assert first is not None
    assert again == first
    assert first.role is Role.ADMIN
    with writing() as session:
        store.change_user(session, first.id, password_hash=hash_password(PASSWORD))
        assert ensure_admin(session, now=NOW) is None


@pytest.mark.integration
def test_first_admin_gets_a_name_that_is_free(app: Flask) -> None:
    with writing() as session:
        add_person(session, name="admin", email="", role=Role.VIEWER, by_id=None, now=NOW)
        made = ensure_admin(session, now=NOW)
    assert made is not None
    assert made.name == "admin1"


@pytest.mark.integration
@pytest.mark.parametrize("name", ["", " ", "a b", "<script>", "../x", "-x", "x" * 65, "a\nb", "é"])
def test_person_with_a_strange_name_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(InvalidError, match="letters"), writing() as session:
        add_person(session, name=name, email="", role=Role.VIEWER, by_id=None, now=NOW)


@pytest.mark.integration
@pytest.mark.parametrize("email", ["x", "a@", "@b", "a b@c", "a@b\r\nBcc: x@y", "a@b@c", "<a@b>", "a@" + "b" * 200])
def test_strange_email_is_refused(make_account: MakeAccount, email: str) -> None:
    account = make_account(Role.VIEWER)
    with pytest.raises(InvalidError, match="email"), writing() as session:
        change_contact(session, account.id, email=email, irc_handle="", irc_server="", now=NOW)


@pytest.mark.integration
def test_contact_is_kept_and_strange_irc_names_are_refused(make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    with writing() as session:
        change_contact(session, account.id, email="a@b.example", irc_handle="ann", irc_server="irc:6697", now=NOW)
    with reading() as session:
        user = store.get_user(session, account.id)
    assert (user.email, user.irc_handle, user.irc_server) == ("a@b.example", "ann", "irc:6697")
    with pytest.raises(InvalidError, match="irc_handle"), writing() as session:
        change_contact(session, account.id, email="", irc_handle="a b", irc_server="", now=NOW)


@pytest.mark.integration
def test_last_administrator_stays_one(make_account: MakeAccount) -> None:
    account = make_account(Role.ADMIN)
    with pytest.raises(ConflictError, match="last administrator"), writing() as session:
        change_role(session, account.id, Role.VIEWER, by_id=None, now=NOW)
    with pytest.raises(ConflictError, match="last administrator"), writing() as session:
        set_active(session, account.id, is_active=False, by_id=None, now=NOW)
    with writing() as session:
        add_person(session, name="second", email="", role=Role.ADMIN, by_id=None, now=NOW)
        change_role(session, account.id, Role.VIEWER, by_id=None, now=NOW)
        change_role(session, account.id, Role.VIEWER, by_id=None, now=NOW)
        set_active(session, account.id, is_active=True, by_id=None, now=NOW)
        assert store.get_user(session, account.id).role is Role.VIEWER


@pytest.mark.integration
def test_taken_name_is_a_conflict(make_account: MakeAccount) -> None:
    make_account(Role.ADMIN)
    with pytest.raises(ConflictError, match="taken"), writing() as session:
        add_person(session, name="admin", email="", role=Role.VIEWER, by_id=None, now=NOW)


@pytest.mark.integration
def test_unknown_account_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFoundError), reading() as session:
        store.get_user(session, 4711)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("role", "given", "in_force"),
    [
        (Role.VIEWER, {Scope.INGEST}, set()),
        (Role.VIEWER, {Scope.ADMIN}, {Scope.READ}),
        (Role.OPERATOR, {Scope.ADMIN}, {Scope.READ, Scope.INGEST}),
        (Role.OPERATOR, {Scope.INGEST}, {Scope.INGEST}),
        (Role.ADMIN, {Scope.ADMIN}, set(Scope)),
        (Role.ADMIN, {Scope.READ}, {Scope.READ}),
    ],
)
def test_token_never_allows_more_than_its_owner_may(role: Role, given: set[Scope], in_force: set[Scope]) -> None:
    assert scopes_in_force(role, frozenset(given)) == in_force
