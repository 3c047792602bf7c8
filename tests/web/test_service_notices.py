"""Are a service's notifications set by a form that keeps secrets and shows every fault, and tried without sending?"""

from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import Device, record_run
from webapp.clock import now
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.office import EXTENSION, Office
from webapp.store import outbox
from webapp.store.db import reading, writing
from webapp.store.deliveries import list_of_run
from webapp.store.inventory import get_service
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

PAGE = "/services/backup/notifications"
BLOCK = """\
criteria: {status: finished, level: errors}
callbacks:
  - url: https://hooks.example/{ID}
    method: POST
    token: geheim
"""
USUAL = {"include_link": "y", "display_only_failed": "y", "attach_log": "no"}


@pytest.fixture
def uid(app: Flask) -> str:
    """Return the uid of a run of the service in which a device failed."""
    return record_run(app, service="backup", devices=[Device(name="edge-1", status="failed", message="no route")])


def _options() -> dict[str, Any]:
    with reading() as session:
        return dict(get_service(session, "backup").options)


def _store(options: dict[str, Any]) -> None:
    with writing() as session:
        put_service(session, "backup", ServiceFields(options=options), now=now())


def test_what_is_chosen_is_kept_and_what_is_usual_is_not(uid: str, operator: FlaskClient) -> None:
    assert f'href="{PAGE}"' in operator.get("/services/backup").text
    sent = {**USUAL, "destinations": ["email", "slack"], "mail_recipients": "a@x.example,\r\nb@x.example"}
    answer = operator.post(PAGE, data={**sent, "header": "Nightly\r\nbackup", "attach_log": "tail", "notify": BLOCK})
    assert answer.location == PAGE
    assert _options() == {
        "send_notification": ["email", "slack"],
        "mail_recipients": ["a@x.example", "b@x.example"],
        "header": "Nightly\nbackup",
        "attach_log": "tail",
        "notify": BLOCK.strip(),
    }
    operator.post(PAGE, data={"attach_log": "no", "include_device_results": "y"})
    assert _options() == {"include_link": False, "display_only_failed": False, "include_device_results": True}


def test_names_of_enms_are_understood_and_replaced(uid: str, operator: FlaskClient) -> None:
    _store(
        {
            "send_notification": True,
            "send_notification_method": "mail_feedback_notification",
            "mail_recipient": "a@x.example",
            "include_link_in_summary": False,
            "push_to_git": True,
        }
    )
    text = operator.get(PAGE).text
    assert 'checked id="destinations-' in text.replace('name="destinations" ', "") or "checked" in text
    assert "a@x.example" in text
    operator.post(PAGE, data={**USUAL, "destinations": "email", "mail_recipients": "c@x.example"})
    assert _options() == {"send_notification": ["email"], "mail_recipients": ["c@x.example"], "push_to_git": True}


def test_secret_of_a_block_is_not_shown_and_stays(uid: str, operator: FlaskClient) -> None:
    operator.post(PAGE, data={**USUAL, "notify": BLOCK})
    text = unescape(operator.get(PAGE).text)
    assert "geheim" not in text
    assert 'token: "<secret 1>"' in text
    shown = BLOCK.replace("geheim", '"<secret 1>"')
    operator.post(PAGE, data={**USUAL, "notify": shown + "verbosity: verbose"})
    assert _options()["notify"] == BLOCK.replace("geheim", '"geheim"') + "verbosity: verbose"
    evil = operator.post(PAGE, data={**USUAL, "notify": shown.replace("hooks.example", "evil.example")})
    assert evil.status_code == 422
    assert "kept for another address" in evil.text
    assert "geheim" not in evil.text


def test_every_fault_stands_at_its_field(uid: str, operator: FlaskClient) -> None:
    block = "criteria: {status: finish}\nrecipients:\n  - to: {method: email, user: nobody}\nsurprise: 1"
    sent = {**USUAL, "destinations": "email", "mail_recipients": "no address", "notify": block}
    answer = operator.post(PAGE, data=sent)
    assert answer.status_code == 422
    text = unescape(answer.text)
    for sentence in ("notify.criteria.status: 'finish' is not one of", "there is no account 'nobody'", "surprise"):
        assert sentence in text
    assert "mail_recipients" in text
    assert _options() == {}
    broken = unescape(operator.post(PAGE, data={**USUAL, "notify": "a: ["}).text)
    assert "expected YAML" in broken
    unknown = operator.post(PAGE, data={**USUAL, "destinations": "gone"})
    assert unknown.status_code == 422


def test_bad_stored_block_is_a_banner_on_the_service(uid: str, viewer: FlaskClient) -> None:
    assert "Not everybody is told" not in viewer.get("/services/backup").text
    _store({"send_notification": ["gone"], "notify": {"criteria": {"status": "finish"}}})
    text = unescape(viewer.get("/services/backup").text)
    assert "Not everybody is told" in text
    assert "'gone' is not one of" in text
    assert "notify.criteria.status" in text


def test_dry_run_says_which_rules_fire_and_why_not(app: Flask, uid: str, operator: FlaskClient) -> None:
    office: Office = app.extensions[EXTENSION]
    handlers = (
        '{"loud": {"class": "mail", "level": "failed", "recipients": ["ops@lab.example"], "from_email": "a@b.ex"}}'
    )
    with writing() as session:
        office.settings.put(session, "NOTIFICATION_HANDLERS", handlers, by_id=None, now=now())
        before = outbox.count_waiting(session)
    answer = operator.post(f"{PAGE}/try", data={**USUAL, "run": uid, "notify": BLOCK, "destinations": "slack"})
    assert answer.status_code == 200
    text = unescape(answer.text)
    assert "the service's notify block" in text
    assert "https://hooks.example/" in text
    assert "the service's options" in text
    assert "would be skipped: it is not set up" in text
    assert "the run has the level errors, and the handler hears of failed and worse" in text
    assert "o…@lab.example" in text
    assert _options() == {}
    with reading() as session:
        assert outbox.count_waiting(session) == before
        assert list_of_run(session, get_run(session, uid).id) == []


def test_dry_run_of_nothing_says_so(uid: str, operator: FlaskClient) -> None:
    assert "Nobody would be told." in operator.post(f"{PAGE}/try", data={**USUAL, "run": uid}).text
    gone = operator.post(f"{PAGE}/try", data={**USUAL, "run": "x"}, headers={"X-Partial": "1"}).text
    assert "That run is not there any more" in gone
    assert gone.lstrip().startswith('<div id="dry-run-result">')
    faulty = operator.post(f"{PAGE}/try", data={**USUAL, "run": uid, "notify": "a: ["}, headers={"X-Partial": "1"})
    assert faulty.status_code == 422
    assert "expected YAML" in faulty.text


def test_notifications_are_for_operators(uid: str, viewer: FlaskClient, operator: FlaskClient) -> None:
    assert viewer.get(PAGE).status_code == 403
    assert viewer.post(PAGE, data=USUAL).status_code == 403
    assert viewer.post(f"{PAGE}/try", data=USUAL).status_code == 403
    assert f'href="{PAGE}"' not in viewer.get("/services/backup").text
    assert operator.get("/services/nothing/notifications").status_code == 404
