"""Which token does a callback carry? The text in the block names a secret that is kept, or is the token itself."""

import json

from webapp.domain.policy import CallbackWish
from webapp.notify.office import Office
from webapp.store.accounts import find_user_by_name
from webapp.store.db import Session
from webapp.store.kept_secrets import find_secret
from webapp.store.runs import Run


def find_token(session: Session, office: Office, run: Run, text: str) -> str:
    """Return what a callback's header carries.

    The submitter's kept secret of that description; else the instance's; else the text itself.
    """
    submitter = find_user_by_name(session, run.submitter) if run.submitter else None
    owners = [submitter.id, None] if submitter is not None else [None]
    for user_id in owners:
        kept = find_secret(session, user_id=user_id, description=text)
        if kept is not None:
            return office.settings.unseal(kept.sealed, f"the secret {kept.description!r}")
    return text


def seal_callback(session: Session, office: Office, run: Run, wish: CallbackWish) -> str:
    """Return a callback's token and secrets, encrypted; empty when it has none."""
    token = find_token(session, office, run, wish.token) if wish.token else ""
    secrets = [find_token(session, office, run, text) for text in wish.secrets]
    return office.settings.seal(json.dumps({"token": token, "secrets": secrets})) if token or secrets else ""


def unseal_callback(office: Office, sealed: str) -> tuple[str, tuple[str, ...]]:
    """Return a callback's token and secrets.

    Raises:
        SettingError: they were encrypted under a key that is gone.
    """
    if not sealed:
        return "", ()
    kept = json.loads(office.settings.unseal(sealed, "the callback's token"))
    return kept["token"], tuple(kept["secrets"])
