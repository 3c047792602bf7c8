"""Which devices or cases changed, as a matrix, as counts that filter, and as a list?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from webapp.compare.runs import Change, Comparison, ShownChange, Side, show_changes
from webapp.domain.changes import CLASS_TITLES, FAILING, PASSING, ChangeClass
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.store.db import Session
from webapp.store.logs import list_logs
from webapp.web.compare_wanted import Wanted
from webapp.web.paging import here

PAGE_ROWS = 300
SLOWEST = 200
ABSENT = "-"
TONES = {
    ChangeClass.NEWLY_FAILING: "failed",
    ChangeClass.NEW_FAILING: "failed",
    ChangeClass.STILL_FAILING: "failed",
    ChangeClass.FIXED: "ok",
    ChangeClass.NEW_PASSING: "ok",
    ChangeClass.CHANGED: "changed",
}


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
        shown: the listed changes.
        total: how many changes the filter selects.
        newer: the address of the page before, or empty.
        older: the address of the next page, or empty.
        logged: the devices that have a log in both runs.
    """

    is_case: bool
    rows: Sequence[str]
    columns: Sequence[str]
    cells: dict[tuple[str, str], Cell]
    chips: list[dict[str, Any]]
    shown: list[ShownChange]
    total: int
    newer: str
    older: str
    logged: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one device or case took in A and in B, in seconds."""

    shown: ShownChange
    a_s: float
    b_s: float

    @property
    def difference_s(self) -> float:
        """Return how much longer B took."""
        return self.b_s - self.a_s


def read_table(session: Session, comparison: Comparison, wanted: Wanted) -> Table:
    """Return the changes that the address asks for; without a choice, all that are not the same."""
    words: Sequence[str] = [str(word) for word in (CaseResult if comparison.is_case else DeviceStatus)]
    first = {_name(a) for a, _ in comparison.matrix}
    second = {_name(b) for _, b in comparison.matrix}
    selected = [change for change in comparison.changes if _is_selected(change, wanted)]
    page = _page()
    part = selected[page * PAGE_ROWS : (page + 1) * PAGE_ROWS]
    has_more = len(selected) > (page + 1) * PAGE_ROWS
    return Table(
        is_case=comparison.is_case,
        rows=[word for word in [*words, ABSENT] if word in first],
        columns=[word for word in [*words, ABSENT] if word in second],
        cells={(_name(a), _name(b)): _cell(a, b, count, wanted) for (a, b), count in comparison.matrix.items()},
        chips=_chips(comparison, wanted),
        shown=show_changes(session, comparison, part),
        total=len(selected),
        newer=here(page=page - 1 or None) if page else "",
        older=here(page=page + 1) if has_more else "",
        logged=_streams(session, wanted.a) & _streams(session, wanted.b),
    )


def _streams(session: Session, side: Side) -> frozenset[str]:
    return frozenset(log.stream for log in list_logs(session, run_id=side.run.id))


def slowest(session: Session, devices: Comparison, cases: Comparison) -> list[Timing]:
    """Return the devices, or without any the cases, whose duration changed most."""
    comparison = devices if devices.changes else cases
    timed = [change for change in comparison.changes if _took(change) is not None]
    timed.sort(key=lambda change: -abs(_took(change) or 0.0))
    return [
        Timing(shown=shown, a_s=shown.change.a.duration_s or 0.0, b_s=shown.change.b.duration_s or 0.0)
        for shown in show_changes(session, comparison, timed[:SLOWEST])
        if shown.change.a is not None and shown.change.b is not None
    ]


def _took(change: Change) -> float | None:
    if change.a is None or change.b is None or change.a.duration_s is None or change.b.duration_s is None:
        return None
    return change.b.duration_s - change.a.duration_s


def _is_selected(change: Change, wanted: Wanted) -> bool:
    if wanted.pair:
        a = None if change.a is None else change.a.word
        b = None if change.b is None else change.b.word
        return wanted.pair == f"{_name(a)}:{_name(b)}"
    if wanted.change is not None:
        return change.kind is wanted.change
    return change.kind is not ChangeClass.SAME


def _name(word: str | None) -> str:
    return ABSENT if word is None else word


def _cell(a: str | None, b: str | None, count: int, wanted: Wanted) -> Cell:
    tone = ""
    if a != b:
        tone = "worse" if b in FAILING else "better" if b in PASSING and a in FAILING else "other"
    pair = f"{_name(a)}:{_name(b)}"
    return Cell(count=count, url=here(pair=pair, change=None, page=None), tone=tone, current=wanted.pair == pair)


def _chips(comparison: Comparison, wanted: Wanted) -> list[dict[str, Any]]:
    differing = sum(count for kind, count in comparison.counts.items() if kind is not ChangeClass.SAME)
    is_all = wanted.change is None and not wanted.pair
    chips: list[dict[str, Any]] = [
        {"label": "changed", "count": differing, "url": here(change=None, pair=None, page=None), "current": is_all}
    ]
    for kind, count in comparison.counts.items():
        if count:
            chips.append(
                {
                    "label": CLASS_TITLES[kind].lower(),
                    "count": count,
                    "url": here(change=str(kind), pair=None, page=None),
                    "current": wanted.change is kind,
                    "word": TONES.get(kind, ""),
                }
            )
    return chips


def _page() -> int:
    text = request.args.get("page", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
