"""What does a report say of a run: lines, suites, comparison, log; and is it quick for ten thousand devices?"""

import time
from typing import Any

import pytest

from tests.factories.runs import CaseReport, Device, record_run
from tests.factories.sites import Site
from webapp.clock import now
from webapp.domain.changes import ChangeClass
from webapp.domain.notices import Event
from webapp.domain.policy import CompareWish
from webapp.domain.policy_check import check_policy
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.build import Told, build_report
from webapp.notify.known import Lenient
from webapp.notify.report import Report
from webapp.notify.wants import Wants
from webapp.store.db import reading, writing
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

MANY = 10_000


def report_of(site: Site, uid: str, **wants: Any) -> Report:
    with reading() as session:
        told = Told(run=get_run(session, uid), event=Event.ENDED, wants=Wants(**wants), now=now())
        return build_report(session, site.office, told)


def test_report_names_what_fails_the_new_ones_first(site: Site) -> None:
    record_run(site.app, devices=["r1", Device(name="r2", status="failed"), "r3"])
    failing = [Device(name="r1", status="failed", message="no route"), Device(name="r2", status="failed")]
    devices = [*failing, Device(name="r3")]
    uid = record_run(site.app, devices=devices, logs={"run": ["INFO fine", "ERROR r1: no route", "ERROR more"]})
    report = report_of(site, uid)
    assert [(line.name, line.is_new, line.since_number) for line in report.failing] == [
        ("r1", True, 2),
        ("r2", False, 1),
    ]
    assert (report.failing_total, report.new_failing_total, report.passed_total) == (2, 1, 1)
    assert report.failing[0].message == "no route"
    assert report.first_error == "ERROR r1: no route"
    assert report.passed == ()
    assert report.run.url == f"https://runs.example.org/runs/{uid}"


def test_recovery_belongs_to_the_thread_of_its_failure(site: Site) -> None:
    record_run(site.app, devices=["r1"])
    failed = [record_run(site.app, devices=[Device(name="r1", status="failed")]) for _ in range(2)]
    over, later = (record_run(site.app, devices=["r1"]) for _ in range(2))
    threads = [report_of(site, uid) for uid in (*failed, over, later)]
    assert {each.thread_key for each in threads[:3]} == {f"audit/{failed[0]}"}
    assert [each.is_recovery for each in threads] == [False, False, True, False]
    assert threads[3].thread_key == ""
    assert (threads[2].fixed, threads[2].fixed_devices_total) == ((), 1)


def test_suites_measurements_and_options_are_there(site: Site) -> None:
    options = {"include_device_results": True, "display_only_failed": False, "attach_log": "tail", "header": "H"}
    with writing() as session:
        put_service(session, "audit", ServiceFields(options=options), now=now())
    uid = record_run(
        site.app,
        devices=[Device(name="r1", status="failed", result={"a": 1}), "r2"],
        cases=[CaseReport(name="loss", result="fail", measurement=0.0, units="%"), CaseReport(name="rtt")],
        logs={"run": ["one", "two"]},
    )
    report = report_of(site, uid)
    (suite,) = report.suites
    assert (suite.counts, [case.name for case in suite.cases]) == ({"fail": 1, "pass": 1}, ["loss", "rtt"])
    assert suite.cases[0].measurement == 0.0
    assert (report.failing_cases[0].measurement, report.failing_cases[0].units) == (0.0, "%")
    assert [line.name for line in report.passed] == ["r2"]
    assert report.failing[0].result == '{\n  "a": 1\n}'
    assert report.log is not None
    assert (report.log.text, report.log.is_whole) == ("one\ntwo\n", True)
    assert report.options.header == "H"


def test_comparison_says_what_changed_without_what_is_ignored(site: Site) -> None:
    old = [
        CaseReport(suite="a", name="x"),
        CaseReport(suite="a", name="y", measurement=10.0),
        CaseReport(suite="gone", name="z"),
        CaseReport(suite="a", name="flaky-1"),
    ]
    new = [
        CaseReport(suite="a", name="x", result="fail"),
        CaseReport(suite="a", name="y", measurement=12.0),
        CaseReport(suite="new", name="z"),
        CaseReport(suite="a", name="flaky-1", result="fail"),
    ]
    record_run(site.app, devices=[Device(name="r1", result={"v": "ok"})], cases=old)
    record_run(site.app, status="incomplete")
    uid = record_run(site.app, devices=[Device(name="r1", result={"v": "bad"}, status="failed"), "r2"], cases=new)
    wish = CompareWish(ignore=("flaky-*",), tolerance=0.1)
    found = report_of(site, uid, compare=wish).comparison
    assert found is not None
    assert found.number == 1
    assert (found.suites_added, found.suites_removed) == (("new",), ("gone",))
    assert [(each.suite, each.before, each.now) for each in found.suite_counts] == [("a", (2, 0, 0), (1, 1, 0))]
    assert {(each.suite, each.name, each.old, each.new) for each in found.changed} == {
        ("a", "x", "pass", "fail"),
        ("", "r1", "ok", "failed"),
    }
    assert {(each.suite, each.name) for each in found.added} == {("new", "z"), ("", "r2")}
    assert {(each.suite, each.name) for each in found.removed} == {("gone", "z")}
    assert [(each.name, each.old, each.new) for each in found.measurements] == [("y", 10.0, 12.0)]
    assert found.devices[ChangeClass.NEWLY_FAILING] == 1
    assert found.excerpt is not None
    assert found.excerpt.device == "r1"
    assert '-  "v": "ok"' in found.excerpt.lines


def test_reference_is_the_newest_complete_run_that_the_query_selects(site: Site) -> None:
    wanted = record_run(site.app, service="other", fields={"labels": ["good"]})
    record_run(site.app, service="other")
    uid = record_run(site.app)
    found = report_of(site, uid, compare=CompareWish(query="label:good")).comparison
    assert found is not None
    assert found.run_url.endswith(wanted)
    nothing = report_of(site, uid, compare=CompareWish(query="label:nothing")).comparison
    assert nothing is not None
    assert (nothing.number, nothing.reason) == (None, "no earlier complete run")


def test_no_condition_at_all_compares_with_every_run(site: Site) -> None:
    record_run(site.app)
    other = record_run(site.app, service="other")
    uid = record_run(site.app)
    block = {"criteria": {"status": "all"}, "compare": {"query": {"entity": "testjob", "conditions": {}}}}
    policy = check_policy(block, Lenient(())).policy
    assert policy is not None
    found = report_of(site, uid, compare=policy.compare).comparison
    assert found is not None
    assert found.run_url.endswith(other)


def test_ten_thousand_devices_are_quick(site: Site) -> None:
    names = [f"edge-{number:05}" for number in range(MANY)]
    record_run(site.app, devices=names)
    failed = [Device(name=name, status="failed" if number % 20 == 0 else "ok") for number, name in enumerate(names)]
    uid = record_run(site.app, devices=failed)
    began = time.process_time()
    report = report_of(site, uid)
    took = time.process_time() - began
    assert report.failing_total == 500
    assert len(report.failing) == 200
    assert took < 3
