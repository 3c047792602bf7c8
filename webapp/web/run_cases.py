"""Which test cases of a run are listed, suite by suite?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from webapp.domain.outcome import CaseResult
from webapp.query.editing import with_term
from webapp.query.expressions import Expression, conjunction
from webapp.query.fields import View
from webapp.store.db import Session
from webapp.store.paging import Page, read_position, write_position
from webapp.store.results import CaseOutcome, count_case_results, page_cases
from webapp.web.filters import Filter, read_filter, understand
from webapp.web.paging import here
from webapp.web.run_section import Section

PAGE_ROWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The list of test cases; `older` is the address of its next page, or empty."""

    filter: Filter
    page: Page[CaseOutcome]
    counts: Mapping[str, int]
    chips: list[dict[str, Any]]
    older: str


def read_cases(session: Session, section: Section, *, only: Expression) -> Cases | None:
    """Return the cases that the address asks for, None when the run has none.

    Args:
        session: a reading session.
        section: the section of the run. In the address `cases` is the filter, `result` one result.
        only: the rows that other parts of the page leave.
    """
    if not section.run.case_counts:
        return None
    found = read_filter(View.CASES, name="cases")
    page: Page[CaseOutcome] = Page(items=[])
    counts: dict[str, int] = {}
    if found.fault is None:
        result = request.args.get("result", "")
        narrowed = understand(with_term(found.text, "result", result) if result else found.text, View.CASES)
        counts = count_case_results(
            session, run_id=section.run.id, attempt=section.attempt, where=conjunction([only, found.tree])
        )
        if narrowed.fault is None:
            page = page_cases(
                session,
                run_id=section.run.id,
                attempt=section.attempt,
                where=conjunction([only, narrowed.tree]),
                before=read_position(request.args.get("casesbefore")),
                limit=PAGE_ROWS,
            )
        else:
            found = narrowed
    older = here(casesbefore=write_position(page.older)) if page.older else ""
    return Cases(filter=found, page=page, counts=counts, chips=_chips(counts), older=older)


def _chips(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    wanted = request.args.get("result", "")
    total = sum(counts.values())
    chips: list[dict[str, Any]] = [
        {"label": "all", "count": total, "url": here(result=None, casesbefore=None), "current": not wanted}
    ]
    for result in (CaseResult.FAIL, CaseResult.PASS, CaseResult.SKIP, CaseResult.UNKNOWN):
        if counts.get(result):
            url = here(result=str(result), casesbefore=None)
            chips.append(
                {
                    "label": str(result),
                    "count": counts[result],
                    "url": url,
                    "current": wanted == result,
                    "word": str(result),
                }
            )
    return chips
