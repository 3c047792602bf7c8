"""Who belongs to this server: adding people, changing what they may do, and letting them go."""

import re
from datetime import datetime

from webapp.domain.access import Role
from webapp.errors import ConflictError, InvalidError
from webapp.store import accounts as store
from webapp.store.db import Session

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
EMAIL = re.compile(r"[^@\s<>\",;:\\]{1,64}@[^@\s<>\",;:\\]{1,189}")
FIRST_ADMIN = "admin"
LAST_ADMIN = "This is the last administrator: make somebody else one first."


def check_email(email: str) -> str:
    """Return an e-mail address that may be one, or an empty text."""
    if email and not (EMAIL.fullmatch(email) and email.isprintable()):
        raise InvalidError(("email", "expected an address like name@example.org"))
    return email


def add_person(session: Session, *, name: str, email: str, role: Role, by_id: int | None, now: datetime) -> store.User:
    """Add a person, who can sign in as soon as a link let them choose a password."""
    if not NAME.fullmatch(name):
        raise InvalidError(("name", "expected 1 to 64 letters, digits and . _ @ + -, beginning with a letter or digit"))
    user = store.add_user(session, store.NewUser(name=name, email=check_email(email), role=role), now=now)
    store.add_audit(session, user_id=by_id, action="account.added", subject=name, now=now, details={"role": role.value})
    return user


def change_role(session: Session, user_id: int, role: Role, *, by_id: int | None, now: datetime) -> None:
    """Change what a person may do; the last administrator stays one."""
    user = store.get_user(session, user_id)
    if user.role is role:
        return
    if user.role is Role.ADMIN:
        _keep_an_admin(session, user)
    store.change_user(session, user_id, role=role)
    details = {"from": user.role.value, "to": role.value}
    store.add_audit(session, user_id=by_id, action="account.role", subject=user.name, now=now, details=details)


def set_active(session: Session, user_id: int, *, is_active: bool, by_id: int | None, now: datetime) -> None:
    """Let a person go, or back in; sessions and tokens of somebody inactive end at once."""
    user = store.get_user(session, user_id)
    if user.is_active == is_active:
        return
    if not is_active and user.role is Role.ADMIN:
        _keep_an_admin(session, user)
    store.change_user(session, user_id, is_active=is_active)
    store.end_sessions(session, user_id)
    action = "account.activated" if is_active else "account.deactivated"
    store.add_audit(session, user_id=by_id, action=action, subject=user.name, now=now)


def change_contact(
    session: Session, user_id: int, *, email: str, irc_handle: str, irc_server: str, now: datetime
) -> None:
    """Change where a person is reached."""
    for place, text, longest in (("irc_handle", irc_handle, 64), ("irc_server", irc_server, 255)):
        if len(text) > longest or not text.isprintable() or " " in text:
            raise InvalidError((place, f"at most {longest} characters without spaces"))
    user = store.get_user(session, user_id)
    store.change_user(session, user_id, email=check_email(email), irc_handle=irc_handle, irc_server=irc_server)
    store.add_audit(session, user_id=user_id, action="account.contact", subject=user.name, now=now)


def ensure_admin(session: Session, *, now: datetime) -> store.User | None:
    """Return the administrator who still has to choose a password, made if there is none; None when one can sign in."""
    if store.has_admin_with_password(session):
        return None
    return store.find_first_admin(session) or add_person(
        session, name=_free_name(session), email="", role=Role.ADMIN, by_id=None, now=now
    )


def _free_name(session: Session) -> str:
    names = {user.name for user in store.list_users(session)}
    return next(name for n in range(len(names) + 1) if (name := FIRST_ADMIN + str(n or "")) not in names)


def _keep_an_admin(session: Session, user: store.User) -> None:
    if user.is_active and store.count_active_admins(session) <= 1:
        raise ConflictError(LAST_ADMIN)
