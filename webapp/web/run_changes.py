"""What changed in a run, in a few words, as counts that lead to the comparison, and as the first names?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.compare.baseline import COMPARABLE
from webapp.compare.runs import ShownChange
from webapp.compare.stored import FIRST, find_comparison, show_stored
from webapp.domain.changes import CLASS_TITLES, ChangeClass
from webapp.domain.compare_options import read_compare_options
from webapp.store.db import Session
from webapp.store.recording_services import get_options
from webapp.store.runs import Run
from webapp.store.stored_comparisons import StoredComparison, find_comparisons

NAMED = 12
# What is told in a list of runs, and how it looks.
TOLD = (
    (ChangeClass.NEWLY_FAILING, "bad"),
    (ChangeClass.NEW_FAILING, "bad"),
    (ChangeClass.FIXED, "ok"),
)
# The names that the run's page tells, worst first.
LISTED = (
    ChangeClass.NEWLY_FAILING,
    ChangeClass.NEW_FAILING,
    ChangeClass.FIXED,
    ChangeClass.CHANGED,
    ChangeClass.MISSING,
)
WORDS = {"devices": "device", "cases": "case"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWord:
    """A count in words, and the address that lists what it counts; empty where the baseline is gone."""

    text: str
    tone: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    """What changed in a run, in a few words, and since which run; `since` says that there was none before."""

    words: list[ChangeWord]
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCounts:
    """How many devices, or cases, have each class of change."""

    title: str
    chips: list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """The section "What changed" of a run's page.

    Args:
        stored: what was found at the end of the run; None while it goes on, until it was compared, and when it was
            canceled.
        is_pending: the run has ended and is being compared.
        is_pinned: the run is its service's baseline.
        may_pin: the run can be made that.
        words: the same in a few words.
        counts: the same as counts that filter.
        named: the first devices and cases.
        more: how many of those classes are not named.
        url: the address of the comparison.
    """

    stored: StoredComparison | None
    is_pending: bool
    is_pinned: bool
    may_pin: bool
    words: ChangeWords | None
    counts: list[ChangeCounts]
    named: Sequence[ShownChange]
    more: int
    url: str


def words_of_runs(session: Session, runs: Sequence[Run]) -> Mapping[int, ChangeWords]:
    """Return what changed in each run of a list, by the run's id, as far as it is known."""
    uids = {run.id: run.uid for run in runs}
    return {run_id: _words(stored, uids[run_id]) for run_id, stored in find_comparisons(session, uids).items()}


def read_changes(session: Session, run: Run) -> RunChanges:
    """Return what changed in a run."""
    is_comparable = run.status in COMPARABLE
    stored = find_comparison(session, run.id) if is_comparable else None
    named = show_stored(session, run, stored, kinds=LISTED, limit=NAMED) if stored else []
    return RunChanges(
        stored=stored,
        is_pending=is_comparable and stored is None,
        is_pinned=read_compare_options(get_options(session, run.service_id)).pinned == run.uid,
        may_pin=is_comparable,
        words=_words(stored, run.uid) if stored else None,
        counts=_counts(stored, run.uid) if stored else [],
        named=named,
        more=stored.count(*LISTED) - len(named) if stored else 0,
        url=_url(stored, run.uid) if stored else "",
    )


def _words(stored: StoredComparison, uid: str) -> ChangeWords:
    words = [
        ChangeWord(
            text=f"{stored.count(kind):,} {CLASS_TITLES[kind].lower()}",
            tone=tone,
            url=_url(stored, uid, tab="devices" if stored.devices[kind] else "cases", kind=kind),
        )
        for kind, tone in TOLD
        if stored.count(kind)
    ]
    if stored.word == FIRST:
        return ChangeWords(words=[], since="the first run of its service")
    name = stored.baseline
    since = f"since #{name.number}" if name else "since a run that was removed"
    return ChangeWords(words=words, since=since if words else f"nothing newly failing or fixed {since}")


def _counts(stored: StoredComparison, uid: str) -> list[ChangeCounts]:
    counts: list[ChangeCounts] = []
    for tab, found in (("devices", stored.devices), ("cases", stored.cases)):
        chips: list[dict[str, object]] = [
            {
                "label": CLASS_TITLES[kind].lower(),
                "count": count,
                "url": _url(stored, uid, tab=tab, kind=kind),
            }
            for kind, count in found.items()
            if count
        ]
        if chips:
            counts.append(ChangeCounts(title=tab.capitalize(), chips=chips))
    return counts


def _url(stored: StoredComparison, uid: str, *, tab: str | None = None, kind: ChangeClass | None = None) -> str:
    if stored.baseline is None:
        return ""
    change = None if kind is None else str(kind)
    return url_for("compare.index", a=stored.baseline.uid, b=uid, tab=tab, change=change)
