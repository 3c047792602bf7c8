"""Does the log of deliveries find, open, resend and take back messages, and keep from people what is not theirs?"""

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import FreshClient
from tests.factories.runs import Device, record_run
from tests.factories.sites import Site, opened_site
from tests.servers.mail import running_mail_server
from tests.servers.receiver import Receiver, Reply, running_receiver
from webapp.accounts.sessions import account_of
from webapp.domain.access import Role
from webapp.domain.deliveries import DeliveryState
from webapp.store import accounts
from webapp.store.accounts import list_audit
from webapp.store.db import reading

pytestmark = pytest.mark.integration


@pytest.fixture
def site(tmp_path: Path, own_database: dict[str, object], receiver: Receiver) -> Iterator[Site]:
    """Return a site that tells a mailbox and two hooks of every failure; `/gone` answers 404, `/sick` elsewhere 503."""
    receiver.replies["/gone"] = Reply(status=404, body=b"no such hook")
    with running_mail_server() as peer, running_receiver() as sick:
        sick.replies["/sick"] = Reply(status=503, body=b"<b>upstream</b>")
        handlers = {
            "mail": {"class": "mail", "level": "errors", "recipients": ["ops@lab.example"]},
            "sick": {"class": "webhook", "level": "errors", "url": f"{sick.url}/sick"},
            "gone": {"class": "webhook", "level": "errors", "url": f"{receiver.url}/gone"},
        }
        config: dict[str, Any] = {
            **own_database,
            "NOTIFICATION_HANDLERS": handlers,
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": peer.port,
            "MAIL_USE_TLS": "no",
            "MAIL_SENDER": "runs@lab.example",
            "CALLBACK_ALLOW_PRIVATE": ["127.0.0.0/8"],
        }
        with opened_site(tmp_path / "instance", config) as made:
            made.app.test_client_class = FreshClient
            for role in Role:
                made.add_user(role, role=role)
            yield made


def _client(site: Site, role: Role) -> FlaskClient:
    with reading() as session:
        user = accounts.find_user_by_name(session, role)
    assert user is not None
    client = site.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = account_of(user).get_id()
        session["_fresh"] = True
    return client


def _told(site: Site, service: str = "backup") -> str:
    """Record a run that failed, and tell everybody."""
    uid = record_run(site.app, service=service, devices=[Device(name="edge-1", status="failed", message="no route")])
    site.work()
    return uid


def _states(site: Site, uid: str) -> dict[str, DeliveryState]:
    return {each.to.rpartition("/")[2]: each.state for each in site.deliveries(uid)}


def _uid_of(site: Site, run: str, end: str) -> str:
    return next(each.uid for each in site.deliveries(run) if each.to.endswith(end))


def test_list_shows_what_became_of_each_and_is_filtered(site: Site) -> None:
    uid = _told(site)
    assert _states(site, uid) == {"ops@lab.example": "sent", "sick": "retrying", "gone": "failed"}
    admin = _client(site, Role.ADMIN)
    text = unescape(admin.get("/admin/deliveries").text)
    for word in ("ops@lab.example", "/sick", "503", "/gone", "404", "250", "backup", "Retry 1 failed"):
        assert word in text
    only = admin.get("/admin/deliveries?q=status:failed+channel:webhook").text
    assert "/gone" in only
    assert "/sick" not in only
    assert "Send all again" in only
    for q in ("to:ops", "run:" + uid, "service:BACK*", "%231", "since:1h", "tries:1", "reason:503", "is:nothing"):
        answer = admin.get("/admin/deliveries?q=" + q)
        assert answer.status_code == (400 if q == "is:nothing" else 200)
        assert ("No delivery matches" in answer.text) is False
    assert "No delivery matches" in admin.get("/admin/deliveries?q=service:other").text


def test_row_opens_to_what_was_said_and_answered(site: Site) -> None:
    uid = _told(site)
    admin = _client(site, Role.ADMIN)
    answer = admin.get(f"/admin/deliveries?open={_uid_of(site, uid, '/sick')}")
    assert "&lt;b&gt;upstream" in answer.text
    assert "Retry now" in answer.text
    assert "Take back" in answer.text
    assert "[FAILED] backup #1" in answer.text
    assert "POST http://127.0.0.1" in answer.text
    mail = _uid_of(site, uid, "ops@lab.example")
    page = admin.get(f"/deliveries/{mail}")
    assert f'src="/deliveries/{mail}/message"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    message = admin.get(f"/deliveries/{mail}/message")
    assert "<!doctype html>" in message.text
    assert "sandbox" in message.headers["Content-Security-Policy"]
    assert admin.get("/deliveries/nothing").status_code == 404


def test_failed_message_is_sent_again(site: Site, receiver: Receiver) -> None:
    uid = _told(site)
    receiver.replies.clear()
    operator = _client(site, Role.OPERATOR)
    gone = _uid_of(site, uid, "/gone")
    assert operator.post(f"/deliveries/{gone}/again").location == f"/deliveries/{gone}"
    site.work()
    assert _states(site, uid)["gone"] == "sent"
    assert _states(site, uid)["sick"] == "retrying"


def test_all_failed_ones_of_a_filter_are_sent_again(site: Site, receiver: Receiver) -> None:
    uids = [_told(site), _told(site, "other")]
    receiver.replies.clear()
    admin = _client(site, Role.ADMIN)
    sent = {"q": "service:backup", "which": "failed", "next": "/admin/deliveries?q=service:backup"}
    assert admin.post("/admin/deliveries/again", data=sent).location == sent["next"]
    assert "1 message is sent again." in admin.get("/admin/deliveries").text
    site.work()
    assert [_states(site, uid)["gone"] for uid in uids] == ["sent", "failed"]
    before = len(receiver.taken)
    admin.post("/admin/deliveries/again", data={"q": "after:2026-01-01 channel:webhook", "which": "all"})
    site.work()
    assert len(receiver.taken) == before + 2
    assert admin.post("/admin/deliveries/again", data={"q": "statis:x"}).status_code == 422


def test_waiting_message_is_taken_back_once(site: Site) -> None:
    uid = _told(site)
    operator = _client(site, Role.OPERATOR)
    sick = _uid_of(site, uid, "/sick")
    operator.post(f"/deliveries/{sick}/cancel")
    assert _states(site, uid)["sick"] == "canceled"
    assert "canceled by operator" in operator.get(f"/deliveries/{sick}").text
    operator.post(f"/deliveries/{sick}/cancel")
    assert "It was not taken back: it is canceled already." in unescape(operator.get(f"/deliveries/{sick}").text)
    operator.post(f"/deliveries/{sick}/again")
    with reading() as session:
        lines = [line for line in list_audit(session, limit=20) if line.action.startswith("delivery.")]
    assert [line.action for line in lines] == ["delivery.sent_again", "delivery.canceled"]
    assert None not in {line.user_id for line in lines}


def test_reader_sees_who_was_told_but_not_what_was_said(site: Site) -> None:
    uid = _told(site)
    viewer = _client(site, Role.VIEWER)
    text = unescape(viewer.get(f"/runs/{uid}").text)
    assert "Deliveries of this run" in text
    assert "o…@lab.example" in text
    assert "ops@lab.example" not in text
    mail = _uid_of(site, uid, "ops@lab.example")
    page = unescape(viewer.get(f"/deliveries/{mail}").text)
    assert "shown to the run's submitter" in page
    assert "ops@lab.example" not in page
    assert "Send again" not in page
    assert viewer.get(f"/deliveries/{mail}/message").status_code == 403
    assert viewer.post(f"/deliveries/{mail}/again").status_code == 403
    assert viewer.post(f"/deliveries/{mail}/cancel").status_code == 403
    for somebody in (viewer, _client(site, Role.OPERATOR)):
        assert somebody.get("/admin/deliveries").status_code == 403
        assert somebody.post("/admin/deliveries/again").status_code == 403


def test_run_that_nobody_heard_of_says_so(site: Site) -> None:
    uid = record_run(site.app, service="calm", devices=["edge-1"])
    site.work()
    assert "Nobody was told" in _client(site, Role.VIEWER).get(f"/runs/{uid}").text
    assert "Say who is told of" in _client(site, Role.OPERATOR).get(f"/runs/{uid}").text


def test_administrators_are_told_that_messages_do_not_leave(site: Site) -> None:
    assert "Messages do not leave." not in _client(site, Role.ADMIN).get("/services").text
    _told(site)
    assert "1 message failed in the last 24 hours, or waited" in _client(site, Role.ADMIN).get("/services").text
    assert "Messages do not leave." not in _client(site, Role.OPERATOR).get("/services").text


def test_pages_are_walked_in_both_directions(site: Site) -> None:
    for _ in range(18):
        _told(site)
    admin = _client(site, Role.ADMIN)
    first = admin.get("/admin/deliveries").text
    assert first.count("data-row") == 50 + 1
    older = unescape(first).split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = admin.get(older).text
    assert second.count("data-row") == 4 + 1
    newer = unescape(second).split('rel="prev"')[0].rpartition('href="')[2].partition('"')[0]
    assert admin.get(newer).text.count("data-row") == 50 + 1
