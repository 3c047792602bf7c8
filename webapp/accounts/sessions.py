"""Which account is this browser signed in as?"""

from webapp.accounts.people import Account
from webapp.store import accounts as store
from webapp.store.db import Session


def account_of(user: store.User) -> Account:
    """Return what pages may know of a person: everything but the password's hash."""
    return Account(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        is_active=user.is_active,
        has_password=user.password_hash is not None,
        session_epoch=user.session_epoch,
        irc_handle=user.irc_handle,
        irc_server=user.irc_server,
        created_at=user.created_at,
        signed_in_at=user.signed_in_at,
    )


def load_account(session: Session, remembered: str) -> Account | None:
    """Return the account that a session remembers, or None when it was deactivated or its sessions were ended.

    Args:
        session: a reading session.
        remembered: what `Account.get_id` gave at sign-in.
    """
    number, _, epoch = remembered.partition(".")
    if not (number.isascii() and number.isdecimal() and epoch.isascii() and epoch.isdecimal() and len(number) < 10):
        return None
    user = store.find_user(session, int(number))
    if user is None or not user.is_active or str(user.session_epoch) != epoch:
        return None
    return account_of(user)
