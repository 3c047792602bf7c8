"""Is a message sent again under the same id, taken back before it leaves, and not torn from a worker's hands?"""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.runs import record_run
from tests.factories.sites import Site
from tests.servers.receiver import Receiver, Reply
from webapp.clock import now
from webapp.domain.access import Caller, Role, Scope
from webapp.domain.deliveries import DeliveryState
from webapp.domain.notice_privacy import shown_address
from webapp.errors import ConflictError
from webapp.ingest.runs import RunFields, put_run
from webapp.notify.again import cancel, plan_again, replay, resend
from webapp.store import outbox
from webapp.store.db import reading, writing
from webapp.store.deliveries import Delivery, DeliveryFilter, get_delivery, list_attempts
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

FINISHED = {"criteria": {"status": "finished"}}


def tell(site: Site, url: str, **callback: Any) -> Delivery:
    block = FINISHED | {"callback": {"url": url, **callback}}
    uid = record_run(site.app, fields={"notify": block})
    site.work()
    return site.deliveries(uid)[0]


def reread(delivery: Delivery) -> Delivery:
    with reading() as session:
        return get_delivery(session, delivery.uid)


def test_message_is_sent_again_as_it_was_under_the_same_id(site: Site, receiver: Receiver) -> None:
    sent = tell(site, f"{receiver.url}/", method="POST")
    with writing() as session:
        resend(session, site.office, sent, by_id=None, now=now())
    site.work()
    first, second = receiver.taken
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == sent.uid
    assert first.body == second.body
    assert reread(sent).attempts == 2
    with reading() as session:
        assert [each.number for each in list_attempts(session, sent.id)] == [1, 2]


def test_message_that_waits_is_sent_now(site: Site, receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=503)
    waiting = tell(site, f"{receiver.url}/x")
    assert waiting.state is DeliveryState.RETRYING
    receiver.replies.clear()
    with writing() as session:
        resend(session, site.office, waiting, by_id=None, now=now())
    site.work()
    assert reread(waiting).state is DeliveryState.SENT


def test_target_that_was_gone_is_taken_up_again(site: Site, receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=410)
    gone = tell(site, f"{receiver.url}/x")
    receiver.replies.clear()
    with writing() as session:
        resend(session, site.office, gone, by_id=None, now=now())
    site.work()
    assert reread(gone).state is DeliveryState.SENT
    assert tell(site, f"{receiver.url}/x").state is DeliveryState.SENT


def test_message_that_waits_is_taken_back(site: Site, receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=503)
    waiting = tell(site, f"{receiver.url}/x")
    with writing() as session:
        ada = site.caller("ada")
        cancel(session, waiting, by=ada, now=now())
        with pytest.raises(ConflictError, match="it is canceled already"):
            cancel(session, get_delivery(session, waiting.uid), by=ada, now=now())
    site.make_due()
    site.work()
    assert len(receiver.taken) == 1
    assert reread(waiting).reason == "canceled by ada"


def test_message_in_a_workers_hands_is_left_there(site: Site, receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=503)
    waiting = tell(site, f"{receiver.url}/x")
    site.make_due()
    lane = f"webhook:{receiver.url.partition('://')[2]}"
    with writing() as session:
        assert outbox.claim(session, lane, now=now(), lease=timedelta(minutes=2), suspects=4) is not None
    with writing() as session:
        with pytest.raises(ConflictError, match="at this moment"):
            resend(session, site.office, waiting, by_id=None, now=now())
        with pytest.raises(ConflictError, match="at this moment"):
            cancel(session, waiting, by=site.caller("ada"), now=now())


def test_who_was_never_addressed_cannot_be_sent_to(site: Site) -> None:
    block = FINISHED | {"recipients": [{"to": {"method": "email", "user": "eve"}}]}
    uid = record_run(site.app, fields={"notify": block})
    site.work()
    (skipped,) = site.deliveries(uid)
    with writing() as session:
        with pytest.raises(ConflictError, match="eve has no mail address"):
            resend(session, site.office, skipped, by_id=None, now=now())
        assert replay(session, site.office, DeliveryFilter(run_uid=uid), by_id=None, now=now()) == []


def test_run_that_has_not_begun_has_no_event_to_plan(site: Site) -> None:
    uid = record_run(site.app, fields={"labels": ["x"]}, status=None)
    with writing() as session:
        run = get_run(session, uid)
        plan_again(session, run, by_id=None, now=now())
    queued = "01890a5d-ac96-774b-bcce-b302099a8057"
    with writing() as session:
        put_run(session, queued, RunFields(service="audit"), caller=site.caller("ada"), now=now())
        with pytest.raises(ConflictError, match="not begun"):
            plan_again(session, get_run(session, queued), by_id=None, now=now())


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("ada@example.org", "a…@example.org"),
        ("#ops", "#ops"),
        ("https://hooks.example/secret", "https://hooks.example/…"),
        ("https://hooks.example", "https://hooks.example"),
    ],
)
def test_address_is_shortened_for_others(to: str, shown: str) -> None:
    viewer = Caller(user_id=7, name="eve", role=Role.VIEWER, scopes=frozenset({Scope.READ}))
    assert shown_address(to, caller=viewer, user_id=None, submitter="ada") == shown
    assert shown_address(to, caller=viewer, user_id=7, submitter="ada") == to
    assert shown_address(to, caller=viewer, user_id=None, submitter="eve") == to
