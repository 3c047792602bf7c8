"""Do the settings' pages show each value with its source, keep secrets to themselves and refuse what cannot be used?"""

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import TEST_CONFIG, FreshClient, SignIn
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.access import Role
from webapp.settings.resolve import Settings, Source
from webapp.store import accounts, preferences
from webapp.store.db import reading, writing
from webapp.web.links import SETTINGS_KEY
from webapp.web.settings_forms import without_password

pytestmark = pytest.mark.integration

MAIL = {"MAIL_SERVER": "smtp.googlemail.com", "MAIL_PORT": "587", "MAIL_USE_TLS": "y"}


def _settings(app: Flask) -> Settings:
    found: Settings = app.extensions[SETTINGS_KEY]
    return found


def _value(app: Flask, name: str) -> tuple[object, Source]:
    with reading() as session:
        found = _settings(app).get(session, name)
    return found.value, found.source


def test_page_shows_each_value_and_where_it_came_from(app: Flask, admin: FlaskClient) -> None:
    with writing() as session:
        _settings(app).put(session, "MAIL_PORT", "2525", by_id=None, now=now())
    text = admin.get("/admin/settings/mail").text
    assert "MAIL_PORT · set here" in text
    assert 'value="2525"' in text
    assert "MAIL_SERVER · default" in text
    assert 'name="forget" value="MAIL_PORT"' in text
    assert 'name="forget" value="MAIL_SERVER"' not in text


def test_value_of_the_environment_cannot_be_changed(tmp_path: Path, app: Flask, sign_in: SignIn) -> None:
    instance = tmp_path / "instance"
    (instance / "config.py").write_text("MAIL_USERNAME = 'robin'\n")
    fixed = {
        "MAIL_SERVER": "relay.example",
        "MAIL_PASSWORD": "hunter2",
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
    }
    other = create_app(instance, config={**TEST_CONFIG, **fixed})
    other.test_client_class = FreshClient
    client = other.test_client()
    with sign_in(Role.ADMIN).session_transaction() as ours, client.session_transaction() as theirs:
        theirs.update(ours)
    text = client.get("/admin/settings/mail").text
    assert "MAIL_SERVER · environment" in text
    assert "MAIL_SERVER_FILE: change it there" in text
    assert "MAIL_USERNAME · config.py" in text
    assert re.search(r'<input[^>]*disabled[^>]*value="relay\.example"', text)
    assert "hunter2" not in text
    answer = client.post("/admin/settings/mail", data={**MAIL, "MAIL_SERVER": "evil.example", "MAIL_PASSWORD": "x"})
    assert answer.status_code == 302
    with reading() as session:
        assert preferences.list_settings(session) == {}


def test_only_what_changed_is_stored_and_audited(app: Flask, admin: FlaskClient) -> None:
    answer = admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PORT": "25", "MAIL_SENDER": "afterrun@lab.example"})
    assert answer.location == "/admin/settings/mail"
    with reading() as session:
        assert preferences.list_settings(session) == {"MAIL_PORT": "25", "MAIL_SENDER": "afterrun@lab.example"}
        audited = [(line.action, line.subject, line.user_id is None) for line in accounts.list_audit(session, limit=9)]
    assert sorted(audited) == [
        ("setting.changed", "MAIL_PORT", False),
        ("setting.changed", "MAIL_SENDER", False),
    ]
    assert "2 settings are changed." in admin.get("/admin/settings/mail").text
    admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PORT": "25", "MAIL_SENDER": "afterrun@lab.example"})
    assert "Nothing was changed." in admin.get("/admin/settings/mail").text


def test_unticked_box_means_no(app: Flask, admin: FlaskClient) -> None:
    admin.post("/admin/settings/mail", data={name: text for name, text in MAIL.items() if name != "MAIL_USE_TLS"})
    assert _value(app, "MAIL_USE_TLS") == (False, Source.DATABASE)


def test_secret_is_kept_replaced_and_removed_but_never_shown(app: Flask, admin: FlaskClient) -> None:
    admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PASSWORD": "first secret"})
    assert _value(app, "MAIL_PASSWORD") == ("first secret", Source.DATABASE)
    text = admin.get("/admin/settings/mail").text
    assert "first secret" not in text
    assert "type to replace it" in text
    admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PASSWORD": ""})
    assert _value(app, "MAIL_PASSWORD") == ("first secret", Source.DATABASE)
    admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PASSWORD": "second"})
    assert _value(app, "MAIL_PASSWORD") == ("second", Source.DATABASE)
    refused = admin.post("/admin/settings/mail", data={**MAIL, "MAIL_PORT": "x", "MAIL_PASSWORD": "third secret"})
    assert "third secret" not in refused.text
    admin.post("/admin/settings/mail", data={**MAIL, "forget": "MAIL_PASSWORD"})
    assert _value(app, "MAIL_PASSWORD") == ("", Source.DEFAULT)


def test_every_fault_stands_at_its_field_and_nothing_is_saved(app: Flask, admin: FlaskClient) -> None:
    sent = {**MAIL, "MAIL_PORT": "<b>99999", "MAIL_SENDER": "a\nb", "MAIL_RECIPIENTS": "netops@lab.example, oncall lab"}
    answer = admin.post("/admin/settings/mail", data=sent)
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "Nothing was saved." in text
    assert "Expected a whole number" in text
    assert "printable characters" in text
    assert "'oncall lab' is no address" in text
    assert "<b>99999" not in answer.text
    with reading() as session:
        assert preferences.list_settings(session) == {}


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("CALLBACK_ALLOWED_HOSTS", "https://x.example/", "expected host patterns"),
        ("CALLBACK_ALLOW_PRIVATE", "10.0.0.0/8\nnonsense", "expected networks such as"),
        ("CALLBACK_CA_BUNDLE", "/nowhere/ca.pem", "holds no certificates"),
        ("NOTIFY_FALLBACK", "ops", "expected the name of a destination; there is none yet"),
        ("NOTIFICATION_HANDLERS", "{", "expected JSON"),
        ("NOTIFICATION_HANDLERS", '{"a": {"class": "slak", "level": "ok"}}', "did you mean 'slack'?"),
    ],
)
def test_setting_of_notices_is_checked_for_what_it_means(
    admin: FlaskClient, name: str, given: str, sentence: str
) -> None:
    answer = admin.post("/admin/settings/notifications", data={name: given})
    assert answer.status_code == 422
    assert sentence.lower() in unescape(answer.text).lower()


def test_list_may_have_one_item_a_line(app: Flask, admin: FlaskClient) -> None:
    admin.post("/admin/settings/notifications", data={"CALLBACK_ALLOWED_HOSTS": "*.example\r\n\r\nhooks.lab, a.test"})
    assert _value(app, "CALLBACK_ALLOWED_HOSTS") == ("*.example,hooks.lab,a.test", Source.DATABASE)


def test_value_that_cannot_be_read_can_be_forgotten(app: Flask, admin: FlaskClient) -> None:
    with writing() as session:
        preferences.put_setting(session, "MAIL_PASSWORD", "sealed by a key that is gone", by_id=None, now=now())
    text = admin.get("/admin/settings/mail").text
    assert "was stored under a secret key that is gone" in text
    admin.post("/admin/settings/mail", data={**MAIL, "forget": "MAIL_PASSWORD"})
    assert _value(app, "MAIL_PASSWORD") == ("", Source.DEFAULT)


def test_settings_of_the_start_are_shown_and_refused(tmp_path: Path, app: Flask, admin: FlaskClient) -> None:
    text = admin.get("/admin/settings/start").text
    assert "DATABASE_URL" in text
    assert "data-savebar" not in text
    assert admin.post("/admin/settings/start", data={"AFTERRUN_PORT": "1"}).status_code == 302
    with reading() as session:
        assert preferences.list_settings(session) == {}


def test_settings_are_for_administrators(viewer: FlaskClient, operator: FlaskClient, client: FlaskClient) -> None:
    for somebody in (viewer, operator):
        assert somebody.get("/admin/settings/mail").status_code == 403
        assert somebody.post("/admin/settings/mail", data=MAIL).status_code == 403
    assert client.get("/admin/settings/mail").status_code == 302


def test_unknown_section_is_not_found(admin: FlaskClient) -> None:
    assert admin.get("/admin/settings/nothing").status_code == 404
    assert admin.get("/admin/settings").location == "/admin/settings/mail"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://afterrun:p@ss/word@db.example/runs", "postgresql://afterrun:********@ss/word@db.example/runs"),
        ("postgresql://afterrun:geheim@db.example:5432/runs", "postgresql://afterrun:********@db.example:5432/runs"),
        ("https://runs.example:8443/a:b@c", "https://runs.example:8443/a:b@c"),
        ("", ""),
    ],
)
def test_password_within_an_address_is_not_shown(address: str, shown: str) -> None:
    assert without_password(address) == shown
