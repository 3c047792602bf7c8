"""Who hears when messages themselves fail, and is nobody told twice a day?"""

from datetime import timedelta

import pytest

from tests.factories.runs import record_run
from tests.factories.sites import Site
from tests.servers.mail import MailPeer
from tests.servers.receiver import Receiver, Reply
from webapp.clock import now
from webapp.domain.access import Role
from webapp.notify.alarms import find_trouble, warn_fallback
from webapp.notify.destinations import DestinationFields, put_destination
from webapp.store import accounts
from webapp.store.db import reading, writing

pytestmark = pytest.mark.integration


def add_destination(site: Site, name: str, channel: str, **config: object) -> None:
    with writing() as session:
        ada = accounts.find_user_by_name(session, "ada")
        fields = DestinationFields(channel=channel, config=config)
        put_destination(session, site.office, name, fields, by_id=ada.id if ada else None, now=now())


def tell(site: Site, destination: str) -> str:
    block = {"criteria": {"status": "finished"}, "recipients": [{"to": {"destination": destination}}]}
    uid = record_run(site.app, fields={"notify": block})
    site.work()
    return uid


def test_without_trouble_there_is_no_banner(site: Site, receiver: Receiver) -> None:
    add_destination(site, "hook", "webhook", url=f"{receiver.url}/")
    tell(site, "hook")
    with reading() as session:
        assert find_trouble(session, now=now() + timedelta(days=2)).sentence == ""


def test_failed_message_is_told_to_the_fallback_once_a_day(
    site: Site, receiver: Receiver, mail_server: MailPeer
) -> None:
    receiver.replies["/bad"] = Reply(status=404, body=b"nothing here")
    add_destination(site, "hook", "webhook", url=f"{receiver.url}/bad")
    add_destination(site, "last-resort", "email", recipients=["ops@example.org"])
    tell(site, "hook")
    with writing() as session:
        assert find_trouble(session, now=now()).sentence == "1 message has not left for a day, or failed"
        assert not warn_fallback(session, site.office, now=now())
        site.office.settings.put(session, "NOTIFY_FALLBACK", "last-resort", by_id=None, now=now())
        assert warn_fallback(session, site.office, now=now())
        assert not warn_fallback(session, site.office, now=now())
    site.work()
    (mail,) = mail_server.mails
    assert mail.recipients == ["ops@example.org"]
    text = str(mail.message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "1 message has not left for a day, or failed." in text
    assert "404" in text


def test_message_that_waits_for_a_day_is_trouble(site: Site, receiver: Receiver) -> None:
    receiver.replies["/busy"] = Reply(status=503)
    add_destination(site, "hook", "webhook", url=f"{receiver.url}/busy")
    tell(site, "hook")
    with reading() as session:
        assert find_trouble(session, now=now()).count == 0
        assert find_trouble(session, now=now() + timedelta(days=1, minutes=1)).count == 1


def test_owner_of_a_destination_that_is_gone_is_told_and_it_is_off(
    site: Site, receiver: Receiver, mail_server: MailPeer
) -> None:
    site.add_user("root", role=Role.ADMIN)
    receiver.replies["/gone"] = Reply(status=410)
    add_destination(site, "hook", "webhook", url=f"{receiver.url}/gone")
    tell(site, "hook")
    (mail,) = mail_server.mails
    assert mail.recipients == ["ada@example.org"]
    uid = tell(site, "hook")
    (delivery,) = site.deliveries(uid)
    assert delivery.reason.startswith("the destination 'hook' is switched off")
