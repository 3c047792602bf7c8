"""Is what is to be done kept with the run, taken once, given back after a crash, and is no lane in another's way?"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.runs import NOW, record_run
from webapp.domain.notices import Event
from webapp.errors import NotFoundError
from webapp.ingest.watchdog import end_silent_runs
from webapp.store import outbox
from webapp.store.db import db, reading, writing
from webapp.store.deliveries import NewDelivery, add_deliveries, list_of_run
from webapp.store.models.notices import OutboxRow
from webapp.store.outbox import LANE_SLOTS, NewWork, Work
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(hours=1)


def events(app: Flask) -> list[tuple[int, str]]:
    with reading() as session:
        return [(row.run_id, row.event) for row in session.execute(select(OutboxRow.run_id, OutboxRow.event))]


def take(lane: str, *, now: datetime = LATER, suspects: int = 10) -> Work | None:
    with writing() as session:
        return outbox.claim(session, lane, now=now, lease=LEASE, suspects=suspects)


def must_take(lane: str, *, now: datetime = LATER) -> Work:
    work = take(lane, now=now)
    assert work is not None
    return work


@pytest.fixture
def run_id(app: Flask) -> int:
    """Return a run whose events were planned."""
    uid = record_run(app)
    with writing() as session:
        session.query(OutboxRow).delete()
        return get_run(session, uid).id


@pytest.fixture
def kicked(app: Flask) -> Iterator[list[str]]:
    """Return the lanes that were kicked, filled as it happens."""
    lanes: list[str] = []
    outbox.listen(db.engine, lanes.extend)
    yield lanes
    outbox.listen(db.engine, None)


def add(run_id: int, lane: str, count: int = 1, *, order_key: str | None = None) -> list[int]:
    """Add deliveries of a lane and return their ids."""
    with writing() as session:
        known = len(list_of_run(session, run_id))
        new = [
            NewDelivery(
                uid=f"{known + number}",
                channel="webhook",
                route="the run",
                source="",
                target={},
                target_key=f"{lane} {known + number}",
                to=lane,
                user_id=None,
                wants={},
            )
            for number in range(count)
        ]
        ids = add_deliveries(session, new, run_id=run_id, event=Event.ENDED, now=NOW)
        work = [
            NewWork(delivery_id=each, run_id=run_id, event=Event.ENDED, lane=lane, order_key=order_key)
            for each in ids.values()
        ]
        outbox.add_work(session, work, now=NOW)
    return sorted(ids.values())


def test_run_that_begins_and_ends_leaves_both_events_in_their_order(app: Flask) -> None:
    record_run(app)
    assert [event for _, event in events(app)] == ["running", "ended"]


def test_queued_run_that_begins_is_told_once(app: Flask) -> None:
    record_run(app, fields={"labels": ["a"]}, devices=["r1", "r2"], status=None)
    assert [event for _, event in events(app)] == ["running"]


def test_run_that_fell_silent_is_told(app: Flask) -> None:
    record_run(app, status=None)
    assert end_silent_runs(NOW + timedelta(days=1)) == 1
    assert [event for _, event in events(app)] == ["running", "ended"]


def test_end_that_is_rolled_back_leaves_nothing(app: Flask, kicked: list[str]) -> None:
    uid = record_run(app, status=None)
    kicked.clear()
    with suppress(NotFoundError), writing() as session:
        outbox.add_event(session, run_id=get_run(session, uid).id, event=Event.ENDED, now=NOW)
        get_run(session, "there is none")
    assert [event for _, event in events(app)] == ["running"]
    assert kicked == []


def test_lane_is_kicked_after_the_commit_and_not_before(app: Flask, run_id: int, kicked: list[str]) -> None:
    with writing() as session:
        outbox.add_event(session, run_id=run_id, event=Event.ENDED, now=NOW)
        assert kicked == []
    assert kicked == [f"run:{run_id}"]


def test_many_deliveries_of_a_lane_kick_as_often_as_it_has_slots(app: Flask, run_id: int, kicked: list[str]) -> None:
    add(run_id, "mail", 50)
    add(run_id, "irc")
    assert kicked == ["mail"] * LANE_SLOTS + ["irc"]


def test_row_is_taken_once_and_removed_when_done(app: Flask, run_id: int) -> None:
    add(run_id, "mail")
    work = must_take("mail")
    assert (work.attempt, work.run_id, work.event) == (1, run_id, Event.ENDED)
    assert take("mail") is None
    with writing() as session:
        assert outbox.finish(session, work)
    assert events(app) == []


def test_row_is_not_taken_before_it_is_due(app: Flask, run_id: int) -> None:
    add(run_id, "mail")
    assert take("mail", now=NOW - timedelta(seconds=1)) is None
    with writing() as session:
        assert outbox.list_due_lanes(session, now=NOW - timedelta(seconds=1)) == []


def test_row_of_a_killed_worker_is_taken_again_and_the_late_one_changes_nothing(app: Flask, run_id: int) -> None:
    add(run_id, "mail")
    late = must_take("mail")
    assert take("mail", now=LATER + LEASE - timedelta(seconds=1)) is None
    again = must_take("mail", now=LATER + LEASE)
    assert again.attempt == 2
    with writing() as session:
        assert not outbox.renew(session, late, until=LATER + 9 * LEASE)
        assert not outbox.finish(session, late)
        assert not outbox.postpone(session, late, next_at=LATER, fault="late")
        assert outbox.finish(session, again)


def test_lease_that_is_renewed_ends_later(app: Flask, run_id: int) -> None:
    add(run_id, "mail")
    work = must_take("mail")
    with writing() as session:
        assert outbox.renew(session, work, until=LATER + 3 * LEASE)
    assert take("mail", now=LATER + 2 * LEASE) is None
    assert take("mail", now=LATER + 3 * LEASE) is not None


def test_lane_has_few_slots_and_others_go_on(app: Flask, run_id: int) -> None:
    add(run_id, "dead", 5)
    add(run_id, "alive")
    assert [take("dead") is not None for _ in range(3)] == [True, True, False]
    assert take("alive") is not None


def test_what_has_one_order_goes_one_after_another(app: Flask, run_id: int) -> None:
    first, second = add(run_id, "git", 2, order_key="repository")
    work = must_take("git")
    assert work.delivery_id == first
    assert take("git") is None
    with writing() as session:
        outbox.postpone(session, work, next_at=LATER + timedelta(hours=1), fault="closed")
    assert take("git") is None
    again = must_take("git", now=LATER + timedelta(hours=2))
    assert again.delivery_id == first
    with writing() as session:
        outbox.finish(session, again)
    assert must_take("git", now=LATER + timedelta(hours=2)).delivery_id == second


def test_what_has_another_order_does_not_wait(app: Flask, run_id: int) -> None:
    (first,) = add(run_id, "mail", order_key="ada")
    (second,) = add(run_id, "mail", order_key="bob")
    add(run_id, "mail", order_key="ada")
    assert [must_take("mail").delivery_id for _ in range(2)] == [first, second]
    assert take("mail") is None


def test_failure_holds_the_lane_and_lets_one_through_at_a_time(app: Flask, run_id: int) -> None:
    add(run_id, "dead", 3)
    work = must_take("dead")
    until = LATER + timedelta(seconds=30)
    with writing() as session:
        outbox.postpone(session, work, next_at=LATER + timedelta(minutes=1), fault="closed")
        outbox.hold_lane(session, "dead", until=until)
    assert take("dead") is None
    assert take("dead", now=until) is not None
    assert take("dead", now=until) is None


def test_suspects_of_all_lanes_take_only_their_share(app: Flask, run_id: int) -> None:
    for lane in ("one", "two"):
        add(run_id, lane)
        with writing() as session:
            outbox.hold_lane(session, lane, until=LATER)
    assert take("one", suspects=1) is not None
    assert take("two", suspects=1) is None
    assert take("two", suspects=2) is not None


def test_success_lets_the_lane_go_on_at_once(app: Flask, run_id: int) -> None:
    add(run_id, "dead", 3)
    with writing() as session:
        outbox.hold_lane(session, "dead", until=LATER + timedelta(hours=1))
        outbox.release_lane(session, "dead", now=LATER)
        assert outbox.has_due(session, "dead", now=LATER)
    assert [take("dead") is not None for _ in range(3)] == [True, True, False]


def test_sweep_finds_each_lane_as_often_as_it_has_slots(app: Flask, run_id: int) -> None:
    add(run_id, "mail", 5)
    add(run_id, "irc")
    with reading() as session:
        assert sorted(outbox.list_due_lanes(session, now=LATER)) == ["irc", "mail", "mail"]
        assert outbox.count_waiting(session) == 6


def test_row_tried_in_vain_stays_to_be_seen(app: Flask, run_id: int) -> None:
    with writing() as session:
        outbox.add_event(session, run_id=run_id, event=Event.ENDED, now=NOW)
    work = must_take(f"run:{run_id}")
    with writing() as session:
        assert outbox.give_up(session, work, fault="no plan")
        assert outbox.list_spent(session) == [(run_id, Event.ENDED, "no plan")]
        assert outbox.count_waiting(session) == 0
    assert take(f"run:{run_id}", now=LATER + timedelta(days=9)) is None


def test_delivery_in_work_is_not_taken_back(app: Flask, run_id: int) -> None:
    first, second = add(run_id, "mail", 2)
    work = must_take("mail")
    with writing() as session:
        assert work.delivery_id == first
        assert not outbox.remove_work(session, first)
        assert outbox.remove_work(session, second)
        assert not outbox.remove_work(session, second)


def test_workers_that_settle_rows_of_a_lane_take_turns(app: Flask, run_id: int) -> None:
    add(run_id, "mail", 3)
    order: list[str] = []
    begun = threading.Event()

    def settle() -> None:
        with app.app_context():
            begun.set()
            with writing() as session:
                outbox.lock_lane(session, "mail")
                order.append("second")
                outbox.release_lane(session, "mail", now=NOW)

    with writing() as session:
        outbox.lock_lane(session, "mail")
        outbox.hold_lane(session, "mail", until=LATER)
        thread = threading.Thread(target=settle)
        thread.start()
        assert begun.wait(60)
        thread.join(0.2)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
    with reading() as session:
        assert outbox.list_due_lanes(session, now=NOW) == ["mail", "mail"]


def test_many_workers_take_each_row_once(app: Flask, run_id: int) -> None:
    add(run_id, "mail", 12)
    taken: list[int] = []

    def work() -> None:
        with app.app_context():
            for _ in range(40):
                found = take("mail")
                if found is not None:
                    taken.append(found.id)
                    with writing() as session:
                        outbox.finish(session, found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 12
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0
