"""Do the pages of signing in, of the profile and of the people work, with and without malice?"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SignIn
from webapp.accounts.passwords import hash_password
from webapp.accounts.people import Account
from webapp.accounts.signin import make_link
from webapp.accounts.tokens import find_caller
from webapp.clock import now
from webapp.domain.access import Role
from webapp.store import accounts as store
from webapp.store.db import reading, writing

pytestmark = pytest.mark.integration
PASSWORD = "correct horse battery"
MakeAccount = Callable[[Role], Account]


@pytest.fixture
def known(make_account: MakeAccount) -> Account:
    """Return a viewer who has a password."""
    account = make_account(Role.VIEWER)
    with writing() as session:
        store.change_user(session, account.id, password_hash=hash_password(PASSWORD))
    return account


def _sign_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> tuple[int, str | None]:
    answer = client.post("/sign-in", data={"name": "viewer", "password": password, **fields})
    return answer.status_code, answer.location


def test_sign_in_goes_where_the_person_wanted_to(client: FlaskClient, known: Account) -> None:
    asked = client.get("/profile?x=1")
    assert asked.location == "/sign-in?next=/profile?x%3D1"
    page = client.get(asked.location).get_data(as_text=True)
    assert 'name="next" value="/profile?x=1"' in page
    assert _sign_in(client, next="/profile?x=1") == (302, "/profile?x=1")
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil", "/a\\b", "javascript:x", "/a\nb"]
)
def test_sign_in_never_leads_to_another_site(client: FlaskClient, known: Account, target: str) -> None:
    assert _sign_in(client, next=target) == (302, "/")


def test_address_too_long_for_a_header_is_not_kept_for_later(client: FlaskClient) -> None:
    assert client.get(f"/runs?q={'%7B' * 1000}").location == "/sign-in"


def test_wrong_password_is_refused_and_then_slowed_down(client: FlaskClient, known: Account) -> None:
    statuses = [_sign_in(client, "wrong wrong wrong")[0] for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    answer = client.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    assert int(answer.headers["Retry-After"]) > 0


def test_empty_sign_in_says_what_is_missing(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={})
    assert answer.status_code == 422
    assert "Type your name." in answer.get_data(as_text=True)


def test_sign_out_ends_the_session(viewer: FlaskClient) -> None:
    assert viewer.get("/profile").status_code == 200
    assert viewer.post("/sign-out").location == "/sign-in"
    assert viewer.get("/profile").status_code == 302
    assert viewer.get("/sign-out").status_code == 405


def test_session_cookie_is_kept_from_scripts_and_to_https(app: Flask, client: FlaskClient, known: Account) -> None:
    cookie = client.post("/sign-in", data={"name": "viewer", "password": PASSWORD}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    secure = app.test_client().post("/sign-in", data={"name": "viewer", "password": PASSWORD}, base_url="https://x")
    assert "Secure" in secure.headers["Set-Cookie"]


def test_welcome_link_works_by_https(app: Flask, make_account: MakeAccount) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    account = make_account(Role.VIEWER)
    with writing() as session:
        path = make_link(session, account.id, by_id=None, now=now())
    client, server = app.test_client(), "https://runs.example.org:8443"
    page = client.get(path, base_url=server)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert token is not None
    referrers: dict[str, dict[str, str]] = {"no-referrer": {}, "strict-origin": {"Referer": f"{server}/"}}
    sent = {"csrf_token": token[1], "password": PASSWORD, "again": PASSWORD}
    headers = referrers[page.headers["Referrer-Policy"]]
    assert client.post(path, base_url=server, headers=headers, data=sent).status_code == 302


def test_welcome_link_sets_the_first_password(app: Flask, make_account: MakeAccount) -> None:
    account = make_account(Role.ADMIN)
    client = app.test_client()
    assert "afterrun user link admin" in client.get("/sign-in").get_data(as_text=True)
    with writing() as session:
        path = make_link(session, account.id, by_id=None, now=now())
    page = client.get(path)
    assert "Welcome, admin" in page.get_data(as_text=True)
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert client.post(path, data={"password": PASSWORD, "again": "other"}).status_code == 422
    assert client.post(path, data={"password": "short", "again": "short"}).status_code == 422
    assert client.post(path, data={"password": PASSWORD, "again": PASSWORD}).location == "/"
    assert client.get("/profile").status_code == 200
    assert app.test_client().get(path).status_code == 404


def test_theme_is_remembered(client: FlaskClient) -> None:
    assert client.post("/theme", data={"theme": "dark", "next": "/sign-in"}).location == "/sign-in"
    assert 'data-theme="dark"' in client.get("/sign-in").get_data(as_text=True)
    client.post("/theme", data={"theme": "system"})
    assert "data-theme=" not in client.get("/sign-in").get_data(as_text=True).split("<head>")[0]
    client.set_cookie("theme", '"><script>')
    assert "<script>" not in client.get("/sign-in").get_data(as_text=True).split("<head>")[0]


def test_token_is_shown_once_and_can_be_revoked(operator: FlaskClient) -> None:
    fields = {"description": "<b>CI</b>", "scopes": ["ingest"], "services": "backup, upgrade", "expires": "30"}
    answer = operator.post("/profile/tokens", data=fields)
    page = answer.get_data(as_text=True)
    text = re.search(r"<code>(art_[\w-]+)</code>", page)
    assert text is not None
    assert answer.headers["Cache-Control"] == "no-store"
    assert "&lt;b&gt;CI" in page
    caller = find_caller(text[1], now=now())
    assert caller is not None
    assert caller.services == {"backup", "upgrade"}
    assert text[1] not in operator.get("/profile").get_data(as_text=True)
    assert operator.post("/profile/tokens/1/revoke").status_code == 302
    assert find_caller(text[1], now=now()) is None
    assert "Revoked" in operator.get("/profile").get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"description": ""}, "Name it"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["admin"]}, "not a valid choice"),
        ({"services": "a,\u202eb"}, "direction"),
        ({"expires": "7"}, "Not a valid choice"),
    ],
)
def test_token_that_cannot_be_made_says_why(operator: FlaskClient, changes: dict[str, object], sentence: str) -> None:
    fields = {"description": "CI", "scopes": ["ingest"], "services": "", "expires": "0", **changes}
    answer = operator.post("/profile/tokens", data=fields)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_token_of_somebody_else_cannot_be_revoked(sign_in: SignIn) -> None:
    sign_in(Role.OPERATOR).post("/profile/tokens", data={"description": "x", "scopes": ["read"], "expires": "0"})
    assert sign_in(Role.VIEWER).post("/profile/tokens/1/revoke").status_code == 404


def test_contact_and_password_are_changed(client: FlaskClient, known: Account) -> None:
    _sign_in(client)
    assert client.post("/profile/contact", data={"email": "v@x.example"}).status_code == 302
    assert client.post("/profile/contact", data={"email": "nonsense"}).status_code == 422
    assert client.post("/profile/contact", data={"email": "x" * 300}).status_code == 422
    new = {"password": "another good one", "again": "another good one"}
    assert client.post("/profile/password", data={"old": "wrong wrong", **new}).status_code == 422
    assert client.post("/profile/password", data={"old": PASSWORD}).status_code == 422
    assert client.post("/profile/password", data={"old": PASSWORD, **new}).status_code == 302
    assert "password is changed" in client.get("/profile").get_data(as_text=True)
    with reading() as session:
        assert store.get_user(session, known.id).email == "v@x.example"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_people_are_for_administrators(sign_in: SignIn, role: Role) -> None:
    assert sign_in(role).get("/admin/people").status_code == 403
    assert sign_in(role).post("/admin/people", data={"name": "x", "role": "admin"}).status_code == 403


def test_admin_adds_a_person_who_then_gets_in(app: Flask, admin: FlaskClient) -> None:
    page = admin.post("/admin/people", data={"name": "ann", "email": "", "role": "operator"}).get_data(as_text=True)
    link = re.search(r"<code>http://localhost(/welcome/[\w-]+)</code>", page)
    assert link is not None
    assert "Role of ann" in page
    client = app.test_client()
    assert client.post(link[1], data={"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert "Operator" in client.get("/profile").get_data(as_text=True)


def test_admin_changes_roles_and_lets_people_go(admin: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account(Role.VIEWER)
    here = f"/admin/people/{account.id}"
    assert admin.post(f"{here}/role", data={"role": "operator"}).status_code == 302
    assert admin.post(f"{here}/role", data={"role": "king"}).status_code == 422
    assert admin.post(f"{here}/active", data={"active": "no"}).status_code == 302
    assert "Inactive" in admin.get("/admin/people").get_data(as_text=True)
    assert admin.post(f"{here}/active", data={"active": "yes"}).status_code == 302
    assert "/welcome/" in admin.post(f"{here}/link").get_data(as_text=True)
    assert admin.post("/admin/people/4711/link").status_code == 404


def test_last_administrator_cannot_be_removed_in_the_browser(admin: FlaskClient, make_account: MakeAccount) -> None:
    here = f"/admin/people/{make_account(Role.ADMIN).id}"
    for path, fields in (("role", {"role": "viewer"}), ("active", {"active": "no"})):
        answer = admin.post(f"{here}/{path}", data=fields)
        assert answer.status_code == 409
        assert "last administrator" in answer.get_data(as_text=True)


def test_bad_person_is_refused_beside_the_field(admin: FlaskClient) -> None:
    for fields, status in (
        ({"name": "admin", "role": "viewer"}, 422),
        ({"name": "a b", "role": "viewer"}, 422),
        ({}, 422),
    ):
        assert admin.post("/admin/people", data=fields).status_code == status


def test_forms_of_other_sites_are_refused(app: Flask, known: Account, tmp_path: Path) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert _sign_in(client)[0] == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token is not None
    assert _sign_in(client, csrf_token=token[1]) == (302, "/")


def test_no_single_box_is_required(viewer: FlaskClient) -> None:
    page = viewer.get("/profile").get_data(as_text=True)
    assert re.search(r'type="checkbox"[^>]* required', page) is None
