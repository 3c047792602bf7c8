"""May this person in? By name and password, or once by a link."""

import secrets
from datetime import datetime, timedelta

from webapp.accounts.passwords import check_password
from webapp.accounts.people import Account
from webapp.accounts.roster import NAME
from webapp.accounts.sessions import account_of
from webapp.accounts.throttle import Throttle, TooManyTriesError
from webapp.accounts.tokens import digest_of
from webapp.errors import ForbiddenError, NotFoundError
from webapp.store import accounts as store
from webapp.store.db import Session, reading, writing

LINK_LASTS = timedelta(hours=24)
WRONG = "The name or the password is wrong."
LINK_GONE = "This link was used before, or is older than 24 hours. An administrator can make a new one."


class Door:
    """Lets people in by their password, and slows down whoever guesses."""

    def __init__(self) -> None:
        self._pairs = Throttle(5)
        self._addresses = Throttle(50)

    def sign_in(self, name: str, password: str, *, address: str, now: datetime) -> Account:
        """Return the account of a name and its password.

        Args:
            name: what was typed.
            password: what was typed.
            address: where from; failures are counted for it.
            now: the current moment.

        Raises:
            ForbiddenError: wrong, unknown or inactive; which of them is not said.
            TooManyTriesError: too many failures before.
        """
        pair = f"{address} {name[:64]}"
        self._addresses.take(address, now=now)
        try:
            self._pairs.take(pair, now=now)
        except TooManyTriesError:
            self._addresses.give_back(address)
            raise
        with reading() as session:
            user = store.find_user_by_name(session, name) if NAME.fullmatch(name) else None
        is_right = check_password(user.password_hash if user and user.is_active else None, password)
        if user is None or not is_right:
            raise ForbiddenError(WRONG)
        self._addresses.give_back(address)
        self._pairs.forget(pair)
        with writing() as session:
            store.change_user(session, user.id, signed_in_at=now)
            store.add_audit(session, user_id=user.id, action="account.signed_in", subject=user.name, now=now)
        return account_of(user)


def make_link(session: Session, user_id: int, *, by_id: int | None, now: datetime) -> str:
    """Return the path of a link that lets one person choose a password, once and within a day; earlier ones end."""
    user = store.get_user(session, user_id)
    secret = secrets.token_urlsafe(32)
    store.add_link(session, user_id=user_id, digest=digest_of(secret), now=now, expires_at=now + LINK_LASTS)
    store.add_audit(session, user_id=by_id, action="account.link_made", subject=user.name, now=now)
    return f"/welcome/{secret}"


def find_welcomed(session: Session, secret: str, *, now: datetime) -> store.User:
    """Return whom a link is for."""
    user = store.find_link_owner(session, digest_of(secret), now=now)
    if user is None or not user.is_active:
        raise NotFoundError(LINK_GONE)
    return user


def welcome(session: Session, secret: str, password_hash: str, *, now: datetime) -> Account:
    """Use up a link: set its owner's password, end all earlier sessions, and return the account."""
    user = find_welcomed(session, secret, now=now)
    if not store.mark_link_used(session, digest_of(secret), now=now):
        raise NotFoundError(LINK_GONE)
    store.change_user(session, user.id, password_hash=password_hash, signed_in_at=now)
    return _start_anew(session, user, "account.password_set", now)


def change_password(session: Session, user_id: int, password_hash: str, *, now: datetime) -> Account:
    """Change a person's own password, end all sessions, and return the account of the new session."""
    user = store.get_user(session, user_id)
    store.change_user(session, user_id, password_hash=password_hash)
    return _start_anew(session, user, "account.password_changed", now)


def has_password(session: Session, user_id: int, password: str) -> bool:
    """Say whether this is a person's password."""
    return check_password(store.get_user(session, user_id).password_hash, password)


def _start_anew(session: Session, user: store.User, action: str, now: datetime) -> Account:
    """End every session of a person, and return the account that a new one belongs to."""
    store.end_sessions(session, user.id)
    store.add_audit(session, user_id=user.id, action=action, subject=user.name, now=now)
    session.expire_all()
    return account_of(store.get_user(session, user.id))
