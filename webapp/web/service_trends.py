"""How does a service do over its last runs: figures, what fails most and where, and one test case run by run?"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.domain.trends import figures_of
from webapp.errors import InvalidError, NotFoundError
from webapp.query.fields import View
from webapp.store.comparison import Subject
from webapp.store.db import Session, db
from webapp.store.history import case_history, find_case
from webapp.store.inventory import Service, get_service
from webapp.store.runs import Run, page_runs
from webapp.store.trends import load_trends, trend_row, within_reach
from webapp.web.filters import Filter, read_filter
from webapp.web.guard import requires
from webapp.web.paging import here
from webapp.web.services import blueprint
from webapp.web.trend_figures import case_filter, heat_row, line_of, show_figure

RUN_CHOICES = (30, 60, 120)
USUAL_RUNS = 60
ROWS = 30
MAX_SKIP = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The runs that are looked at.

    Args:
        wanted: how many at most.
        filter: which of the service's runs.
        runs: newest first.
        is_cut: the search for them stopped before the end of the list.
    """

    wanted: int
    filter: Filter
    runs: Sequence[Run]
    is_cut: bool

    @property
    def choices(self) -> list[dict[str, object]]:
        """Return the links that choose how many runs to look at."""
        return [
            {"label": f"{count} runs", "url": here(runs=count, skip=None), "current": count == self.wanted}
            for count in RUN_CHOICES
        ]


@blueprint.get("/<slug>/trends")
@requires(Permission.VIEW)
def trends(slug: str) -> ResponseReturnValue:
    """Show how a service's last runs went, and which devices or cases fail most in them."""
    session = db.session()
    service = get_service(session, slug)
    window = _read_window(session, service)
    is_case = _read_subject(window.runs) == "cases"
    runs = within_reach(window.runs, is_case=is_case)
    skip = _read_number("skip", 0, at_most=MAX_SKIP)
    found = load_trends(session, runs=runs, is_case=is_case, skip=skip, limit=ROWS)
    all_runs, oldest_first = list(reversed(window.runs)), list(reversed(runs))
    values = {
        "service": service,
        "window": window,
        "subjects": _subjects(window.runs, is_case=is_case),
        "what": "case" if is_case else "device",
        "figures": [show_figure(figure) for figure in figures_of(all_runs)],
        "turn": _turn(window.runs),
        "all_runs": all_runs,
        "runs": oldest_first,
        "worst": [heat_row(row, oldest_first, service) for row in found.worst],
        "flaky": [heat_row(row, oldest_first, service) for row in found.flaky],
        "failing": found.failing,
        "first": skip + 1,
        "worse": here(skip=max(0, skip - ROWS) or None) if skip else "",
        "better": here(skip=skip + ROWS) if skip + ROWS < found.failing else "",
    }
    return render_template("services/trends.html", **values), window.filter.status, {"Vary": "X-Partial"}


@blueprint.get("/<slug>/trends/case")
@requires(Permission.VIEW)
def trends_case(slug: str) -> ResponseReturnValue:
    """Show one test case run after run: `suite`, `name` and, if it ran on one, `device` say which."""
    session = db.session()
    service = get_service(session, slug)
    subject = Subject(
        suite=request.args.get("suite", ""),
        name=request.args.get("name", ""),
        device=request.args.get("device") or None,
    )
    test_case_id = find_case(session, suite=subject.suite, name=subject.name)
    if test_case_id is None:
        raise NotFoundError(f"no run has a test case {subject.name[:200]} in the suite {subject.suite[:200]}")
    window = _read_window(session, service)
    run_ids = [run.id for run in window.runs]
    versions = case_history(session, test_case_id=test_case_id, run_ids=run_ids, device=subject.device)
    found = {version.run_id: version for version in versions}
    row = trend_row(subject, {run_id: version.result for run_id, version in found.items()}, window.runs)
    oldest_first = list(reversed(window.runs))
    values = {
        "service": service,
        "window": window,
        "runs": oldest_first,
        "row": heat_row(row, oldest_first, service),
        "versions": versions,
        "case_filter": case_filter(subject),
        "durations": line_of([found[run.id].duration_s if run.id in found else None for run in oldest_first]),
        "measurements": line_of([found[run.id].measurement if run.id in found else None for run in oldest_first]),
    }
    return render_template("services/trends_case.html", **values), window.filter.status, {"Vary": "X-Partial"}


def _read_window(session: Session, service: Service) -> Window:
    """Return the runs that the address asks for: at most `runs` of them, of those that the filter `q` selects."""
    wanted = _read_number("runs", USUAL_RUNS, at_most=RUN_CHOICES[-1])
    if wanted not in RUN_CHOICES:
        raise InvalidError(("runs", "expected 30, 60 or 120"))
    found = read_filter(View.RUNS)
    if found.fault is not None:
        return Window(wanted=wanted, filter=found, runs=[], is_cut=False)
    page = page_runs(session, where=found.tree, service_id=service.id, limit=wanted)
    return Window(wanted=wanted, filter=found, runs=page.items, is_cut=page.is_cut)


def _read_number(name: str, usual: int, *, at_most: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= at_most):
        raise InvalidError((name, f"expected a whole number up to {at_most:,}"))
    return int(text)


def _read_subject(runs: Sequence[Run]) -> str:
    """Return whether devices or cases are shown: what the address asks for, else what the runs have."""
    asked = request.args.get("by", "")
    if asked not in ("", "devices", "cases"):
        raise InvalidError(("by", "expected devices or cases"))
    has_only_cases = any(run.case_counts for run in runs) and not any(run.device_counts for run in runs)
    return asked or ("cases" if has_only_cases else "devices")


def _subjects(runs: Sequence[Run], *, is_case: bool) -> list[dict[str, object]]:
    """Return the links between devices and cases, for runs that have both."""
    if not any(run.case_counts for run in runs) or not any(run.device_counts for run in runs):
        return []
    return [
        {"label": "Devices", "url": here(by="devices", skip=None), "current": not is_case},
        {"label": "Cases", "url": here(by="cases", skip=None), "current": is_case},
    ]


def _turn(runs: Sequence[Run]) -> int | None:
    """Return the number of the run with which the newer half begins, of those that ended and were not canceled."""
    counted = [run for run in reversed(runs) if run.level is not None]
    return counted[len(counted) // 2].number if counted else None
