"""What changed between two runs, for programs?"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from flask import Blueprint, Response, g, url_for

from webapp.api.answers import Limit
from webapp.api.results import Section, section_of
from webapp.api.schema import RawAnswer, Takes, operation
from webapp.api.sheets import CSV, write_csv
from webapp.compare.baseline import Baseline, resolve
from webapp.compare.runs import Comparison, ShownChange, Side, compare_cases, compare_devices, show_changes
from webapp.compare.selection import read_pair, select_changes
from webapp.compare.stored import rules_for
from webapp.domain.access import Caller, Scope
from webapp.domain.changes import Change, ChangeClass, Outcome
from webapp.errors import InvalidError, NotFoundError
from webapp.store.comparison import Detail, find_device_id
from webapp.store.db import Session, db, later_reading
from webapp.store.runs import Run
from webapp.store.streaks import Streak

blueprint = Blueprint("api_compare", __name__, url_prefix="/api/v1")

ROWS_A_STEP = 300
NAME_HERE = "name-of-the-device"
CSV_COLUMNS = (
    "class", "device", "suite", "name", "a_status", "b_status", "a_result", "b_result", "a_duration_s", "b_duration_s",
    "since_number", "since_uid", "since_runs", "flaky", "message",
)  # fmt: skip

RunWord = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=400,
        description="a run's uid; a: also `previous`, `last-ok`, `pinned` or `query:<owner>/<name>`, relative to b",
    ),
]
Name = Annotated[str, msgspec.Meta(max_length=255)]


class SelectionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which two runs, which sections and devices of them, and which changes are listed."""

    a: RunWord
    b: RunWord
    by: Literal["devices", "cases"] = "devices"
    attempt_a: Section = "overall"
    attempt_b: Section = "overall"
    device: Annotated[Name, msgspec.Meta(description="compare this device alone")] = ""
    other: Annotated[Name, msgspec.Meta(description="the device of b, if it is another one")] = ""
    change: ChangeClass | None = None
    pair: Annotated[str, msgspec.Meta(max_length=80, description="words of a and b, as `ok:failed` or `ok:-`")] = ""


class CompareQuery(SelectionQuery, frozen=True, kw_only=True):
    """The same, and which page of the list."""

    limit: Limit = 300
    page: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0


class SideAnswer(msgspec.Struct, frozen=True):
    """A run on one side."""

    uid: str
    service: str
    number: int


class OutcomeAnswer(msgspec.Struct, frozen=True):
    """What a device or case came to on one side; equal results have the same `result` key."""

    status: str
    result: int | None
    duration_s: float | None


class SinceAnswer(msgspec.Struct, frozen=True):
    """The first run of the streak in which it fails, or failed until it was fixed, and how many runs that are.

    `is_longer`: it may have begun before all the runs that were looked at.
    """

    uid: str
    number: int
    runs: int
    is_longer: bool


class LinksAnswer(msgspec.Struct, frozen=True):
    """Addresses of the page that compares it, and of its JSON results, where it has any."""

    page: str
    a_result: str | None
    b_result: str | None


class ChangeAnswer(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """What became of one device or case; what is `flaky` passed and failed by turns in the last 20 runs."""

    kind: str
    device: str | None
    suite: str
    name: str
    a: OutcomeAnswer | None
    b: OutcomeAnswer | None
    message: str
    since: SinceAnswer | None
    flaky: bool
    links: LinksAnswer


class CompareAnswer(msgspec.Struct, frozen=True):
    """The comparison of two runs; `reason` says why A was taken, when a word named it.

    `is_partial`: not every changed result could be held against what the service ignores.
    """

    a: SideAnswer
    b: SideAnswer
    reason: str
    devices: dict[str, int]
    cases: dict[str, int]
    is_partial: bool
    items: list[ChangeAnswer]
    next_page: int | None


@operation(
    blueprint,
    "GET",
    "/compare",
    scope=Scope.READ,
    answers={200: CompareAnswer},
    takes=Takes(query=CompareQuery),
)
def compare_two_runs(query: CompareQuery) -> CompareAnswer:
    """Compare two runs: how many devices and cases have each class of change, and a page of them, worst first.

    What is the same is listed only when `change=same` or `pair` asks for it.
    """
    session = db.session()
    base, a, b = _sides(session, query)
    devices, cases = compare_devices(session, a, b, rules=rules_for(session, a, b)), compare_cases(session, a, b)
    chosen = devices if query.by == "devices" else cases
    selected = select_changes(session, chosen, kind=query.change, pair=read_pair(query.pair))
    part = selected[query.page * query.limit : (query.page + 1) * query.limit]
    has_more = len(selected) > (query.page + 1) * query.limit
    links = _Links(a, b, query)
    return CompareAnswer(
        a=_side(a.run),
        b=_side(b.run),
        reason=base.reason,
        devices=_counts(devices),
        cases=_counts(cases),
        is_partial=devices.is_partial,
        items=[_answer(shown, links) for shown in show_changes(session, chosen, part)],
        next_page=query.page + 1 if has_more else None,
    )


@operation(
    blueprint,
    "GET",
    "/compare.csv",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=CSV, description="A line a device or case")},
    takes=Takes(query=SelectionQuery),
)
def compare_two_runs_as_csv(query: SelectionQuery) -> Response:
    """Download every change that is asked for as CSV, worst first.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    session = db.session()
    _, a, b = _sides(session, query)
    is_case = query.by == "cases"
    chosen = compare_cases(session, a, b) if is_case else compare_devices(session, a, b, rules=rules_for(session, a, b))
    selected = select_changes(session, chosen, kind=query.change, pair=read_pair(query.pair))
    lines = write_csv(CSV_COLUMNS, _csv_rows(chosen, selected))
    name = f"compare-{a.run.number}-{b.run.number}-{query.by}.csv"
    return Response(lines, mimetype=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _csv_rows(comparison: Comparison, changes: Sequence[Change]) -> Iterator[Sequence[object]]:
    open_session = later_reading()

    def rows() -> Iterator[Sequence[object]]:
        with open_session() as session:
            for start in range(0, len(changes), ROWS_A_STEP):
                for shown in show_changes(session, comparison, changes[start : start + ROWS_A_STEP]):
                    yield _csv_row(shown)

    return rows()


def _csv_row(shown: ShownChange) -> Sequence[object]:
    change, subject, since = shown.change, shown.subject, shown.since
    a, b = change.a or Outcome("", None), change.b or Outcome("", None)
    return (
        *(change.kind.value, subject.device or "", subject.suite, subject.name),
        *(a.word, b.word, a.content, b.content, shown.a.duration_s, shown.b.duration_s),
        *((since.number, since.uid, since.runs) if since else ("", "", "")),
        "yes" if shown.is_flaky else "",
        shown.b.message or shown.a.message,
    )


def _sides(session: Session, query: SelectionQuery) -> tuple[Baseline, Side, Side]:
    newer = readable(resolve(session, query.b, of=None).run)
    base = resolve(session, query.a, of=newer, caller=g.caller)
    older = readable(base.run)
    device = _device(session, "device", query.device)
    other = _device(session, "other", query.other) if query.other else device
    if query.other and not query.device:
        raise InvalidError(("device", "expected the device of a, because `other` names one of b"))
    a = Side(run=older, attempt=section_of(query.attempt_a), device_id=device)
    return base, a, Side(run=newer, attempt=section_of(query.attempt_b), device_id=other)


def _device(session: Session, name: str, device: str) -> int | None:
    if not device:
        return None
    found = find_device_id(session, device)
    if found is None:
        raise NotFoundError(f"{name}: there is no device {device!r}")
    return found


def readable(run: Run) -> Run:
    """Return a run that the caller may see, else say that there is none."""
    caller: Caller = g.caller
    if not caller.may_touch(run.service):
        raise NotFoundError(f"there is no run {run.uid}")
    return run


def _counts(comparison: Comparison) -> dict[str, int]:
    return {str(kind): count for kind, count in comparison.counts.items()}


def _side(run: Run) -> SideAnswer:
    return SideAnswer(uid=run.uid, service=run.service, number=run.number)


def _outcome(outcome: Outcome | None, detail: Detail) -> OutcomeAnswer | None:
    if outcome is None:
        return None
    return OutcomeAnswer(status=outcome.word, result=outcome.content, duration_s=detail.duration_s)


def _since(since: Streak | None) -> SinceAnswer | None:
    if since is None:
        return None
    return SinceAnswer(uid=since.uid, number=since.number, runs=since.runs, is_longer=since.is_longer)


def _answer(shown: ShownChange, links: "_Links") -> ChangeAnswer:
    change, subject = shown.change, shown.subject
    return ChangeAnswer(
        kind=str(change.kind),
        device=subject.device,
        suite=subject.suite,
        name=subject.name,
        a=_outcome(change.a, shown.a),
        b=_outcome(change.b, shown.b),
        message=shown.b.message or shown.a.message,
        since=_since(shown.since),
        flaky=shown.is_flaky,
        links=links.of(shown),
    )


class _Links:
    """Makes the addresses of rows: what they share is built once, because there may be a thousand of them."""

    def __init__(self, a: Side, b: Side, query: SelectionQuery) -> None:
        self._query = query
        attempts: dict[str, Any] = {"attempt_a": a.attempt, "attempt_b": b.attempt}
        tab = "cases" if query.by == "cases" else "result"
        self._page = url_for("compare.index", **attempts, a=a.run.uid, b=b.run.uid, tab=tab, _external=True)
        self._results = [_result_address(side) for side in (a, b)]

    def of(self, shown: ShownChange) -> LinksAnswer:
        """Return the addresses of one row."""
        query, change, device = self._query, shown.change, shown.subject.device or ""
        if query.by == "cases":
            more = {"device": device, "change": str(change.kind)} if device else {"change": str(change.kind)}
            return LinksAnswer(page=f"{self._page}&{urlencode(more)}", a_result=None, b_result=None)
        names = {"device": query.device or device} | ({"other": query.other} if query.other else {})
        return LinksAnswer(
            page=f"{self._page}&{urlencode(names)}",
            a_result=self._result(0, query.device or device, change.a),
            b_result=self._result(1, device, change.b),
        )

    def _result(self, side: int, device: str, outcome: Outcome | None) -> str | None:
        if outcome is None or outcome.content is None:
            return None
        before, after = self._results[side]
        return f"{before}{quote(device)}{after}"


def _result_address(side: Side) -> tuple[str, str]:
    """Return what stands before and after a device's name in the address of its JSON result."""
    attempt, endpoint = side.attempt or "overall", "api_results.show_device_result"
    address = url_for(endpoint, uid=side.run.uid, name=NAME_HERE, attempt=attempt, _external=True)
    before, _, after = address.partition(NAME_HERE)
    return before, after
