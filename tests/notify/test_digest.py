"""What a message says at each verbosity, and what it must not say."""

from dataclasses import replace

import pytest

from tests.factories.reports import canceled, device, facts, first, green, incomplete, red, running, with_log
from webapp.domain.notices import Verbosity
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.notify.dialects import PLAIN, compose
from webapp.notify.report import CaseLine, ChangedLine, MeasurementChange, Options, Report, Suite

pytestmark = pytest.mark.unit


def said(report: Report, verbosity: Verbosity = Verbosity.VERBOSE) -> str:
    return "\n\n".join(compose(report, verbosity, dialect=PLAIN, room=100_000).paragraphs)


@pytest.mark.parametrize(
    ("words", "verbose", "quiet", "least"),
    [
        ("backup-core #118", True, True, True),
        ("Status: complete, level errors, submitted by ada", True, True, True),
        ("/services/backup-core/runs/118", True, True, True),
        ("edge-07: failed (new)", True, True, False),
        ("core-02: failed (failing since #112)", True, True, False),
        ("Devices: 42 ok, 2 failed, 1 unreachable", True, True, False),
        ("Priority: 50", True, True, False),
        ("Duration: 0:04:12", True, True, False),
        ("with #117: devices: 2 newly failing", True, True, False),
        ("build: 12", True, False, False),
        ("rtt: pass, 0 ms", True, False, False),
        ("edge-07: ok \N{RIGHTWARDS ARROW} failed", True, False, False),
        ("+% Invalid input", True, False, False),
        ("Ignored: flaky-*", True, False, False),
    ],
)
def test_each_verbosity_grants_its_parts(words: str, *, verbose: bool, quiet: bool, least: bool) -> None:
    found = tuple(words in said(red(), each) for each in (Verbosity.VERBOSE, Verbosity.QUIET, Verbosity.STATUS_ONLY))
    assert found == (verbose, quiet, least)


@pytest.mark.parametrize("verbosity", [Verbosity.VERBOSE, Verbosity.QUIET])
def test_error_of_an_incomplete_run_is_told(verbosity: Verbosity) -> None:
    assert "ValueError: no inventory" in said(incomplete(), verbosity)
    assert "\nError\n" not in said(incomplete(), Verbosity.STATUS_ONLY)


@pytest.mark.parametrize("report", [running(), canceled()])
def test_a_run_that_goes_on_or_was_canceled_is_only_named(report: Report) -> None:
    assert said(report) == said(report, Verbosity.STATUS_ONLY)
    assert "Priority" not in said(report)


def test_running_run_is_running() -> None:
    assert "Status: is running" in said(running())


def test_first_run_says_so() -> None:
    assert "first run" in said(first(), Verbosity.STATUS_ONLY)
    assert "no earlier complete run" in said(first())


def test_passed_devices_are_named_only_when_wanted() -> None:
    case = CaseLine(name="ping", result=CaseResult.PASS, url="", device="edge-01")
    suite = Suite(name="reachability", url="", counts={"pass": 1}, cases=(case,), total=1)
    report = replace(green(), passed=(device("edge-01", result="{}"),), passed_total=1, suites=(suite,))
    hidden = replace(report, options=Options(include_device_results=True))
    assert "edge-01" not in said(hidden)
    shown = said(replace(report, options=Options(include_device_results=True, display_only_failed=False)))
    assert "1 device passed\n  edge-01: ok" in shown
    assert "Result of edge-01\n{}" in shown
    assert "ping: pass on edge-01" in shown


def test_workflow_names_the_step_of_each_device() -> None:
    report = replace(red(), failing=(device("edge-07", DeviceStatus.FAILED, step="deploy"),), failing_total=1)
    assert "edge-07: failed in step deploy" in said(report)


def test_owner_is_told_why() -> None:
    mine = ("core-01", "edge-07", "edge-08")
    assert "as the owner of edge-07 and 2 more." in said(replace(red(), recipient_devices=mine))
    assert "as the owner of 3 of its devices." in said(replace(green(), recipient_devices=mine))
    all_named = replace(green(), recipient_devices=mine, options=Options(display_only_failed=False))
    assert "as the owner of core-01, edge-07, edge-08." in said(all_named)


def test_what_passes_again_is_counted_and_its_cases_are_named() -> None:
    report = replace(green(), fixed=("smoke/boot",), fixed_devices_total=2, fixed_cases_total=1)
    assert "Passing again\n2 devices, 1 test case: smoke/boot\n" in said(report)
    many = replace(report, fixed=tuple(f"edge-{n}" for n in range(50)), fixed_devices_total=1_000, fixed_cases_total=0)
    assert "edge-19 and 980 more" in said(replace(many, options=Options(display_only_failed=False)))
    assert "Passing again" not in said(green())


def test_first_run_with_an_outcome_is_not_said_to_be_the_first() -> None:
    report = replace(first(), run=facts(number=2))
    assert "This is the first run of the service with an outcome: there is no earlier one" in said(report)


def test_server_itself_is_a_submitter() -> None:
    assert "submitted by the server itself" in said(replace(green(), run=facts(submitter=None)))


def test_long_comparison_counts_what_it_leaves_out() -> None:
    found = red().comparison
    assert found is not None
    many = tuple(ChangedLine(name=f"edge-{n}", old=None, new="ok") for n in range(30))
    moved = MeasurementChange(suite="speed", name="rtt", old=1.0, new=2.5, units="ms", device="edge-07")
    text = said(
        replace(red(), comparison=replace(found, added=many, added_total=90, changed_total=9, measurements=(moved,)))
    )
    assert "New: edge-0, edge-1," in text
    assert "7 more changed results" in text
    assert "speed / rtt: 1 \N{RIGHTWARDS ARROW} 2.5 ms: on edge-07" in text
    few = said(replace(red(), comparison=replace(found, added=many[:2], added_total=90)))
    assert "New: edge-0, edge-1 and 88 more" in few


def test_recipient_without_attachments_is_led_to_the_log() -> None:
    assert "/services/backup-core/runs/118/logs/run" in said(with_log())
