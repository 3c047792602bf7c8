"""How does somebody keep a secret that their callbacks, or everybody's, name by its description?"""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.names import find_name_fault
from webapp.errors import InvalidError
from webapp.notify.office import Office
from webapp.store import accounts
from webapp.store.db import Session
from webapp.store.kept_secrets import add_secret, list_secrets, remove_secret

MAX_SECRETS = 100
MAX_VALUE = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret to keep.

    Args:
        description: what a callback's `token` says to mean it.
        value: the secret.
        user_id: whose it is; None for the server's.
    """

    description: str
    value: str
    user_id: int | None


def keep_secret(session: Session, office: Office, new: NewSecret, *, by_id: int, now: datetime) -> int:
    """Keep a secret, encrypted, and return its id.

    Raises:
        InvalidError: it can't be kept; it names every fault.
    """
    faults: list[tuple[str, str]] = []
    if fault := find_name_fault(new.description):
        faults.append(("description", fault))
    if not new.value or not new.value.isprintable() or len(new.value) > MAX_VALUE:
        faults.append(("value", f"expected at most {MAX_VALUE:,} printable characters on one line"))
    if len(list_secrets(session, user_id=new.user_id)) >= MAX_SECRETS:
        faults.append(("", f"expected at most {MAX_SECRETS} secrets"))
    if faults:
        raise InvalidError(*faults)
    sealed = office.settings.seal(new.value)
    made = add_secret(session, user_id=new.user_id, description=new.description, sealed=sealed, now=now)
    accounts.add_audit(session, user_id=by_id, action="secret.added", subject=new.description, now=now)
    return made


def forget_secret(session: Session, secret_id: int, *, by_id: int, is_admin: bool, now: datetime) -> bool:
    """Forget a secret of one's own, or as an administrator one of the server's; False when there is none of that id."""
    owners = [by_id, None] if is_admin else [by_id]
    if not any(remove_secret(session, secret_id, user_id=owner) for owner in owners):
        return False
    accounts.add_audit(session, user_id=by_id, action="secret.removed", subject=str(secret_id), now=now)
    return True
