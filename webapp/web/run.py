"""What happened in one run: its verdict, attempts, devices, the selected device, cases and log."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.compare.baseline import find_usual_baseline
from webapp.domain.access import Permission
from webapp.domain.changes import CLASS_TITLES
from webapp.domain.outcome import DEVICE_FAILURE, ENDED, CaseResult
from webapp.ingest.runs import request_cancel
from webapp.store.attachments import list_attachments
from webapp.store.db import db, reading, writing
from webapp.store.delivery_lists import version_of_deliveries
from webapp.store.logs import find_main_log
from webapp.store.repositories import find_commits
from webapp.store.results import Attempt, list_attempts
from webapp.store.runs import Run, find_next_run, find_previous_run, get_run, get_run_detail, list_steps, touch_of
from webapp.web.guard import caller_here, requires
from webapp.web.live import event_stream
from webapp.web.paging import counted, here
from webapp.web.run_cases import read_cases
from webapp.web.run_causes import read_causes
from webapp.web.run_changes import read_changes
from webapp.web.run_deliveries import read_deliveries
from webapp.web.run_devices import read_devices, read_panel
from webapp.web.run_figures import short_duration, verdict_of_run
from webapp.web.run_section import Section, read_section

blueprint = Blueprint("run", __name__, url_prefix="/runs")


@blueprint.app_template_global("plain_pairs")
def plain_pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a mapping of any JSON values as names and texts."""
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in sorted(values.items())]


@blueprint.get("/<uid>")
@requires(Permission.VIEW)
def show(uid: str) -> ResponseReturnValue:
    """Show one run; which attempt, devices and device are in the address."""
    session = db.session()
    run = get_run(session, uid)
    attempts = list_attempts(session, run.id)
    section = read_section(run, attempts)
    previous = find_previous_run(session, run)
    usual = find_usual_baseline(session, run)
    causes = read_causes(session, section, base=None if usual is None else usual.run)
    devices = read_devices(session, section, only=causes.devices)
    values = {
        "run": run,
        "detail": get_run_detail(session, run.id),
        "attempts": _attempt_tabs(run, attempts, section),
        "section": section,
        "verdict": verdict_of_run(run),
        "previous": previous,
        "next": find_next_run(session, run),
        "causes": causes,
        "changes": read_changes(session, run),
        "titles": CLASS_TITLES,
        "devices": devices,
        "panel": read_panel(session, section, devices),
        "cases": read_cases(session, section, only=causes.cases),
        "log": find_main_log(session, run_id=run.id),
        "steps": list_steps(session, run.id) if run.kind == "workflow" else [],
        "attachments": list_attachments(session, run.id),
        "commits": find_commits(session, [run.id]).get(run.id, []),
        "deliveries": read_deliveries(session, run.id),
        "is_over": run.status in ENDED,
    }
    return render_template("run/show.html", **values), devices.status, {"Vary": "X-Partial"}


@blueprint.get("/<uid>/events")
@requires(Permission.VIEW)
def events(uid: str) -> Response:
    """Tell a run's page when the run changed."""
    run = get_run(db.session(), uid)
    return event_stream(lambda: version_of(run.id))


@blueprint.post("/<uid>/cancel")
@requires(Permission.OPERATE)
def cancel(uid: str) -> ResponseReturnValue:
    """Ask the run's reporter to stop it."""
    with writing() as session:
        is_asked = request_cancel(session, uid, caller=caller_here(), now=clock.now())
    flash("The reporter is asked to stop." if is_asked else "The run has ended already.", "success")
    return redirect(url_for("run.show", uid=uid))


def version_of(run_id: int) -> int | None:
    """Return a number that changes with a run or a message about it, for live pages; None when it is gone."""
    with reading() as session:
        touched = touch_of(session, run_id)
        return None if touched is None else touched + version_of_deliveries(session, run_id=run_id)


def _attempt_tabs(run: Run, attempts: list[Attempt], section: Section) -> list[dict[str, object]]:
    """Return a tab for each attempt and one for the overall section; nothing when there was one attempt."""
    if len(attempts) < 2:
        return []
    tabs: list[dict[str, object]] = []
    starts = Counter(attempt.started_at for attempt in attempts)
    for attempt in attempts:
        is_over = attempt.ended_at is not None or run.status in ENDED
        tabs.append(
            {
                "title": f"Attempt {attempt.number}",
                "url": here(attempt=attempt.number, before=None),
                "current": section.attempt == attempt.number,
                "word": _word(attempt) if is_over else "running",
                # Files of results rarely say when an attempt was: then all of them begin with the run.
                "detail": _detail(attempt, run.ended_at, is_timed=starts[attempt.started_at] == 1),
            }
        )
    overall = {
        "title": "Overall",
        "url": here(attempt=None, before=None),
        "current": section.attempt is None,
        "word": "",
        "label": "last result of each",
        "detail": f"{len(attempts)} attempts",
    }
    return [*tabs, overall]


def _word(attempt: Attempt) -> str:
    return "failed" if _failed_devices(attempt) or _failed_cases(attempt) else "ok"


def _failed_devices(attempt: Attempt) -> int:
    return sum(attempt.device_counts.get(word, 0) for word in DEVICE_FAILURE)


def _failed_cases(attempt: Attempt) -> int:
    return attempt.case_counts.get(CaseResult.FAIL, 0)


def _detail(attempt: Attempt, ended_at: datetime | None, *, is_timed: bool) -> str:
    end = attempt.ended_at or ended_at
    parts = []
    if is_timed and attempt.started_at and end:
        parts.append(short_duration((end - attempt.started_at).total_seconds()))
    for word, counts, failed in (
        ("device", attempt.device_counts, _failed_devices(attempt)),
        ("case", attempt.case_counts, _failed_cases(attempt)),
    ):
        text = counted(sum(counts.values()), word)
        if counts:
            parts.append(f"{failed:,} of {text} failed" if failed else text)
    return ", ".join(parts)
