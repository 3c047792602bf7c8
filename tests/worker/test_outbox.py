"""Is everybody told, once, whatever fails: plans, handlers, workers that die, and destinations that are dead?"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories.handlers import WAYS, told
from tests.factories.runs import Device, record_run
from tests.factories.sites import Site, opened_site
from webapp.clock import now
from webapp.domain.deliveries import MAX_ATTEMPTS, DeliveryState
from webapp.domain.notices import Event
from webapp.domain.outcome import RunStatus
from webapp.notify.contract import ChannelError
from webapp.store import outbox
from webapp.store.db import db, reading, writing
from webapp.store.deliveries import list_attempts
from webapp.store.models.notices import OutboxRow
from webapp.store.runs import get_run
from webapp.worker import lease
from webapp.worker.desk import Desk
from webapp.worker.outbox import list_due_lanes, work_lane

pytestmark = pytest.mark.integration

CLASS = "tests.factories.handlers.Collector"


@dataclass(slots=True)
class OwnSite:
    """A site with one handler of its own, which keeps its reports under `key`."""

    site: Site
    key: str


@pytest.fixture
def own(tmp_path: Path, own_database: dict[str, object]) -> Iterator[OwnSite]:
    key = str(uuid4())
    handlers = {"mine": {"class": CLASS, "level": "ok", "key": key}}
    config = {**own_database, "NOTIFICATION_HANDLERS": handlers}
    with opened_site(tmp_path / "instance", config) as site:
        yield OwnSite(site=site, key=key)


@pytest.fixture
def site(own: OwnSite) -> Site:
    return own.site


@pytest.fixture
def key(own: OwnSite) -> str:
    return own.key


@contextmanager
def way(key: str, function: Callable[[], None]) -> Iterator[None]:
    """Have a collector call a function before it keeps a report."""
    WAYS[key] = function
    yield
    del WAYS[key]


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def has_heard(key: str, count: int) -> bool:
    return len(told(key)) >= count


def block_until(event: threading.Event) -> None:
    event.wait(60)


def wait_for(check: Callable[[], object], *, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_handler_hears_of_an_end_once(site: Site, key: str) -> None:
    uid = record_run(site.app, devices=["r1", Device(name="r2", status="failed", message="no route")])
    site.work()
    site.work()
    (report,) = told(key)
    assert (report.event, report.run.uid, report.run.level) == (Event.ENDED, uid, "errors")
    assert [line.name for line in report.failing] == ["r2"]
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.attempts, delivery.route) == (DeliveryState.SENT, 1, "the handler mine")


def test_handler_does_not_hear_of_a_canceled_run(site: Site, key: str) -> None:
    uid = record_run(site.app, status="canceled")
    site.work()
    assert told(key) == []
    assert site.deliveries(uid) == []


@pytest.mark.parametrize("error", [ChannelError("busy"), RuntimeError("boom"), OSError("no route")])
def test_failure_is_tried_again_later_and_recorded(site: Site, key: str, error: Exception) -> None:
    uid = record_run(site.app)
    with way(key, raising(error)):
        site.work()
    (delivery,) = site.deliveries(uid)
    assert delivery.state is DeliveryState.RETRYING
    assert str(error) in delivery.reason
    assert delivery.next_at is not None
    assert timedelta(seconds=55) < delivery.next_at - now() < timedelta(seconds=75)
    assert told(key) == []
    site.make_due()
    site.work()
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.attempts, delivery.reason) == (DeliveryState.SENT, 2, "")
    assert len(told(key)) == 1
    with reading() as session:
        assert [bool(each.fault) for each in list_attempts(session, delivery.id)] == [True, False]


def test_permanent_failure_is_not_tried_again(site: Site, key: str) -> None:
    uid = record_run(site.app)
    with way(key, raising(ChannelError("no such user", permanent=True, code="550"))):
        site.work()
    site.make_due()
    site.work()
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.reason, delivery.attempts) == (DeliveryState.FAILED, "no such user", 1)


def test_what_the_other_side_asks_to_wait_is_waited(site: Site, key: str) -> None:
    uid = record_run(site.app)
    with way(key, raising(ChannelError("slow down", retry_after_s=3600, code="429"))):
        site.work()
    (delivery,) = site.deliveries(uid)
    assert delivery.next_at is not None
    assert delivery.next_at - now() > timedelta(minutes=59)


def test_delivery_fails_for_good_after_the_last_try(site: Site, key: str) -> None:
    uid = record_run(site.app)
    with way(key, raising(ChannelError("closed"))):
        for _ in range(MAX_ATTEMPTS + 2):
            site.make_due()
            site.work()
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, MAX_ATTEMPTS)
    assert delivery.reason == "given up after 6 tries: closed"
    with reading() as session:
        assert outbox.count_waiting(session) == 0


def test_gone_destination_is_not_told_again(site: Site, key: str) -> None:
    first = record_run(site.app)
    with way(key, raising(ChannelError("gone", gone=True, code="410"))):
        site.work()
    second = record_run(site.app)
    site.work()
    assert site.deliveries(first)[0].state is DeliveryState.FAILED
    (skipped,) = site.deliveries(second)
    assert skipped.state is DeliveryState.SKIPPED
    assert "it is no more: gone" in skipped.reason
    assert told(key) == []


def test_worker_that_dies_in_the_middle_loses_nothing(site: Site, key: str) -> None:
    uid = record_run(site.app)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    lane = "handler:handler:mine"
    with way(key, die):
        for _ in range(10):
            for each in list_due_lanes():
                if each.startswith("run:"):
                    work_lane(site.office, each, workers=8)
        with pytest.raises(Killed):
            work_lane(site.office, lane, workers=8)
    assert site.deliveries(uid)[0].state is DeliveryState.SENDING
    assert work_lane(site.office, lane, workers=8) is False
    assert told(key) == []
    site.expire_leases()
    site.work()
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 2)
    assert len(told(key)) == 1


def test_delivery_that_takes_long_is_nobody_elses(site: Site, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    lane = "handler:handler:mine"
    uid = record_run(site.app)
    site.plan()
    seen = []

    def take_long() -> None:
        site.expire_leases()
        wait_for(lambda: not list_due_lanes())
        seen.append(work_lane(site.office, lane, workers=8))

    with way(key, take_long):
        site.work()
    (delivery,) = site.deliveries(uid)
    assert (seen, delivery.state, delivery.attempts, len(told(key))) == ([False], DeliveryState.SENT, 1, 1)
    assert not any(thread.name.startswith("outbox") for thread in threading.enumerate())


def test_delivery_that_never_ends_is_tried_again(site: Site, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LONGEST_S", 0.05)
    uid = record_run(site.app)
    site.plan()
    is_over = threading.Event()
    with way(key, lambda: block_until(is_over)):
        site.work()
        (delivery,) = site.deliveries(uid)
        assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 1)
        assert delivery.reason.startswith("it did not come to an end within")
        is_over.set()
        wait_for(lambda: not any(thread.name.startswith("outbox") for thread in threading.enumerate()))
    assert site.deliveries(uid)[0].state is DeliveryState.RETRYING


def test_delivery_that_somebody_else_has_is_not_renewed(site: Site, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    uid = record_run(site.app)
    site.plan()

    def lose() -> None:
        with writing() as session:
            row = session.query(OutboxRow).filter_by(state="sending").one()
            row.token, row.lease_until = "another's", now() + timedelta(seconds=5)
        threading.Event().wait(20 * lease.RENEW_S)

    with way(key, lose):
        site.work()
    with reading() as session:
        row = session.query(OutboxRow).filter_by(token="another's").one()
        assert row.lease_until is not None
        assert row.lease_until < now() + timedelta(seconds=10)
    assert site.deliveries(uid)[0].state is DeliveryState.SENDING


def test_plan_that_fails_is_tried_again_and_the_end_stands(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    uid = record_run(site.app)
    with writing() as session:
        run_id = get_run(session, uid).id
        session.execute(db.text("UPDATE service SET options = 'no JSON'"))
    for _ in range(6):
        site.make_due()
        site.work(rounds=1)
    with reading() as session:
        assert get_run(session, uid).status is RunStatus.COMPLETE
        spent = outbox.list_spent(session)
    assert [(each[0], each[1]) for each in spent] == [(run_id, Event.RUNNING)]
    assert "could not be planned" in caplog.text


def test_embedded_worker_tells_at_once(site: Site, key: str) -> None:
    desk = Desk(site.office, site.app.app_context, workers=4)
    desk.start()
    try:
        wait_for(lambda: not list_due_lanes())
        times = []
        for number in range(9):
            began = time.monotonic()
            record_run(site.app, devices=["r1"])
            wait_for(partial(has_heard, key, number + 1))
            times.append(time.monotonic() - began)
        assert sorted(times)[len(times) // 2] < 2.0
    finally:
        desk.stop()


def test_dead_destination_does_not_hold_up_the_others(tmp_path: Path, own_database: dict[str, object]) -> None:
    dead, alive = str(uuid4()), str(uuid4())
    handlers = {
        "dead": {"class": CLASS, "level": "ok", "key": dead},
        "alive": {"class": CLASS, "level": "ok", "key": alive},
    }
    stuck = threading.Event()
    config = {**own_database, "NOTIFICATION_HANDLERS": handlers}
    with opened_site(tmp_path / "instance", config) as site, way(dead, partial(block_until, stuck)):
        desk = Desk(site.office, site.app.app_context, workers=4)
        desk.start()
        try:
            for _ in range(12):
                record_run(site.app)
            wait_for(partial(has_heard, alive, 12))  # and of the run that checks the server itself
            assert told(dead) == []
        finally:
            stuck.set()
            desk.stop()
