"""Does a test of a channel use what is typed, show both sides, and save nothing, whatever the other side does?"""

from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import Device, record_run
from tests.servers.certificates import Certificates
from tests.servers.mail import running_mail_server
from tests.servers.receiver import Receiver, Reply
from tests.servers.sockets import silent_server
from webapp.clock import now
from webapp.store import preferences
from webapp.store.db import reading, writing
from webapp.web import trials
from webapp.web.links import SETTINGS_KEY

pytestmark = pytest.mark.integration


@pytest.fixture
def uid(app: Flask) -> str:
    """Return the uid of a run in which a device with a nasty name failed."""
    return record_run(app, service="backup", devices=[Device(name="<b>edge-1", status="failed", message="no route")])


def _mail(port: int, uid: str, **more: str) -> dict[str, str]:
    return {
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(port),
        "MAIL_SENDER": "afterrun@lab.example",
        "run": uid,
        "to": "ada@lab.example",
        **more,
    }


def test_unsaved_values_are_tried_and_both_sides_shown(app: Flask, admin: FlaskClient, uid: str) -> None:
    with running_mail_server() as peer:
        answer = admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid))
        assert answer.status_code == 200
        text = unescape(answer.text)
        assert "<b>Accepted</b> with 250" in text
        assert "2.0.0 taken as 1234" in text
        assert "[FAILED] backup #1" in text
        assert f'src="/admin/settings/mail/preview?run={uid}&verbosity=quiet"' in text
        assert f'value="{peer.port}"' in text
        assert [mail.recipients for mail in peer.mails] == [["ada@lab.example"]]
    with reading() as session:
        assert preferences.list_settings(session) == {}


def test_part_alone_is_answered_to_scripts(admin: FlaskClient, uid: str) -> None:
    with running_mail_server() as peer:
        answer = admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid), headers={"X-Partial": "1"})
    assert answer.text.lstrip().startswith('<div id="trial-result">')


def test_refusal_is_shown_with_its_code(admin: FlaskClient, uid: str) -> None:
    with running_mail_server() as peer:
        answer = admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid, to="refused@lab.example"))
    text = unescape(answer.text)
    assert answer.status_code == 200
    assert "The answer was 550" in text
    assert "would not be tried again" in text


def test_silence_is_said_in_words(admin: FlaskClient, uid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "PATIENCE_S", 0.3)
    with silent_server() as port:
        answer = admin.post("/admin/settings/mail/test", data=_mail(port, uid))
    assert answer.status_code == 200
    assert "did not answer in time" in unescape(answer.text)
    assert "would be tried again" in answer.text


def test_stored_secret_is_used_and_not_shown(app: Flask, admin: FlaskClient, uid: str, receiver: Receiver) -> None:
    receiver.replies["/hooks/s3cret"] = Reply(status=500, body=b"<i>down for work")
    with writing() as session:
        settings = app.extensions[SETTINGS_KEY]
        settings.put(session, "MATTERMOST_URL", f"{receiver.url}/hooks/s3cret", by_id=None, now=now())
        settings.put(session, "CALLBACK_ALLOW_PRIVATE", "127.0.0.0/8", by_id=None, now=now())
    answer = admin.post("/admin/settings/mattermost/test", data={"run": uid, "MATTERMOST_CHANNEL": "ops"})
    assert b'"channel": "ops"' in receiver.taken[0].body
    assert "s3cret" not in answer.text
    assert "&lt;i&gt;down for work" in answer.text
    assert "The answer was 500" in answer.text


def test_faulty_values_are_told_and_nothing_is_sent(admin: FlaskClient, uid: str) -> None:
    with running_mail_server() as peer:
        answer = admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid, MAIL_RECIPIENTS="a b"))
        assert answer.status_code == 422
        assert "Nothing was sent" in answer.text
        assert "is no address" in answer.text
        assert peer.mails == []


def test_nobody_to_tell_is_said(admin: FlaskClient, uid: str) -> None:
    answer = admin.post("/admin/settings/mail/test", data=_mail(9, uid, to=""))
    assert "Nothing was sent. Recipients: expected at least one address" in answer.text
    assert answer.status_code == 200


def test_certificate_that_is_not_trusted_says_what_helps(
    admin: FlaskClient, uid: str, certificates: Certificates
) -> None:
    with running_mail_server(certificates.server_context()) as peer:
        text = unescape(admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid, MAIL_USE_TLS="y")).text)
        assert "is not trusted: unable to get local issuer certificate (CALLBACK_CA_BUNDLE names a file of" in text


def test_server_without_encryption_is_said_in_one_sentence(admin: FlaskClient, uid: str) -> None:
    with running_mail_server() as peer:
        text = admin.post("/admin/settings/mail/test", data=_mail(peer.port, uid, MAIL_USE_TLS="y")).text
    assert "does not offer what is asked for: STARTTLS extension not supported by server. " in text


def test_run_that_is_gone_is_said(admin: FlaskClient) -> None:
    answer = admin.post("/admin/settings/mail/test", data=_mail(9, "nothing"))
    assert "That run is not there any more" in answer.text


def test_preview_is_the_message_and_can_do_nothing(admin: FlaskClient, viewer: FlaskClient, uid: str) -> None:
    answer = admin.get(f"/admin/settings/mail/preview?run={uid}")
    assert "&lt;b&gt;edge-1" in answer.text
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "frame-src 'self'" in admin.get("/admin/settings/mail").headers["Content-Security-Policy"]
    assert admin.get("/admin/settings/mail/preview?run=nothing").status_code == 404
    assert admin.get("/admin/settings/slack/preview?run=" + uid).status_code == 404
    assert admin.get("/admin/settings/runs/preview?run=" + uid).status_code == 404
    assert viewer.get(f"/admin/settings/mail/preview?run={uid}").status_code == 403
    assert viewer.post("/admin/settings/mail/test", data={}).status_code == 403
