"""Are the right runs found, page by page, whatever the filter?"""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.domain.outcome import Level, RunStatus
from webapp.errors import NotFoundError
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store import leading
from webapp.store import runs as store
from webapp.store.db import reading
from webapp.store.paging import Position
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)


FILTERS: tuple[tuple[str, list[str]], ...] = (
    ("", ["step", "going", "crashed", "canceled", "warned", "bad", "flaky", "old"]),
    ("service:backup", ["flaky", "old"]),
    ("service:BACKUP", ["flaky", "old"]),
    ("service:audit*", ["crashed", "canceled", "warned", "bad"]),
    ("service:audit,backup status:complete", ["warned", "bad", "flaky", "old"]),
    ("service:nothing", []),
    ("-service:audit", ["step", "going", "crashed", "flaky", "old"]),
    ("kind:service service:suite", ["step", "going"]),
    ("kind:workflow", []),
    ("status:finished service:audit", ["canceled", "warned", "bad"]),
    ("level:errors", ["bad"]),
    ("level:>=errors", ["crashed", "bad"]),
    ("level:warnings,failed", ["crashed", "warned"]),
    ("-level:ok,warnings,errors,failed", ["going", "canceled"]),
    ("is:running", ["going"]),
    ("number:1 service:backup", ["old"]),
    ("number:>=2", ["step", "canceled", "warned", "flaky"]),
    ("number:1..1 service:backup", ["old"]),
    ("label:nightly", ["flaky"]),
    ("label:NIGHTLY", []),
    ("label:night*", ["flaky"]),
    ('label:"50%"', ["flaky"]),
    ("label:*", ["flaky"]),
    ("trigger:schedule", ["flaky"]),
    ("trigger:sched?le", ["flaky"]),
    ('key:"gh:1"', ["flaky"]),
    ("key:*", ["flaky"]),
    ("-key:*", ["step", "going", "crashed", "canceled", "warned", "bad", "old"]),
    ("parent:*", ["step"]),
    ("has:unreachable", ["bad"]),
    ("has:failure", ["bad"]),
    ("change:new-failure", ["bad"]),
    ("change:new_passing,fixed", ["flaky", "old"]),
    ("change:regression", []),
    ("device:edge-2", ["flaky"]),
    ("device:EDGE-*", ["flaky", "old"]),
    ("device:core_1", ["bad"]),
    ("device:core?2", []),
    ("attempts:>1", ["flaky"]),
    ("priority:>50", ["flaky"]),
    ("is:flaky", ["flaky"]),
    ("is:retried", ["flaky"]),
    ("after:2026-11-21", ["step", "going", "crashed", "canceled", "warned", "bad"]),
    ("before:2026-11-21", ["flaky", "old"]),
    ("started:2026-11-20", ["flaky"]),
    ("ended:2026-11-20", ["flaky"]),
    ("message:half", ["bad"]),
    ('message:"gone_100%"', ["crashed"]),
    ("message:gone-100", []),
    ("duration:<1h service:backup", ["flaky", "old"]),
    ("duration:>1h", []),
    ("nightly", ["flaky"]),
    ("half", ["bad"]),
    ("audit 2", ["crashed"]),
    ("nightly OR half", ["bad", "flaky"]),
    ("-(service:audit OR service:suite)", ["crashed", "flaky", "old"]),
    ("text:gh", ["flaky"]),
    ("submitter:*", []),
)


@pytest.fixture
def some_runs(any_app: Flask) -> dict[str, str]:
    """Record runs that differ in everything a filter asks for, oldest first, and return their uids."""
    found = {
        "old": record_run(any_app, service="backup", devices=["edge-1"], now=NOW - 3 * DAY),
        "flaky": record_run(
            any_app,
            service="backup",
            attempts=[{"edge-1": "failed", "edge-2": "ok"}, {"edge-1": "ok"}],
            fields={"labels": ["nightly", "50%"], "trigger": "schedule", "external_key": "gh:1", "priority": 80},
            now=NOW - 2 * DAY,
        ),
        "bad": record_run(
            any_app,
            service="audit",
            devices=[Device(name="core_1", status="unreachable", message="no route")],
            message="half of it",
            now=NOW - DAY,
        ),
        "warned": record_run(any_app, service="audit", logs={"run": ["WARNING: low disk"]}, now=NOW),
        "canceled": record_run(any_app, service="audit", status="canceled", now=NOW),
        "crashed": record_run(any_app, service="Audit-2", status="incomplete", message="gone_100%", now=NOW),
        "going": record_run(any_app, service="suite", cases=[CaseReport(name="a")], status=None, now=NOW),
    }
    found["step"] = record_run(any_app, service="suite", fields={"parent_run": found["going"]}, now=NOW)
    compare_wanted_runs()
    return found


def names(app: Flask, uids: dict[str, str], text: str) -> list[str]:
    """Return the names of the runs that a filter selects, newest first."""
    by_uid = {uid: name for name, uid in uids.items()}
    with app.app_context(), reading() as session:
        page = store.page_runs(session, where=parse(text, view=View.RUNS, now=NOW + timedelta(hours=1)))
        return [by_uid[run.uid] for run in page.items]


def test_filters_select(any_app: Flask, some_runs: dict[str, str]) -> None:
    found = {text: sorted(names(any_app, some_runs, text)) for text, _ in FILTERS}
    assert found == {text: sorted(expected) for text, expected in FILTERS}
    assert names(any_app, some_runs, "") == list(reversed(some_runs))
    assert names(any_app, some_runs, f"uid:{some_runs['bad']}") == ["bad"]
    assert names(any_app, some_runs, f"parent:{some_runs['going']}") == ["step"]


def test_pages_by_id_lead_through_everything_and_back(app: Flask) -> None:
    uids = [record_run(app, now=NOW + index * DAY) for index in range(7)]
    with reading() as session:
        first = store.page_runs(session, limit=3)
        second = store.page_runs(session, limit=3, before=first.older)
        third = store.page_runs(session, limit=3, before=second.older)
        back = store.page_runs(session, limit=3, after=third.newer)
    assert [run.uid for page in (first, second, third) for run in page.items] == uids[::-1]
    assert first.newer is None
    assert third.older is None
    assert [run.uid for run in back.items] == [run.uid for run in second.items]


@pytest.mark.parametrize("text", ["after:2026-01-01", "after:2026-01-01 service:audit"])
def test_pages_by_start_keep_equal_times_apart(any_app: Flask, text: str) -> None:
    for _ in range(5):
        record_run(any_app, now=NOW)
    where = parse(text, view=View.RUNS, now=NOW)
    seen: list[str] = []
    position: Position | None = None
    with reading() as session:
        while True:
            page = store.page_runs(session, where=where, before=position, limit=2)
            seen += [run.uid for run in page.items]
            position = page.older
            if position is None:
                break
        back = store.page_runs(session, where=where, after=page.newer, limit=2)
    assert len(seen) == len(set(seen)) == 5
    assert [run.uid for run in back.items] == seen[2:4]


def test_rare_matches_are_searched_in_windows(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEARCH_WINDOW", 3)
    rare = record_run(app, message="needle")
    for _ in range(8):
        record_run(app)
    where = parse("message:needle", view=View.RUNS, now=NOW)
    pages = 0
    position: Position | None = None
    with reading() as session:
        while True:
            page = store.page_runs(session, where=where, before=position, limit=5)
            pages += 1
            if page.items or page.older is None:
                break
            assert page.is_cut
            position = page.older
    assert [run.uid for run in page.items] == [rare]
    assert pages == 3


def test_window_follows_the_index_of_a_service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEARCH_WINDOW", 3)
    rare = record_run(app, service="small", message="needle")
    for _ in range(8):
        record_run(app, service="large")
    where = parse("service:small message:needle", view=View.RUNS, now=NOW)
    with reading() as session:
        page = store.page_runs(session, where=where)
    assert [run.uid for run in page.items] == [rare]
    assert not page.is_cut


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("status:complete level:failed", "ix_run_level_id"),
        ("trigger:schedule level:errors service:audit", "ix_run_service_id_level_id"),
        ("service:audit trigger:rare", "ix_run_trigger_id"),
        ("after:2026-11-01 service:audit", "ix_run_started_at_id"),
        ("after:2026-11-01 service:audit trigger:rare", "ix_run_trigger_id"),
        ("message:x after:2026-11-01", "ix_run_started_at_id"),
    ],
)
def test_one_index_leads(app: Flask, monkeypatch: pytest.MonkeyPatch, text: str, index: str) -> None:
    monkeypatch.setattr(leading, "SORTED_ROWS", 2)
    record_run(app, service="audit", fields={"trigger": "rare"})
    record_run(app, service="audit", fields={"trigger": "schedule"}, devices=[Device(name="a", status="failed")])
    record_run(app, service="audit", fields={"trigger": "schedule"})
    record_run(app, service="other", fields={"trigger": "schedule"})
    where = parse(text, view=View.RUNS, now=NOW)
    asked: list[tuple[str, tuple[object, ...]]] = []
    with reading() as session:
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            pytest.skip("asks SQLite for its plan")
        event.listen(connection, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
        store.page_runs(session, where=where)
        statement, values = next(said for said in asked if "LIMIT" in said[0] and "message" in said[0])
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert f"SEARCH run USING INDEX {index} " in " ".join(row[3] for row in plan)


def test_facets_count_the_newest(any_app: Flask, some_runs: dict[str, str]) -> None:
    assert some_runs
    with reading() as session:
        facets = {(facet.status, facet.level): facet.count for facet in store.count_facets(session)}
    assert facets[(RunStatus.COMPLETE, Level.OK)] == 3
    assert facets[(RunStatus.RUNNING, None)] == 1
    assert facets[(RunStatus.CANCELED, None)] == 1


def test_facets_of_a_filter_stop_at_the_window(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEARCH_WINDOW", 2)
    for _ in range(6):
        record_run(app, message="needle")
    with reading() as session:
        facets = store.count_facets(session, where=parse("message:needle", view=View.RUNS, now=NOW))
    assert sum(facet.count for facet in facets) == 3


def test_run_by_its_names(any_app: Flask, some_runs: dict[str, str]) -> None:
    with reading() as session:
        run = store.get_run(session, some_runs["flaky"])
        assert (run.service, run.number, run.labels) == ("backup", 2, ("50%", "nightly"))
        assert store.find_run_by_number(session, "backup", 2) == run
        assert store.find_run_by_number(session, "backup", 99) is None
        assert [found.uid for found in store.list_runs(session, [run.id])] == [run.uid]
        with pytest.raises(NotFoundError, match="there is no run"):
            store.get_run(session, str(uuid4()))


def test_neighbours_of_a_run(any_app: Flask, some_runs: dict[str, str]) -> None:
    with reading() as session:
        crashed = store.get_run(session, some_runs["crashed"])
        canceled = store.get_run(session, some_runs["canceled"])
        warned = store.get_run(session, some_runs["warned"])
        bad = store.get_run(session, some_runs["bad"])
        assert store.find_previous_run(session, canceled) == warned
        assert store.find_previous_run(session, crashed) is None
        assert store.find_next_run(session, warned) == canceled
        assert store.find_next_run(session, canceled) is None
        assert store.find_last_good_run(session, canceled, levels=[Level.OK, Level.WARNINGS]) == warned
        assert store.find_last_good_run(session, warned, levels=[Level.OK]) is None
        assert store.find_previous_run(session, warned) == bad


def test_details_and_steps(any_app: Flask, some_runs: dict[str, str]) -> None:
    uid = record_run(any_app, fields={"parameters": {"a": 2**60}, "definition": "do it", "notify": {"x": 1}})
    with reading() as session:
        run = store.get_run(session, uid)
        detail = store.get_run_detail(session, run.id)
        assert detail.parameters == {"a": 2**60}
        assert (detail.definition, detail.notify) == ("do it", {"x": 1})
        assert store.get_run_detail(session, 10**6).definition == ""
        parent = store.get_run(session, some_runs["going"])
        assert [step.uid for step in store.list_steps(session, parent.id)] == [some_runs["step"]]
        assert store.get_run(session, some_runs["step"]).parent_uid == parent.uid


def test_open_run_of_a_trigger(app: Flask) -> None:
    record_run(app, fields={"trigger": "ping"})
    going = record_run(app, fields={"trigger": "ping"}, status=None)
    record_run(app, fields={"trigger": "other"}, status=None)
    with reading() as session:
        found = store.find_open_run(session, "audit", trigger="ping")
        assert found is not None
        assert found.uid == going
        assert store.find_open_run(session, "none", trigger="ping") is None


def test_touches_move_on(app: Flask) -> None:
    with reading() as session:
        assert store.newest_touch(session) == 0
        assert store.touch_of(session, 1) is None
    uid = record_run(app)
    with reading() as session:
        first = store.newest_touch(session)
        run = store.get_run(session, uid)
        assert store.touch_of(session, run.id) == first
    record_run(app, now=NOW + DAY)
    with reading() as session:
        assert store.newest_touch(session) > first
