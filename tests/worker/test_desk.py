"""Are jobs done when they are due, once at a time, and does a failing one harm nothing?"""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from huey.registry import Message
from sqlalchemy import func, select

from webapp.clock import now
from webapp.notify.office import EXTENSION
from webapp.settings.resolve import Settings
from webapp.store.db import reading, writing
from webapp.store.models.runs import RunRow
from webapp.store.models.workers import DutyRow
from webapp.store.workers import ask_health
from webapp.worker.desk import Desk
from webapp.worker.engines.huey import JsonSerializer
from webapp.worker.jobs import EVERY_S, JOBS, LOOK_S, OWN
from webapp.worker.schedule import Recently, Schedule


def _desk(app: Flask, *, workers: int = 1) -> Desk:
    return Desk(app.extensions[EXTENSION], app.app_context, workers=workers)


@pytest.mark.unit
def test_everything_is_due_at_first_and_then_in_its_turn() -> None:
    schedule = Schedule({"often": 5, "daily": 86400})
    assert schedule.take_due(100) == ["often", "daily"]
    assert schedule.take_due(104) == []
    assert schedule.take_due(105) == ["often"]
    assert schedule.take_due(109.9) == ["often"]  # a little early is better than five seconds late


@pytest.mark.unit
def test_one_kind_never_runs_twice_at_once() -> None:
    schedule = Schedule({"slow": 5})
    assert schedule.begin("slow")
    assert not schedule.begin("slow")
    assert schedule.take_due(100) == []
    schedule.end("slow")
    assert schedule.take_due(100) == ["slow"]


@pytest.mark.unit
def test_what_was_swept_is_not_swept_again_for_a_while() -> None:
    recently = Recently(30)
    assert recently.take(["a", "b", "a"], 100) == ["a", "b"]
    assert recently.take(["a", "c"], 129) == ["c"]
    assert recently.take(["a", "c"], 130) == ["a"]


@pytest.mark.unit
def test_every_job_has_its_time() -> None:
    assert JOBS.keys() == EVERY_S.keys()
    assert JOBS.keys() > OWN


@pytest.mark.unit
def test_queue_keeps_tasks_as_json() -> None:
    serializer = JsonSerializer()
    message = Message("1", "perform", eta=now(), args=("beat",), kwargs={})
    kept = serializer.serialize(message)
    assert kept.startswith(b'["1","perform"')
    assert serializer.deserialize(kept) == message
    assert serializer.deserialize(serializer.serialize([1, "x"])) == [1, "x"]


@pytest.mark.integration
@pytest.mark.parametrize("kind", sorted(JOBS))
def test_each_job_runs_on_an_empty_database(app: Flask, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    desk = _desk(app)
    desk.perform(kind)
    assert "failed" not in caplog.text


@pytest.mark.integration
def test_failing_job_is_recorded_and_runs_again(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(environment={"AFTERRUN_RETENTION_DAYS": "many"}, file={}, vault=None)
    office = replace(app.extensions[EXTENSION], settings=settings)
    desk = Desk(office, app.app_context, workers=1)
    for _ in range(2):
        desk.perform("retention")
        _pass_a_day()
    assert caplog.text.count("the job retention failed") == 2
    assert "expected a whole number" in caplog.text


@pytest.mark.integration
def test_unknown_kind_is_ignored(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        _desk(app).perform("of another release")
    assert "nothing to do" in caplog.text


@pytest.mark.integration
def test_started_desk_beats_checks_itself_and_leaves_in_order(app: Flask) -> None:
    desk = _desk(app, workers=2)
    desk.start()
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (_runs() and ask_health(since=now().replace(year=2000)).workers):
            time.sleep(0.1)
        assert _runs() == 1
        assert len(ask_health(since=now().replace(year=2000)).workers) == 1
    finally:
        began = time.monotonic()
        desk.stop()
    assert time.monotonic() - began < 5
    assert ask_health(since=now().replace(year=2000)).workers == []


@pytest.mark.integration
def test_many_processes_do_once_what_is_to_be_done_once(app: Flask) -> None:
    desks = [_desk(app) for _ in range(3)]
    for desk in desks:
        desk.perform("selfcheck")
    assert _runs() == 1
    _pass_a_day()
    for desk in desks:
        desk.perform("selfcheck")
    assert _runs() == 2


@pytest.mark.integration
def test_server_that_starts_again_checks_itself_again(app: Flask) -> None:
    _desk(app).perform("selfcheck")
    with writing() as session:
        session.query(DutyRow).update({"begun_at": now() - timedelta(seconds=LOOK_S + 1)})
    _desk(app).perform("selfcheck")
    assert _runs() == 2


def _pass_a_day() -> None:
    with writing() as session:
        session.query(DutyRow).update({"begun_at": now() - timedelta(days=2)})


def _runs() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(RunRow)) or 0
