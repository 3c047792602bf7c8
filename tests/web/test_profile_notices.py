"""Can people subscribe to runs and keep secrets, each their own, and is what cannot be used told in place?"""

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp.accounts.people import Account
from webapp.domain.access import Role
from webapp.notify.office import EXTENSION, Office
from webapp.store.db import reading
from webapp.store.kept_secrets import list_all_secrets, list_secrets
from webapp.store.subscriptions import Subscription, list_of_user

pytestmark = pytest.mark.integration

PAGE = "/profile/notifications"
MakeAccount = Callable[[Role], Account]
WISH = {"query": "service:backup-*", "status": ["finished"], "level": "errors", "type": ["regression", "fixed"],
        "channel": "email", "verbosity": "quiet"}  # fmt: skip


def _own(account: Account) -> list[Subscription]:
    with reading() as session:
        return list_of_user(session, account.id)


def test_subscription_is_made_switched_and_removed(viewer: FlaskClient, make_account: MakeAccount) -> None:
    me = make_account(Role.VIEWER)
    assert "Your profile has no mail address" in viewer.get(PAGE).text
    assert viewer.post("/profile/subscriptions", data=WISH).location == PAGE
    [kept] = _own(me)
    assert (kept.query, kept.channel, kept.verbosity) == ("service:backup-*", "email", "quiet")
    assert kept.criteria == {"status": ["finished"], "level": "errors", "type": ["regression", "fixed"]}
    text = unescape(viewer.get(PAGE).text)
    assert "/runs?q=service:backup-*" in text
    assert "your profile has no address" in text
    viewer.post(f"/profile/subscriptions/{kept.id}/enabled", data={"enabled": "no"})
    assert _own(me)[0].is_enabled is False
    viewer.post(f"/profile/subscriptions/{kept.id}/remove")
    assert _own(me) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"query": "statis:x"}, "statis"),
        ({"status": []}, "expected"),
        ({"status": ["finish"]}, "not a valid choice"),
        ({"channel": "slack"}, "Not a valid choice"),
    ],
)
def test_fault_stands_at_its_field(
    viewer: FlaskClient, make_account: MakeAccount, changes: dict[str, object], sentence: str
) -> None:
    answer = viewer.post("/profile/subscriptions", data={**WISH, **changes})
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert "Nothing was saved." in answer.text
    assert _own(make_account(Role.VIEWER)) == []


def test_subscriptions_are_one_s_own(
    viewer: FlaskClient, operator: FlaskClient, make_account: MakeAccount, client: FlaskClient
) -> None:
    viewer.post("/profile/subscriptions", data=WISH)
    [kept] = _own(make_account(Role.VIEWER))
    assert "service:backup-*" not in operator.get(PAGE).text.split('id="add-subscription"')[0]
    assert operator.post(f"/profile/subscriptions/{kept.id}/remove").status_code == 404
    assert operator.post(f"/profile/subscriptions/{kept.id}/enabled", data={}).status_code == 404
    assert client.get(PAGE).status_code == 302


def test_secret_is_kept_encrypted_and_never_shown(app: Flask, viewer: FlaskClient, make_account: MakeAccount) -> None:
    me = make_account(Role.VIEWER)
    answer = viewer.post("/profile/secrets", data={"description": "<CI> hook", "value": "geheim 1", "is_servers": "y"})
    assert answer.location == PAGE
    with reading() as session:
        [kept] = list_secrets(session, user_id=me.id)
        assert list_secrets(session, user_id=None) == []
    office: Office = app.extensions[EXTENSION]
    assert "geheim" not in kept.sealed
    assert office.settings.unseal(kept.sealed, "a test") == "geheim 1"
    text = viewer.get(PAGE).text
    assert "&lt;CI&gt; hook" in text
    assert "geheim" not in text
    viewer.post(f"/profile/secrets/{kept.id}/remove")
    with reading() as session:
        assert list_all_secrets(session) == []
    assert viewer.post(f"/profile/secrets/{kept.id}/remove").status_code == 404


def test_secret_that_cannot_be_kept_is_told(viewer: FlaskClient) -> None:
    answer = viewer.post("/profile/secrets", data={"description": "x", "value": "a\nb geheim"})
    assert answer.status_code == 422
    assert "printable characters on one line" in answer.text
    assert "geheim" not in answer.text
    assert viewer.post("/profile/secrets", data={}).status_code == 422


def test_administrators_keep_secrets_of_the_server(
    admin: FlaskClient, viewer: FlaskClient, operator: FlaskClient
) -> None:
    admin.post("/profile/secrets", data={"description": "hook", "value": "geheim", "is_servers": "y"})
    with reading() as session:
        [kept] = list_secrets(session, user_id=None)
    assert "the server's" in unescape(admin.get(PAGE).text)
    assert "hook" not in viewer.get(PAGE).text.split('id="secrets"')[1].split('id="add-secret"')[0]
    assert operator.post(f"/profile/secrets/{kept.id}/remove").status_code == 404
    assert admin.post(f"/profile/secrets/{kept.id}/remove").status_code == 302
