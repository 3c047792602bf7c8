"""Are the right results shown, section by section, and do whole documents stay equal?"""

import json
from datetime import timedelta

import pytest
from flask import Flask

from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.domain.outcome import DeviceStatus
from webapp.errors import NotFoundError
from webapp.query.expressions import EVERYTHING
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store import history, inventory, results
from webapp.store.db import reading
from webapp.store.documents import stream_results
from webapp.store.paging import Position, read_position, write_position
from webapp.store.recent import recent_statuses
from webapp.store.runs import Run, get_run

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)


def run_of(uid: str) -> Run:
    """Return a recorded run."""
    with reading() as session:
        return get_run(session, uid)


@pytest.fixture
def retried(any_app: Flask) -> Run:
    """Record a run of three devices and two attempts, with cases."""
    uid = record_run(
        any_app,
        devices=[
            Device(name="b", status="failed", message="first", result={"x": 1}),
            Device(name="a", status="changed", duration_s=2.0, result={"x": 2}),
            Device(name="c", status="timeout"),
            Device(name="b", status="ok", attempt=2, result={"x": 1}),
        ],
        cases=[
            CaseReport(name="one", result="pass", device="a", measurement=0.0, units="s"),
            CaseReport(name="two", result="fail", suite="other", message="boom", output="printed"),
            CaseReport(name="two", result="pass", suite="other", attempt=2),
            CaseReport(name="three", result="unknown"),
        ],
    )
    return run_of(uid)


def test_devices_of_each_section_failed_first(retried: Run) -> None:
    with reading() as session:
        overall = results.page_device_results(session, run_id=retried.id)
        first = results.page_device_results(session, run_id=retried.id, attempt=1)
        second = results.page_device_results(session, run_id=retried.id, attempt=2)
    assert [(item.device, str(item.status)) for item in overall.items] == [
        ("c", "timeout"),
        ("a", "changed"),
        ("b", "ok"),
    ]
    assert [item.device for item in first.items] == ["b", "c", "a"]
    assert [item.device for item in second.items] == ["b"]


def test_device_pages_follow_rank_and_name(app: Flask) -> None:
    words = ["ok", "failed", "queued", "ok", "lost", "running", "skipped"]
    devices = [Device(name=f"d{index}", status=word) for index, word in enumerate(words) if word != "queued"]
    run = run_of(record_run(app, devices=devices, planned=["d2"], status=None))
    seen: list[str] = []
    before: Position | None = None
    with reading() as session:
        while True:
            page = results.page_device_results(session, run_id=run.id, before=before, limit=2)
            seen += [item.device for item in page.items]
            before = page.older
            if before is None:
                break
    assert seen == ["d1", "d4", "d2", "d5", "d0", "d3", "d6"]


RESULT_FILTERS: tuple[tuple[str, list[str]], ...] = (
    ("status:failure", ["c"]),
    ("status:success", ["a", "b"]),
    ("is:flaky", ["b"]),
    ("duration:>1s", ["a"]),
    ("device:A", ["a"]),
    ("-device:a", ["b", "c"]),
    ("attempt:overall", ["a", "b", "c"]),
    ("group:?*", []),
    ("message:first", []),
    ("-message:first", ["a", "b", "c"]),
)


def test_result_filters(retried: Run) -> None:
    found: dict[str, list[str]] = {}
    with reading() as session:
        for text, _ in RESULT_FILTERS:
            where = parse(text, view=View.RESULTS, now=NOW)
            page = results.page_device_results(session, run_id=retried.id, where=where)
            found[text] = sorted(item.device for item in page.items)
            counts = results.count_device_statuses(session, run_id=retried.id, attempt=None, where=where)
            assert sum(counts.values()) == len(page.items)
    assert found == dict(RESULT_FILTERS)


CASE_FILTERS: tuple[tuple[str, list[str]], ...] = (
    ("result:pass", ["one", "two"]),
    ("suite:other", ["two"]),
    ("name:t*", ["three", "two"]),
    ("device:a", ["one"]),
    ("measurement:<=0", ["one"]),
    ("attempt:2", ["two"]),
    ("attempt:1", ["one", "three"]),
    ("boom", []),
)


def test_case_filters(retried: Run) -> None:
    found: dict[str, list[str]] = {}
    with reading() as session:
        for text, _ in CASE_FILTERS:
            where = parse(text, view=View.CASES, now=NOW)
            page = results.page_cases(session, run_id=retried.id, where=where)
            found[text] = sorted(item.name for item in page.items)
            counts = results.count_case_results(session, run_id=retried.id, attempt=None, where=where)
            assert sum(counts.values()) == len(page.items)
    assert found == dict(CASE_FILTERS)


def test_cases_of_an_attempt_and_their_pages(retried: Run) -> None:
    with reading() as session:
        first = results.page_cases(session, run_id=retried.id, attempt=1, limit=2)
        rest = results.page_cases(session, run_id=retried.id, attempt=1, before=first.older)
        failed = first.items[0]
        assert results.get_case_outcome(session, run_id=retried.id, case_id=failed.id) == failed
        with pytest.raises(NotFoundError, match="no case 0"):
            results.get_case_outcome(session, run_id=retried.id, case_id=0)
    assert [item.name for item in first.items] == ["two", "three"]
    assert [item.name for item in rest.items] == ["one"]
    assert failed.blob_id is not None


def test_one_device(retried: Run) -> None:
    with reading() as session:
        found = results.get_device_result(session, run_id=retried.id, device="b", attempt=1)
        assert (found.message, found.size) == ("first", 7)
        attempts = results.list_device_attempts(session, run_id=retried.id, device_id=found.device_id)
        assert [item.attempt for item in attempts] == [1, 2]
        with pytest.raises(NotFoundError, match="had no part in attempt 2"):
            results.get_device_result(session, run_id=retried.id, device="a", attempt=2)
        with pytest.raises(NotFoundError, match="had no part in the run"):
            results.get_device_result(session, run_id=retried.id, device="z", attempt=None)


def test_document_has_overall_and_each_attempt(retried: Run) -> None:
    with reading() as session:
        document = json.loads(b"".join(stream_results(session, retried)))
    assert list(document) == ["results", "attempt1", "attempt2"]
    assert document["results"]["summary"] == {"success": ["a", "b"], "failure": ["c"]}
    assert document["results"]["success"] is False
    assert document["results"]["devices"]["b"] == {"success": True, "status": "ok", "result": {"x": 1}}
    assert list(document["attempt2"]["devices"]) == ["b"]
    assert document["attempt1"]["devices"]["c"]["result"] is None


def test_document_of_some_devices(retried: Run) -> None:
    with reading() as session:
        failed = json.loads(b"".join(stream_results(session, retried, selection="failed")))
        success = json.loads(b"".join(stream_results(session, retried, selection="success")))
    assert list(failed["results"]["devices"]) == ["c"]
    assert list(success["results"]["devices"]) == ["a", "b"]
    assert failed["results"]["summary"] == success["results"]["summary"]


def test_document_without_retries_has_results_alone(app: Flask) -> None:
    big = {"n": 2**63 + 1, "z": 1, "a": "<script>"}
    run = run_of(record_run(app, devices=[Device(name="x", result=big)]))
    with reading() as session:
        text = b"".join(stream_results(session, run)).decode()
    assert list(json.loads(text)) == ["results"]
    assert json.loads(text)["results"]["devices"]["x"]["result"] == big


def test_document_of_a_workflow_refers_to_its_steps(app: Flask) -> None:
    parent = record_run(app, service="flow")
    step = record_run(app, service="audit", fields={"parent_run": parent, "parent_step": "check"})
    with reading() as session:
        document = json.loads(b"".join(stream_results(session, get_run(session, parent))))
    assert document["services"] == {"check": {"uid": step, "service": "audit", "number": 1, "status": "complete"}}


def test_services_with_their_newest_run(any_app: Flask) -> None:
    record_run(any_app, service="b", devices=["x"])
    record_run(any_app, service="b", devices=[Device(name="x", status="failed")])
    record_run(any_app, service="a")
    with reading() as session:
        page = inventory.page_services(session, limit=1)
        rest = inventory.page_services(session, before=page.older)
        only = inventory.page_services(session, where=parse("B", view=View.SERVICES, now=NOW))
        assert inventory.has_reports(session)
        with pytest.raises(NotFoundError, match="no service c"):
            inventory.get_service(session, "c")
    assert [service.slug for service in page.items] == ["a"]
    assert [service.slug for service in rest.items] == ["b"]
    assert rest.items[0].last_level == "errors"
    assert rest.items[0].last_device_counts == {"failed": 1}
    assert [service.slug for service in only.items] == ["b"]


def test_nothing_reported_but_the_selfcheck(app: Flask) -> None:
    record_run(app, service=inventory.SELFCHECK)
    with reading() as session:
        assert not inventory.has_reports(session)


def test_devices_with_their_last_status(any_app: Flask) -> None:
    record_run(any_app, devices=["x", Device(name="y", status="unreachable")])
    record_run(any_app, service="other", devices=[Device(name="x", status="failed")], now=NOW + DAY)
    with reading() as session:
        page = inventory.page_devices(session, limit=1)
        rest = inventory.page_devices(session, before=page.older)
        failing = inventory.page_devices(session, where=parse("status:failed", view=View.DEVICES, now=NOW))
        counts = inventory.count_last_statuses(session)
        with pytest.raises(NotFoundError, match="no device z"):
            inventory.get_device(session, "z")
    assert [device.name for device in (*page.items, *rest.items)] == ["x", "y"]
    assert (page.items[0].last_service, page.items[0].last_number) == ("other", 1)
    assert [device.name for device in failing.items] == ["x"]
    assert counts == {"failed": 1, "unreachable": 1}


def test_history_of_a_device_says_what_changed(any_app: Flask) -> None:
    for index, value in enumerate((1, 1, 2)):
        devices = [Device(name="x", result={"v": value}, status="ok")]
        record_run(any_app, devices=devices, now=NOW + index * DAY)
    record_run(any_app, service="other", devices=["x"], now=NOW + 4 * DAY)
    with reading() as session:
        device = inventory.get_device(session, "x")
        service = inventory.get_service(session, "audit")
        page = history.device_history(session, device_id=device.id, service_id=service.id, limit=2)
        rest = history.device_history(session, device_id=device.id, service_id=service.id, before=page.older)
        everything = history.device_history(session, device_id=device.id)
    assert [version.is_changed for version in page.items] == [True, False]
    assert [version.is_changed for version in rest.items] == [None]
    assert [version.service for version in everything.items] == ["other", "audit", "audit", "audit"]


def test_recent_statuses_end_with_the_run(any_app: Flask) -> None:
    uids = [
        record_run(any_app, devices=[Device(name="x", status=word)], now=NOW + index * DAY)
        for index, word in enumerate(("ok", "failed", "ok"))
    ]
    with reading() as session:
        run = get_run(session, uids[1])
        device = inventory.get_device(session, "x")
        words = recent_statuses(session, run=run, device_ids=[device.id])
    assert words == {device.id: ["ok", "failed"]}


@pytest.mark.parametrize("position", [None, Position(value=None, id=7), Position(value=-5, id=7)])
def test_positions_survive_the_address(position: Position | None) -> None:
    assert read_position(write_position(position)) == position


def test_iterating_devices_crosses_its_batches(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "STREAM_ROWS", 2)
    run = run_of(record_run(app, devices=[f"d{index}" for index in range(5)]))
    with reading() as session:
        found = [
            item.device
            for item in results.iterate_device_results(session, run_id=run.id, attempt=None, statuses=[DeviceStatus.OK])
        ]
        counts = results.count_device_statuses(session, run_id=run.id, attempt=None, where=EVERYTHING)
    assert found == [f"d{index}" for index in range(5)]
    assert counts == {"ok": 5}
