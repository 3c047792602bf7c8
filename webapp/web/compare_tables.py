"""Which devices or cases changed, as a matrix, as counts that filter, and as a list?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from webapp.compare.runs import Comparison, ShownChange, Side, show_changes
from webapp.compare.selection import ABSENT, select_changes, write_pair
from webapp.domain.changes import CLASS_TITLES, FAILING, PASSING, ChangeClass
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.store.db import Session
from webapp.store.logs import list_logs
from webapp.web.compare_wanted import Wanted
from webapp.web.paging import here

PAGE_ROWS = 300
TONES = {
    ChangeClass.NEWLY_FAILING: "failed",
    ChangeClass.NEW_FAILING: "failed",
    ChangeClass.STILL_FAILING: "failed",
    ChangeClass.FIXED: "ok",
    ChangeClass.NEW_PASSING: "ok",
    ChangeClass.CHANGED: "changed",
}
# What the addresses of the download share with that of the page.
SELECTING = ("a", "b", "attempt_a", "attempt_b", "device", "other", "change", "pair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the matrix: how many went from one word to another, and the address that lists them."""

    count: int
    url: str
    tone: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The changes of one tab.

    Args:
        rows: words of A, the rows of the matrix; `-` is not there.
        columns: words of B.
        cells: the matrix by row and column.
        chips: the classes with their counts, as filters.
        title: what is listed.
        shown: the listed changes.
        total: how many changes the filter selects.
        newer: the address of the page before, or empty.
        older: the address of the next page, or empty.
        has_devices: some of the listed cases ran on a device.
        logged: the devices that have a log in both runs.
        opened: the beginnings of the addresses that open a device: `result` and `log`; its name follows.
        runs: the beginnings of the addresses that list a case in the run of A, and of B; its filter follows.
        downloads: the addresses of the list for spreadsheets and programs.
    """

    is_case: bool
    is_partial: bool
    rows: Sequence[str]
    columns: Sequence[str]
    cells: dict[tuple[str, str], Cell]
    chips: list[dict[str, Any]]
    title: str
    shown: list[ShownChange]
    total: int
    newer: str
    older: str
    has_devices: bool
    logged: frozenset[str]
    opened: dict[str, str]
    runs: tuple[str, str]
    downloads: list[dict[str, str]]


def read_table(session: Session, comparison: Comparison, wanted: Wanted) -> Table:
    """Return the changes that the address asks for; without a choice, all that are not the same."""
    words: Sequence[str] = [str(word) for word in (CaseResult if comparison.is_case else DeviceStatus)]
    matrix = comparison.matrix
    first, second = {_name(a) for a, _ in matrix}, {_name(b) for _, b in matrix}
    selected = select_changes(session, comparison, kind=wanted.change, pair=wanted.pair)
    page = _page()
    shown = show_changes(session, comparison, selected[page * PAGE_ROWS : (page + 1) * PAGE_ROWS])
    has_more = len(selected) > (page + 1) * PAGE_ROWS
    return Table(
        is_case=comparison.is_case,
        is_partial=comparison.is_partial,
        rows=[word for word in [*words, ABSENT] if word in first],
        columns=[word for word in [*words, ABSENT] if word in second],
        cells={(_name(a), _name(b)): _cell(a, b, count, wanted) for (a, b), count in matrix.items()},
        chips=_chips(comparison, wanted),
        title=_title(wanted),
        shown=shown,
        total=len(selected),
        newer=here(page=page - 1 or None) if page else "",
        older=here(page=page + 1) if has_more else "",
        has_devices=any(each.subject.device for each in shown),
        logged=_streams(session, wanted.a) & _streams(session, wanted.b),
        opened=_opened(wanted),
        runs=(_cases_of(wanted.a), _cases_of(wanted.b)),
        downloads=_downloads(is_case=comparison.is_case),
    )


def _streams(session: Session, side: Side) -> frozenset[str]:
    return frozenset(log.stream for log in list_logs(session, run_id=side.run.id))


def _name(word: str | None) -> str:
    return ABSENT if word is None else word


def _title(wanted: Wanted) -> str:
    if wanted.pair is not None:
        a, b = ("not there" if word == ABSENT else word for word in wanted.pair)
        return f"{a.capitalize()} in A, {b} in B"
    return "Everything that changed" if wanted.change is None else CLASS_TITLES[wanted.change]


def _cell(a: str | None, b: str | None, count: int, wanted: Wanted) -> Cell:
    tone = ""
    if a != b:
        tone = "worse" if b in FAILING else "better" if b in PASSING and a in FAILING else "other"
    pair = (_name(a), _name(b))
    url = here(pair=write_pair(a, b), change=None, page=None)
    return Cell(count=count, url=url, tone=tone, current=wanted.pair == pair)


def _chips(comparison: Comparison, wanted: Wanted) -> list[dict[str, Any]]:
    is_all = wanted.change is None and wanted.pair is None
    url = here(change=None, pair=None, page=None)
    chips: list[dict[str, Any]] = [
        {"label": "changed", "count": len(comparison.changes), "url": url, "current": is_all}
    ]
    for kind, count in comparison.counts.items():
        if count:
            chips.append(
                {
                    "label": CLASS_TITLES[kind].lower(),
                    "count": count,
                    "url": here(change=str(kind), pair=None, page=None),
                    "current": wanted.change is kind and wanted.pair is None,
                    "word": TONES.get(kind, ""),
                }
            )
    return chips


def _opened(wanted: Wanted) -> dict[str, str]:
    forgotten = {"change": None, "pair": None, "page": None, "device": None}
    other = None if wanted.other == wanted.device else wanted.other
    tabs = {"result": "result", "log": "logs"}
    return {name: f"{here(tab=tab, other=other, **forgotten)}&device=" for name, tab in tabs.items()}


def _cases_of(side: Side) -> str:
    return f"{url_for('run.show', uid=side.run.uid)}?cases="


def _downloads(*, is_case: bool) -> list[dict[str, str]]:
    kept = {name: request.args[name] for name in SELECTING if request.args.get(name)}
    query = urlencode({**kept, "by": "cases" if is_case else "devices"})
    return [
        {"title": "CSV", "url": f"{url_for('api_compare.compare_two_runs_as_csv')}?{query}"},
        {"title": "JSON", "url": f"{url_for('api_compare.compare_two_runs')}?{query}"},
    ]


def _page() -> int:
    text = request.args.get("page", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
