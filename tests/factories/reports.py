"""Reports for tests of channels and templates: each way a run can stand, and texts that nobody should trust."""

from dataclasses import replace
from datetime import timedelta

from tests.factories.runs import NOW
from webapp.domain.changes import ChangeClass
from webapp.domain.notices import Event
from webapp.domain.outcome import CaseResult, DeviceStatus, Level, RunStatus
from webapp.notify.report import (
    CallbackData,
    CaseLine,
    ChangedLine,
    Comparison,
    DeviceLine,
    Excerpt,
    LogPart,
    MeasurementChange,
    Report,
    RunFacts,
    Suite,
    SuiteCounts,
)

SERVER = "https://runs.example.org"
UID = "019e4f5a-8a00-7000-8000-000000000118"
HOSTILE = (
    'O\'Neil & "co" <script>alert(1)</script>\r\nBcc: evil@example.org\0\u202e\ud800 *bold* `code` @here <!channel>'
)


def run_url(number: int) -> str:
    return f"{SERVER}/services/backup-core/runs/{number}"


def facts(**changes: object) -> RunFacts:
    """Return a run that passed, with changes."""
    run = RunFacts(
        uid=UID,
        number=118,
        service="backup-core",
        url=run_url(118),
        status=RunStatus.COMPLETE,
        level=Level.OK,
        verdict="All 45 devices passed",
        created_at=NOW,
        submitter="ada",
        submitter_email="ada@example.org",
        description="Nightly backup of the core routers",
        trigger="schedule",
        host="runner-1",
        labels=("core", "nightly"),
        metadata={"build": "12", "branch": "main"},
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=252),
        duration_s=252.0,
        attempts=1,
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # what is given is named by the fields


def device(name: str, status: DeviceStatus = DeviceStatus.OK, **changes: object) -> DeviceLine:
    """Return a device's line, with changes."""
    line = DeviceLine(name=name, status=status, url=f"{run_url(118)}/devices/{name}", duration_s=5.6)
    return replace(line, **changes)  # type: ignore[arg-type]  # what is given is named by the fields


def green() -> Report:
    """Return a run in which every device passed."""
    return Report(
        event=Event.ENDED,
        run=facts(),
        server_url=SERVER,
        device_counts={DeviceStatus.OK: 45},
        case_counts={CaseResult.PASS: 2},
        passed_total=45,
        suites=(
            Suite(
                name="reachability",
                url=f"{run_url(118)}/cases",
                counts={"pass": 2},
                total=2,
                cases=(
                    CaseLine(name="ping", result=CaseResult.PASS, url=f"{run_url(118)}/cases/1"),
                    CaseLine(
                        name="loss", result=CaseResult.PASS, url=f"{run_url(118)}/cases/2", measurement=0.0, units="%"
                    ),
                ),
            ),
        ),
        comparison=Comparison(
            reason="the run before #118 that ended and was not canceled",
            number=117,
            run_url=run_url(117),
            url=f"{SERVER}/compare?a=117&b=118",
            devices={ChangeClass.SAME: 45},
            cases={ChangeClass.SAME: 2},
        ),
    )


def red() -> Report:
    """Return a run in which 3 of 45 devices failed, two of them for the first time."""
    return Report(
        event=Event.ENDED,
        run=facts(level=Level.ERRORS, verdict="3 of 45 devices failed, 1 error in the log", log_errors=1),
        server_url=SERVER,
        device_counts={DeviceStatus.OK: 42, DeviceStatus.FAILED: 2, DeviceStatus.UNREACHABLE: 1},
        case_counts={CaseResult.PASS: 1, CaseResult.FAIL: 1},
        failing=(
            device("edge-07", DeviceStatus.FAILED, message="show run: % Invalid input", is_new=True, since_number=118),
            device("edge-09", DeviceStatus.UNREACHABLE, message="no route to host", is_new=True, since_number=118),
            device("core-02", DeviceStatus.FAILED, since_number=112, since_url=run_url(112), message="timeout"),
        ),
        failing_total=3,
        new_failing_total=2,
        passed_total=42,
        fixed_devices_total=1,
        failing_cases=(
            CaseLine(name="loss", result=CaseResult.FAIL, url=f"{run_url(118)}/cases/2", message="12 %", is_new=True),
        ),
        failing_cases_total=1,
        suites=(
            Suite(
                name="reachability",
                url=f"{run_url(118)}/cases",
                counts={"pass": 1, "fail": 1},
                total=2,
                cases=(
                    CaseLine(name="loss", result=CaseResult.FAIL, url=f"{run_url(118)}/cases/2", message="12 %"),
                    CaseLine(
                        name="rtt", result=CaseResult.PASS, url=f"{run_url(118)}/cases/1", measurement=0.0, units="ms"
                    ),
                ),
            ),
        ),
        first_error="2026-11-22T12:00:03Z ERROR edge-07: show run: % Invalid input",
        comparison=_comparison(),
        thread_key=f"backup-core/{UID}",
    )


def _comparison() -> Comparison:
    return Comparison(
        reason="the run before #118 that ended and was not canceled",
        number=117,
        run_url=run_url(117),
        url=f"{SERVER}/compare?a=117&b=118",
        devices={ChangeClass.NEWLY_FAILING: 2, ChangeClass.STILL_FAILING: 1, ChangeClass.FIXED: 1},
        cases={ChangeClass.NEWLY_FAILING: 1, ChangeClass.SAME: 1},
        suites_added=("bgp",),
        suites_removed=("ospf",),
        suite_counts=(SuiteCounts(suite="reachability", before=(2, 0, 0), now=(1, 1, 0)),),
        added=(ChangedLine(name="edge-45", old=None, new="ok"),),
        added_total=1,
        removed=(ChangedLine(name="old-01", old="ok", new=None),),
        removed_total=1,
        changed=(
            ChangedLine(name="edge-07", old="ok", new="failed"),
            ChangedLine(name="loss", suite="reachability", old="pass", new="fail"),
        ),
        changed_total=2,
        measurements=(MeasurementChange(suite="reachability", name="rtt", old=12.5, new=0.0, units="ms"),),
        excerpt=Excerpt(device="edge-07", lines=("@@ -1,2 +1,2 @@", "-ok", "+% Invalid input"), url=run_url(118)),
        ignored=("flaky-*",),
    )


def empty() -> Report:
    """Return a run that reported nothing at all."""
    run = facts(verdict="Nothing to report", attempts=0, description="", metadata={}, labels=(), submitter=None)
    return Report(event=Event.ENDED, run=run, server_url=SERVER)


def running() -> Report:
    """Return a run that became running."""
    run = facts(
        status=RunStatus.RUNNING, level=None, verdict="Running: nothing reported yet", ended_at=None, duration_s=None
    )
    return Report(event=Event.RUNNING, run=run, server_url=SERVER)


def canceled() -> Report:
    """Return a run that was canceled."""
    run = facts(status=RunStatus.CANCELED, level=None, verdict="Canceled, 12 of 45 devices done", message="by ada")
    return Report(event=Event.ENDED, run=run, server_url=SERVER, device_counts={DeviceStatus.CANCELED: 33})


def incomplete() -> Report:
    """Return a run that did not run to its end, with an error of several lines."""
    run = facts(
        status=RunStatus.INCOMPLETE,
        level=Level.FAILED,
        verdict="Did not run to its end: Traceback",
        message='Traceback (most recent call last):\n  File "run.py", line 3\nValueError: no inventory',
    )
    return Report(event=Event.ENDED, run=run, server_url=SERVER, thread_key=f"backup-core/{UID}")


def first() -> Report:
    """Return the first run of its service, asked to be compared."""
    return replace(
        red(),
        is_first_run=True,
        fixed_devices_total=0,
        comparison=Comparison(reason="no earlier complete run"),
        run=replace(red().run, number=1),
    )


def recovered() -> Report:
    """Return the run in which everything passes again."""
    return replace(green(), fixed_devices_total=2, is_recovery=True, thread_key=f"backup-core/{UID}")


def large(count: int = 10_000) -> Report:
    """Return a run of many devices that all fail; the report holds a part of them, as the real one does."""
    failing = tuple(
        device(f"edge-{n:05}", DeviceStatus.FAILED, message="x" * 200, since_number=112, since_url=run_url(112))
        for n in range(500)
    )
    return replace(
        red(),
        run=facts(level=Level.ERRORS, verdict=f"{count:,} of {count:,} devices failed"),
        device_counts={DeviceStatus.FAILED: count},
        failing=failing,
        failing_total=count,
        new_failing_total=0,
        passed_total=0,
    )


def hostile() -> Report:
    """Return a run whose every text tries to be more than a text."""
    report = red()
    run = facts(
        service="backup-core",
        verdict=f"1 failed: {HOSTILE}",
        message=HOSTILE,
        description=HOSTILE,
        submitter="o'neil",
        labels=(HOSTILE,),
        metadata={HOSTILE: HOSTILE},
        level=Level.FAILED,
        status=RunStatus.INCOMPLETE,
    )
    return replace(
        report, run=run, failing=(device("<b>r1</b>", DeviceStatus.FAILED, message=HOSTILE),), first_error=HOSTILE
    )


def with_data() -> Report:
    """Return a red run with what callbacks carry."""
    data = CallbackData(
        definition="device_type: qemu\njob_name: nightly\n",
        log="line 1\nline \N{REPLACEMENT CHARACTER}\n",
        results={"reachability": "- name: loss\n  result: fail\n"},
        device="edge-07",
        device_group="edge",
    )
    return replace(red(), data=data)


def with_log() -> Report:
    """Return a red run with the end of its log attached."""
    log = LogPart(text="ERROR edge-07\n", total_bytes=1_000_000, url=f"{run_url(118)}/logs/run", is_whole=False)
    return replace(red(), log=log)


REPORTS = {
    "green": green,
    "red": red,
    "empty": empty,
    "running": running,
    "canceled": canceled,
    "incomplete": incomplete,
    "first": first,
    "recovered": recovered,
    "large": large,
    "hostile": hostile,
    "with_log": with_log,
}
