"""How do the suites of a run stand in a report, and in the data of a callback?"""

from collections.abc import Iterator
from urllib.parse import urlencode

import yaml

from webapp.notify.report import CaseLine, Report, Suite
from webapp.store.db import Session
from webapp.store.results import CaseOutcome, page_cases
from webapp.store.runs import Run
from webapp.store.suites import count_suites

MAX_CASES = 300
MAX_EXPORTED = 20_000
PAGE = 1_000


def list_suites(session: Session, report: Report, run: Run) -> tuple[Suite, ...]:
    """Return the suites by name with their counts, and the first cases of all, failing ones first."""
    counts = count_suites(session, run.id)
    cases: dict[str, list[CaseLine]] = {}
    for each in page_cases(session, run_id=run.id, limit=MAX_CASES).items if counts else ():
        url = f"{report.run.url}?{urlencode({'result': str(each.result)})}"
        cases.setdefault(each.suite, []).append(
            CaseLine(
                name=each.name,
                result=each.result,
                url=url,
                device=each.device or "",
                message=each.message,
                measurement=each.measurement,
                units=each.units,
            )
        )
    return tuple(
        Suite(
            name=name,
            url=report.run.url,
            counts=of_suite,
            cases=tuple(cases.get(name, ())),
            total=sum(of_suite.values()),
        )
        for name, of_suite in counts.items()
    )


def export_suites(session: Session, run: Run, *, url: str) -> dict[str, str]:
    """Return each suite's cases as YAML text, as LAVA's callbacks have them: in their order, with every key of LAVA's.

    At most `MAX_EXPORTED` cases are given, rather those that fail; a last entry says how many were left out.
    """
    found: dict[str, list[CaseOutcome]] = {}
    total = sum(sum(counts.values()) for counts in count_suites(session, run.id).values())
    exported = 0
    for each in _cases(session, run.id):
        found.setdefault(each.suite or "run", []).append(each)
        exported += 1
        if exported == MAX_EXPORTED:
            break
    texts: dict[str, str] = {}
    for suite, cases in found.items():
        entries = [_exported(each, run, url=url) for each in sorted(cases, key=lambda case: case.id)]
        texts[suite] = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)
    if total > exported:
        texts["cut"] = yaml.safe_dump([{"name": f"{total - exported} more cases", "url": url}], sort_keys=False)
    return texts


def _cases(session: Session, run_id: int) -> Iterator[CaseOutcome]:
    position = None
    while True:
        page = page_cases(session, run_id=run_id, before=position, limit=PAGE)
        yield from page.items
        position = page.older
        if position is None:
            return


def _exported(case: CaseOutcome, run: Run, *, url: str) -> dict[str, str | dict[str, str]]:
    logged = case.started_at or run.ended_at or run.created_at
    return {
        "name": case.name,
        "job": run.uid,
        "suite": case.suite,
        "result": str(case.result),
        "measurement": "None" if case.measurement is None else f"{case.measurement:.10f}",
        "unit": case.units,
        "level": "",
        "device": case.device or "",
        "message": case.message,
        "url": url,
        "id": str(case.id),
        "logged": logged.isoformat(),
        "log_start_line": "",
        "log_end_line": "",
        "metadata": {"definition": case.suite, "case": case.name, "result": str(case.result)},
    }
