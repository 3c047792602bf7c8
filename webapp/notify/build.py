"""How does the report of an event come out of the store? Quick for ten thousand devices: names for what is told."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from webapp.compare.runs import Comparison as Compared
from webapp.domain.changes import ChangeClass
from webapp.domain.notice_options import NoticeOptions, read_notice_options
from webapp.domain.notices import Event
from webapp.domain.outcome import CaseResult, DeviceStatus, Level, RunStatus, ServiceKind
from webapp.domain.verdict import Tally, verdict_of
from webapp.errors import QueryError
from webapp.notify.attached import callback_data, first_error, log_part
from webapp.notify.changes import NEW, RunChanges, everything, failing, find_changes, only, passed, shown
from webapp.notify.compared import compare_report
from webapp.notify.lines import case_lines, device_lines, step_lines
from webapp.notify.office import Office
from webapp.notify.report import Comparison, Options, Report, RunFacts
from webapp.notify.selecting import find_previous, find_reference
from webapp.notify.suites import list_suites
from webapp.notify.wants import Wants
from webapp.notify.wording import headline_of
from webapp.store.accounts import find_user_by_name
from webapp.store.db import Session
from webapp.store.inventory import get_service
from webapp.store.runs import Run, RunDetail, get_run_detail
from webapp.store.selections import FAILING, find_failure_start

MAX_LINES = 200
MAX_FIXED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a report is made of.

    Args:
        run: the run as it is stored now.
        event: what happened to it, maybe a while ago.
        wants: what the delivery shall say.
        now: the moment.
    """

    run: Run
    event: Event
    wants: Wants
    now: datetime


def build_report(session: Session, office: Office, told: Told) -> Report:
    """Return everything that a message may say."""
    run = told.run
    server = office.settings.server_address(session)
    service = get_service(session, run.service)
    detail = get_run_detail(session, run.id)
    options = read_notice_options(service.options)
    url = run_url(server, run.uid)
    report = Report(
        event=told.event,
        run=_facts(session, told, detail, url=url, described=service.description),
        server_url=server,
        options=_options(options, note=told.wants.note),
        data=callback_data(session, run, detail, told.wants, url=url),
    )
    if not report.has_details:
        return report
    return _with_details(session, told, report, options)


def run_url(server: str, uid: str) -> str:
    """Return the address of a run's page."""
    return f"{server}/runs/{quote(uid, safe='')}"


def _with_details(session: Session, told: Told, report: Report, options: NoticeOptions) -> Report:
    run = told.run
    earlier = find_previous(session, run, None, now=told.now)
    changes = find_changes(session, run, earlier)
    device_ids = frozenset(told.wants.device_ids)
    devices, cases = only(changes.devices, device_ids), only(changes.cases, device_ids)
    failed, failed_cases = failing(devices), failing(cases)
    lines = device_lines(session, report, devices, failed[:MAX_LINES], with_results=options.include_device_results)
    if run.kind == ServiceKind.WORKFLOW:
        lines += step_lines(session, report, run, room=MAX_LINES - len(lines))
    good = passed(session, changes.devices, device_ids)
    shown_good = [] if options.display_only_failed else good[:MAX_LINES]
    start = find_failure_start(session, run)
    return replace(
        report,
        device_counts={DeviceStatus(word): count for word, count in run.device_counts.items() if count},
        case_counts={CaseResult(word): count for word, count in run.case_counts.items() if count},
        failing=lines,
        failing_total=max(len(failed), len(lines)),
        new_failing_total=sum(change.kind in NEW for change in failed) if earlier is not None else 0,
        passed=device_lines(session, report, devices, shown_good, with_results=options.include_device_results),
        passed_total=len(good),
        fixed=_fixed(session, devices, cases, with_devices=not options.display_only_failed),
        fixed_devices_total=devices.counts[ChangeClass.FIXED],
        fixed_cases_total=cases.counts[ChangeClass.FIXED],
        failing_cases=case_lines(session, report, cases, failed_cases[:MAX_LINES]),
        failing_cases_total=len(failed_cases),
        new_failing_cases_total=sum(change.kind in NEW for change in failed_cases) if earlier is not None else 0,
        suites=list_suites(session, report, run),
        first_error=first_error(session, run) if run.log_errors else "",
        is_first_run=earlier is None,
        comparison=_comparison(session, told, report),
        log=log_part(session, run, options.attach_log, url=report.run.url),
        thread_key=f"{run.service}/{start}"[:255] if start else "",
        is_recovery=start is not None and run.level not in FAILING,
        recipient_devices=_names(session, told, changes),
    )


def _facts(session: Session, told: Told, detail: RunDetail, *, url: str, described: str) -> RunFacts:
    run = told.run
    is_running = told.event is Event.RUNNING
    status = RunStatus.RUNNING if is_running else run.status
    tally = Tally(
        devices={} if is_running else run.device_counts,
        cases={} if is_running else run.case_counts,
        flaky_devices=0 if is_running else run.flaky_devices,
        log_errors=0 if is_running else run.log_errors,
        log_warnings=0 if is_running else run.log_warnings,
    )
    message = "" if is_running else run.message
    submitter = find_user_by_name(session, run.submitter) if run.submitter else None
    own = detail.metadata.get("description")
    level: Level | None = None if is_running else run.level
    return RunFacts(
        uid=run.uid,
        number=run.number,
        service=run.service,
        kind=ServiceKind(run.kind),
        url=url,
        status=status,
        level=level,
        verdict=verdict_of(status, tally, message=headline_of(message)),
        message=message,
        submitter=run.submitter,
        submitter_email=submitter.email if submitter is not None else "",
        description=own if isinstance(own, str) and own else described,
        priority=run.priority,
        trigger=run.trigger,
        host=run.host,
        labels=run.labels,
        metadata=detail.metadata,
        attempts=run.attempts,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=None if is_running else run.ended_at,
        duration_s=None if is_running else run.duration_s,
        log_errors=tally.log_errors,
        log_warnings=tally.log_warnings,
    )


def _options(options: NoticeOptions, *, note: str) -> Options:
    return Options(
        header=note or options.header,
        include_link=options.include_link,
        include_device_results=options.include_device_results,
        display_only_failed=options.display_only_failed,
    )


def _comparison(session: Session, told: Told, report: Report) -> Comparison | None:
    wish = told.wants.compare
    if wish is None:
        return None
    try:
        reference = find_reference(session, told.run, wish, now=told.now)
    except QueryError as error:
        return Comparison(reason=f"the query can't be used: {error}")
    if reference is None:
        return Comparison(reason="no earlier complete run")
    return compare_report(session, report, find_changes(session, told.run, reference), wish)


def _fixed(session: Session, devices: Compared, cases: Compared, *, with_devices: bool) -> tuple[str, ...]:
    """Return the names of what passes again; devices that passed are named only when the service wants it."""
    names: list[str] = []
    for part in (devices, cases) if with_devices else (cases,):
        found = [change for change in part.changes if change.kind is ChangeClass.FIXED]
        for each in shown(session, part, found[: MAX_FIXED - len(names)]):
            subject = each.subject
            names.append("/".join(text for text in (subject.suite, subject.name) if text) or subject.device or "")
    return tuple(names)


def _names(session: Session, told: Told, changes: RunChanges) -> tuple[str, ...]:
    if not told.wants.device_ids:
        return ()
    wanted = frozenset(told.wants.device_ids)
    mine = [change for change in everything(session, changes.devices) if change.key[0] in wanted]
    return tuple(sorted(each.subject.device or "" for each in shown(session, changes.devices, mine[:MAX_LINES])))
