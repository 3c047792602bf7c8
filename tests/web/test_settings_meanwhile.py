"""Do two administrators who change one section at the same time keep what each of them saved?"""

import re
from collections.abc import Mapping
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp.clock import now
from webapp.domain.access import Role
from webapp.settings.resolve import Settings
from webapp.store import preferences
from webapp.store.accounts import NewUser, add_user
from webapp.store.db import reading, writing
from webapp.web.links import SETTINGS_KEY

pytestmark = pytest.mark.integration

ADDRESS = "/admin/settings/mail"


def opened(client: FlaskClient, address: str = ADDRESS) -> dict[str, str]:
    """Return the fields of the page's form as a browser would send them."""
    return fields_of(client.get(address).text)


def fields_of(page: str) -> dict[str, str]:
    """Return the fields of a page's form: inputs that have a value or are ticked; the areas are empty here."""
    form = page.partition('id="settings-form"')[2].partition("</form>")[0]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" or " checked" in tag:
            found[attributes["name"]] = unescape(attributes.get("value", "y"))
    return found


def save_as_bob(app: Flask, given: Mapping[str, str]) -> None:
    """Store settings as somebody else."""
    settings: Settings = app.extensions[SETTINGS_KEY]
    with writing() as session:
        bob = add_user(session, NewUser(name="bob", email="", role=Role.ADMIN), now=now())
        for name, text in given.items():
            settings.put(session, name, text, by_id=bob.id, now=now())


def stored(app: Flask) -> dict[str, str]:
    """Return what is stored, secrets as they are."""
    settings: Settings = app.extensions[SETTINGS_KEY]
    with reading() as session:
        return {name: str(settings.get(session, name).value) for name in preferences.list_settings(session)}


def test_what_another_saved_meanwhile_stays_and_is_told(app: Flask, admin: FlaskClient) -> None:
    form = opened(admin)
    save_as_bob(app, {"MAIL_PORT": "2525", "MAIL_PASSWORD": "bob's", "MAIL_USE_TLS": "no"})
    answer = admin.post(ADDRESS, data={**form, "MAIL_SENDER": "a@lab.example"}, follow_redirects=True)
    text = unescape(answer.text)
    assert "1 setting is changed." in text
    assert "Port (changed by bob, now '2525')" in text
    assert "Password (changed by bob)" in text
    assert "bob's" not in text
    assert stored(app) == {
        "MAIL_PORT": "2525",
        "MAIL_PASSWORD": "bob's",
        "MAIL_USE_TLS": "False",
        "MAIL_SENDER": "a@lab.example",
    }


def test_what_both_changed_is_shown_before_it_is_replaced(app: Flask, admin: FlaskClient) -> None:
    form = {**opened(admin), "MAIL_PORT": "26", "MAIL_PASSWORD": "mine", "MAIL_USERNAME": "me"}
    save_as_bob(app, {"MAIL_PORT": "2525", "MAIL_PASSWORD": "bob's", "MAIL_SERVER": "relay.lab"})
    refused = admin.post(ADDRESS, data=form)
    text = unescape(refused.text)
    assert refused.status_code == 409
    assert "Changed by bob, now '2525'. Save again to have what is typed here in its place" in text
    assert "Server (changed by bob, now 'relay.lab')" in text
    assert "bob's" not in text
    assert "MAIL_USERNAME" not in stored(app)
    again = fields_of(refused.text)
    assert (again["MAIL_PORT"], again["MAIL_USERNAME"], again["MAIL_SERVER"]) == ("26", "me", "relay.lab")
    assert admin.post(ADDRESS, data={**again, "MAIL_PASSWORD": "mine"}).status_code == 302
    assert stored(app) == {
        "MAIL_PORT": "26",
        "MAIL_PASSWORD": "mine",
        "MAIL_USERNAME": "me",
        "MAIL_SERVER": "relay.lab",
    }


def test_fault_does_not_make_one_forget_what_was_seen(app: Flask, admin: FlaskClient) -> None:
    form = {**opened(admin), "MAIL_PORT": "x"}
    save_as_bob(app, {"MAIL_PORT": "2525"})
    faulty = admin.post(ADDRESS, data=form)
    assert faulty.status_code == 422
    assert admin.post(ADDRESS, data={**fields_of(faulty.text), "MAIL_PORT": "26"}).status_code == 409
    assert stored(app) == {"MAIL_PORT": "2525"}


def test_value_that_another_removed_or_set_alike_is_no_surprise(app: Flask, admin: FlaskClient) -> None:
    save_as_bob(app, {"MAIL_PORT": "2525", "MAIL_USERNAME": "bob"})
    form = opened(admin)
    with writing() as session:
        preferences.remove_setting(session, "MAIL_PORT")
        preferences.put_setting(session, "MAIL_USERNAME", "relay", by_id=None, now=now())
    said = unescape(admin.post(ADDRESS, data={**form, "MAIL_USERNAME": "relay"}, follow_redirects=True).text)
    assert "Nothing was changed. Meanwhile changed, and left so: Port (removed, now '587')" in said
    refused = admin.post(ADDRESS, data={**form, "forget": "MAIL_USERNAME"})
    assert "Changed by the command line, now 'relay'" in unescape(refused.text)
    assert stored(app) == {"MAIL_USERNAME": "relay"}
