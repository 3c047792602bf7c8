"""What changed between two runs, for programs?"""

from typing import Annotated, Literal

import msgspec
from flask import Blueprint, g

from webapp.api.answers import Limit
from webapp.api.results import Section, section_of
from webapp.api.schema import Takes, operation
from webapp.compare.baseline import resolve
from webapp.compare.runs import Change, Comparison, ShownChange, Side, compare_cases, compare_devices, show_changes
from webapp.domain.access import Caller, Scope
from webapp.domain.changes import ChangeClass
from webapp.errors import NotFoundError
from webapp.store.comparison import Outcome
from webapp.store.db import db
from webapp.store.runs import Run

blueprint = Blueprint("api_compare", __name__, url_prefix="/api/v1")

RunWord = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="a run's uid; a: also previous, last-ok")
]


class CompareQuery(msgspec.Struct, frozen=True):
    """Which two runs, and which changes of them are listed."""

    a: RunWord
    b: RunWord
    by: Literal["devices", "cases"] = "devices"
    attempt_a: Section = "overall"
    attempt_b: Section = "overall"
    change: ChangeClass | None = None
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
    """The first run of the streak in which something fails, and how many runs it has."""

    uid: str
    number: int
    runs: int


class ChangeAnswer(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """What became of one device or case."""

    kind: str
    device: str | None
    suite: str
    name: str
    a: OutcomeAnswer | None
    b: OutcomeAnswer | None
    message: str
    since: SinceAnswer | None


class CompareAnswer(msgspec.Struct, frozen=True):
    """The comparison of two runs; `reason` says why A was taken, when a word named it."""

    a: SideAnswer
    b: SideAnswer
    reason: str
    devices: dict[str, int]
    cases: dict[str, int]
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

    What is the same is listed only when `change=same` asks for it.
    """
    session = db.session()
    newer = readable(resolve(session, query.b, of=None).run)
    base = resolve(session, query.a, of=newer)
    a = Side(run=readable(base.run), attempt=section_of(query.attempt_a))
    b = Side(run=newer, attempt=section_of(query.attempt_b))
    devices, cases = compare_devices(session, a, b), compare_cases(session, a, b)
    chosen = devices if query.by == "devices" else cases
    selected = [change for change in chosen.changes if _is_selected(change, query.change)]
    part = selected[query.page * query.limit : (query.page + 1) * query.limit]
    has_more = len(selected) > (query.page + 1) * query.limit
    return CompareAnswer(
        a=_side(a.run),
        b=_side(b.run),
        reason=base.reason,
        devices=_counts(devices),
        cases=_counts(cases),
        items=[_answer(shown) for shown in show_changes(session, chosen, part)],
        next_page=query.page + 1 if has_more else None,
    )


def readable(run: Run) -> Run:
    """Return a run that the caller may see, else say that there is none."""
    caller: Caller = g.caller
    if not caller.may_touch(run.service):
        raise NotFoundError(f"there is no run {run.uid}")
    return run


def _is_selected(change: Change, wanted: ChangeClass | None) -> bool:
    return change.kind is not ChangeClass.SAME if wanted is None else change.kind is wanted


def _counts(comparison: Comparison) -> dict[str, int]:
    return {str(kind): count for kind, count in comparison.counts.items()}


def _side(run: Run) -> SideAnswer:
    return SideAnswer(uid=run.uid, service=run.service, number=run.number)


def _outcome(outcome: Outcome | None) -> OutcomeAnswer | None:
    if outcome is None:
        return None
    return OutcomeAnswer(status=outcome.word, result=outcome.content, duration_s=outcome.duration_s)


def _answer(shown: ShownChange) -> ChangeAnswer:
    since = shown.since
    return ChangeAnswer(
        kind=str(shown.change.kind),
        device=shown.subject.device,
        suite=shown.subject.suite,
        name=shown.subject.name,
        a=_outcome(shown.change.a),
        b=_outcome(shown.change.b),
        message=shown.message_b or shown.message_a,
        since=None if since is None else SinceAnswer(uid=since.uid, number=since.number, runs=since.runs),
    )
