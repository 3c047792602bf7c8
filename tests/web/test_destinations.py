"""Are destinations and handlers set up by forms that keep secrets, show faults in place and can be tried?"""

import json
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import TEST_CONFIG
from tests.factories.runs import Device, record_run
from tests.servers.receiver import Receiver
from webapp.app import create_app
from webapp.clock import now
from webapp.notify.office import EXTENSION, Office
from webapp.settings.resolve import Source
from webapp.store.db import reading, writing
from webapp.store.destinations import (
    Destination,
    StoppedTarget,
    find_destination,
    list_stopped,
    stop_target,
    switch_off,
)

pytestmark = pytest.mark.integration

NEW = "/admin/destinations/new/destinations/webhook"
HOOK = {
    "name": "tickets",
    "config.url": "https://hooks.example/in/{ID}",
    "config.method": "POST",
    "config.token": "first secret",
}


def _office(app: Flask) -> Office:
    found: Office = app.extensions[EXTENSION]
    return found


def _own(app: Flask, name: str) -> dict[str, object]:
    return _office(app).read_sealed(_found(name).sealed, "a test")


def _found(name: str) -> Destination:
    with reading() as session:
        found = find_destination(session, name)
    assert found is not None
    return found


def _handlers(app: Flask) -> dict[str, dict[str, object]]:
    with reading() as session:
        resolved = _office(app).settings.get(session, "NOTIFICATION_HANDLERS")
    assert resolved.source in (Source.DATABASE, Source.DEFAULT)
    found: dict[str, dict[str, object]] = json.loads(str(resolved.value) or "{}")
    return found


def test_destination_is_made_with_its_own_values_alone(app: Flask, admin: FlaskClient) -> None:
    assert "placeholders such as {ID}" in admin.get(NEW).text
    assert "<code>chat:write</code>" in admin.get("/admin/destinations/new/destinations/slack").text
    assert admin.post(NEW, data=HOOK).location == "/admin/destinations"
    assert _own(app, "tickets") == {"url": HOOK["config.url"], "method": "POST", "token": "first secret"}
    text = admin.get("/admin/destinations").text
    assert "tickets is saved." in text
    assert "https://hooks.example/in/{ID}" in text
    assert _found("tickets").owner == "admin"


def test_secret_stays_is_replaced_and_goes_and_is_never_shown(app: Flask, admin: FlaskClient) -> None:
    admin.post(NEW, data=HOOK)
    page = "/admin/destinations/edit/destinations/tickets"
    text = admin.get(page).text
    assert "first secret" not in text
    assert 'name="forget" value="token"' in text
    admin.post(page, data={**HOOK, "name": "another", "config.token": "", "config.method": "GET"})
    assert _own(app, "tickets") == {"url": HOOK["config.url"], "method": "GET", "token": "first secret"}
    admin.post(page, data={**HOOK, "config.token": "second", "config.secret": "one, two"})
    assert _own(app, "tickets")["token"] == "second"
    admin.post(page, data={**HOOK, "config.token": "", "forget": "token"})
    assert "token" not in _own(app, "tickets")
    assert "secret" in _own(app, "tickets")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "a/b"}, "without '/'"),
        ({"name": ""}, "expected"),
        ({"name": "slack"}, "this is a channel's"),
        ({"config.url": "nonsense"}, "expected an address such as"),
        ({"config.url": ""}, "expected an address"),
        ({"config.url": "https://x.example/{TOKEN}"}, "cannot be filled"),
        ({"config.dataset": "everything"}, "not a valid choice"),
    ],
)
def test_faults_stand_in_place_and_nothing_is_kept(admin: FlaskClient, changes: dict[str, str], sentence: str) -> None:
    answer = admin.post(NEW, data={**HOOK, **changes})
    assert answer.status_code == 422
    assert sentence.lower() in unescape(answer.text).lower()
    assert "first secret" not in answer.text
    with reading() as session:
        assert find_destination(session, "tickets") is None


def test_name_that_is_taken_is_told(admin: FlaskClient) -> None:
    admin.post(NEW, data=HOOK)
    answer = admin.post(NEW, data={**HOOK, "config.url": "https://other.example/"})
    assert answer.status_code == 422
    assert "There is a destination of this name already" in answer.text or "there is a destination" in answer.text


def test_destination_that_said_it_is_gone_is_switched_on_again(admin: FlaskClient) -> None:
    admin.post(NEW, data=HOOK)
    with writing() as session:
        switch_off(session, "tickets", fault="hooks.example answered <410>", now=now())
    text = admin.get("/admin/destinations").text
    assert "hooks.example answered &lt;410&gt;" in text
    admin.post("/admin/destinations/tickets/enabled", data={"enabled": "yes"})
    assert (_found("tickets").is_enabled, _found("tickets").fault) == (True, "")
    admin.post("/admin/destinations/tickets/enabled", data={"enabled": "no"})
    assert _found("tickets").is_enabled is False
    admin.post("/admin/destinations/tickets/remove")
    with reading() as session:
        assert find_destination(session, "tickets") is None
    assert admin.post("/admin/destinations/tickets/remove").status_code == 404


def test_stopped_target_is_taken_up_again(admin: FlaskClient) -> None:
    target = StoppedTarget(channel="webhook", target_key="k", to="https://gone.example/", reason="410", at=now())
    with writing() as session:
        stop_target(session, target)
    assert "https://gone.example/" in admin.get("/admin/destinations").text
    sent = {"channel": "webhook", "key": "k"}
    assert admin.post("/admin/destinations/stopped/take-up", data=sent).status_code == 302
    with reading() as session:
        assert list_stopped(session) == []
    assert admin.post("/admin/destinations/stopped/take-up", data=sent).status_code == 409


def test_handler_is_made_changed_and_removed(app: Flask, admin: FlaskClient) -> None:
    new = "/admin/destinations/new/handlers/webhook"
    assert admin.post(new, data={**HOOK, "level": "errors"}).status_code == 302
    kept = {"class": "webhook", "level": "errors", "url": HOOK["config.url"], "method": "POST", "token": "first secret"}
    assert _handlers(app) == {"tickets": kept}
    assert "errors and worse" in admin.get("/admin/destinations").text
    page = "/admin/destinations/edit/handlers/tickets"
    assert "first secret" not in admin.get(page).text
    admin.post(page, data={**HOOK, "config.token": "", "level": "failed"})
    assert _handlers(app)["tickets"]["level"] == "failed"
    assert _handlers(app)["tickets"]["token"] == "first secret"
    assert admin.post(new, data={**HOOK, "level": "errors"}).status_code == 422
    assert admin.post(page, data={**HOOK, "config.url": "x", "level": "failed"}).status_code == 422
    admin.post("/admin/destinations/handlers/tickets/remove")
    assert _handlers(app) == {}
    assert admin.post("/admin/destinations/handlers/tickets/remove").status_code == 404
    assert admin.get(page).status_code == 404


def test_handlers_of_config_py_are_shown_and_not_changed(tmp_path: Path, app: Flask, admin: FlaskClient) -> None:
    handlers = {"ops": {"class": "mail", "level": "ok", "recipients": ["ops@lab.example"], "from_email": "a@b.example"}}
    instance = tmp_path / "instance"
    (instance / "config.py").write_text(f"NOTIFICATION_HANDLERS = {handlers!r}\n")
    database = app.config["SQLALCHEMY_DATABASE_URI"]
    other = create_app(instance, config={**TEST_CONFIG, "DATABASE_URL": database})
    client = other.test_client()
    with admin.session_transaction() as ours, client.session_transaction() as theirs:
        theirs.update(ours)
    text = client.get("/admin/destinations").text
    assert "ops@lab.example" in text
    assert "They are set in config.py" in text
    assert "New handler" not in text
    assert client.post("/admin/destinations/handlers/ops/remove").status_code == 409
    new = "/admin/destinations/new/handlers/webhook"
    answer = client.post(new, data={**HOOK, "level": "errors"})
    assert answer.status_code == 422
    assert "given by config.py" in unescape(answer.text)


def test_destination_is_tried_with_values_not_saved(app: Flask, admin: FlaskClient, receiver: Receiver) -> None:
    uid = record_run(app, service="backup", devices=[Device(name="edge-1", status="failed")])
    with writing() as session:
        _office(app).settings.put(session, "CALLBACK_ALLOW_PRIVATE", "127.0.0.0/8", by_id=None, now=now())
    admin.post(NEW, data={**HOOK, "config.url": f"{receiver.url}/old"})
    page = "/admin/destinations/edit/destinations/tickets/test"
    sent = {**HOOK, "config.url": f"{receiver.url}/new", "config.token": "", "run": uid}
    answer = admin.post(page, data=sent)
    assert "<b>Accepted</b> with 200" in answer.text
    assert [(each.path, each.headers.get("authorization")) for each in receiver.taken] == [("/new", "first secret")]
    assert "first secret" not in answer.text
    part = admin.post(f"{NEW}/test", data={**sent, "config.url": "x"}, headers={"X-Partial": "1"})
    assert part.status_code == 422
    assert "expected an address such as" in part.text
    assert admin.get(f"/admin/destinations/preview/email?run={uid}").status_code == 200
    assert admin.get(f"/admin/destinations/preview/webhook?run={uid}").status_code == 404


def test_what_is_not_there_is_not_found(admin: FlaskClient) -> None:
    for path in ("new/destinations/nothing", "new/nothing/email", "edit/destinations/x", "edit/nothing/x"):
        assert admin.get(f"/admin/destinations/{path}").status_code == 404


def test_destinations_are_for_administrators(viewer: FlaskClient, operator: FlaskClient) -> None:
    for somebody in (viewer, operator):
        assert somebody.get("/admin/destinations").status_code == 403
        assert somebody.get(NEW).status_code == 403
        assert somebody.post(NEW, data=HOOK).status_code == 403
