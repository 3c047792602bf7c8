"""Is what somebody else saved while a form was open shown, before it is replaced?"""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp.notify.handler_setting import read_mapping
from webapp.notify.office import EXTENSION
from webapp.store.db import reading
from webapp.store.repositories import get_repository

pytestmark = pytest.mark.integration


def mark_in(page: str) -> str:
    """Return the mark of what a page's form is filled with."""
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["destinations", "handlers"])
def test_destination_that_another_changed_is_shown_first(app: Flask, admin: FlaskClient, kind: str) -> None:
    made = {"name": "tickets", "level": "errors", "config.url": "https://hooks.example/in", "config.token": "s3cret"}
    admin.post(f"/admin/destinations/new/{kind}/webhook", data=made)
    page = f"/admin/destinations/edit/{kind}/tickets"
    first = {**made, "config.token": "", "seen": mark_in(admin.get(page).text)}
    assert admin.post(page, data={**first, "config.url": "https://hooks.example/theirs"}).status_code == 302
    refused = admin.post(page, data={**first, "config.header": "X-Mine"})
    text = unescape(refused.text)
    assert refused.status_code == 409
    assert "Somebody else changed this meanwhile" in text
    assert "Stored now: 'https://hooks.example/theirs'" in text
    assert 'value="X-Mine"' in text
    assert "s3cret" not in text
    again = {**first, "config.url": "https://hooks.example/theirs", "config.header": "X-Mine"}
    assert admin.post(page, data={**again, "seen": mark_in(refused.text)}).status_code == 302
    assert 'value="X-Mine"' in admin.get(page).text


def test_handler_is_not_disturbed_by_another_one(app: Flask, admin: FlaskClient) -> None:
    made = {"name": "one", "level": "errors", "config.url": "https://hooks.example/in"}
    admin.post("/admin/destinations/new/handlers/webhook", data=made)
    page = "/admin/destinations/edit/handlers/one"
    seen = mark_in(admin.get(page).text)
    admin.post("/admin/destinations/new/handlers/webhook", data={**made, "name": "two"})
    assert admin.post(page, data={**made, "level": "failed", "seen": seen}).status_code == 302
    with reading() as session:
        found = read_mapping(session, app.extensions[EXTENSION])
    assert {name: given["level"] for name, given in found.items()} == {"one": "failed", "two": "errors"}


def test_repository_that_another_changed_is_shown_first(admin: FlaskClient) -> None:
    made = {"name": "lab", "url": "https://git.example.org/r.git", "branch": "main", "token": "t0ken"}
    page = admin.post("/admin/git/new", data=made).location
    first = {**made, "token": "", "is_default": "y", "seen": mark_in(admin.get(page).text)}
    assert admin.post(page, data={**first, "branch": "theirs"}).status_code == 302
    refused = admin.post(page, data={**first, "folder": "mine"})
    assert refused.status_code == 409
    assert "Stored now: 'theirs'" in unescape(refused.text)
    assert 'value="mine"' in refused.text
    with reading() as session:
        assert (get_repository(session, 1).branch, get_repository(session, 1).folder) == ("theirs", "")
    assert admin.post(page, data={**first, "folder": "mine", "seen": mark_in(refused.text)}).status_code == 302
    with reading() as session:
        assert (get_repository(session, 1).branch, get_repository(session, 1).folder) == ("main", "mine")
