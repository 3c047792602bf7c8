"""What changed in a run since the previous comparable one: the classes of its devices and cases, and what fails."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from webapp.compare.runs import Change, Comparison, ShownChange, Side, compare_cases, compare_devices, show_changes
from webapp.domain.changes import FAILING, PASSING, ChangeClass
from webapp.domain.policy_match import Changes
from webapp.store.comparison import Key, Outcome, load_cases, load_devices
from webapp.store.db import Session
from webapp.store.runs import Run

FAILURES = (ChangeClass.NEWLY_FAILING, ChangeClass.NEW_FAILING, ChangeClass.STILL_FAILING)
NEW = frozenset({ChangeClass.NEWLY_FAILING, ChangeClass.NEW_FAILING})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """A run held against an earlier one; without one, everything in it is new."""

    run: Run
    earlier: Run | None
    devices: Comparison
    cases: Comparison

    @property
    def as_criteria_see(self) -> Changes:
        """Return what criteria ask for."""
        classes = Counter(self.devices.counts)
        classes.update(self.cases.counts)
        return Changes(reference=None if self.earlier is None else self.earlier.status, classes=classes)


def find_changes(session: Session, run: Run, earlier: Run | None) -> RunChanges:
    """Compare a run with an earlier one."""
    b = Side(run=run)
    if earlier is None:
        return RunChanges(
            run=run,
            earlier=None,
            devices=_all_new(b, load_devices(session, run_id=run.id, attempt=None), is_case=False),
            cases=_all_new(b, load_cases(session, run_id=run.id, attempt=None), is_case=True),
        )
    a = Side(run=earlier)
    return RunChanges(
        run=run, earlier=earlier, devices=compare_devices(session, a, b), cases=compare_cases(session, a, b)
    )


def failing(comparison: Comparison) -> list[Change]:
    """Return what fails, the new ones first."""
    return [change for change in comparison.changes if change.kind in FAILURES]


def passed(comparison: Comparison) -> list[Change]:
    """Return what passed."""
    return [change for change in comparison.changes if change.b is not None and change.b.word in PASSING]


def shown(session: Session, comparison: Comparison, changes: Sequence[Change]) -> list[ShownChange]:
    """Return some changes with names, messages and since when they fail."""
    return show_changes(session, comparison, changes) if changes else []


def only(comparison: Comparison, device_ids: frozenset[int]) -> Comparison:
    """Return the part of a comparison that is about some devices; all of it when none are named."""
    if not device_ids:
        return comparison
    place = 1 if comparison.is_case else 0
    changes = [change for change in comparison.changes if change.key[place] in device_ids]
    counts = Counter(change.kind for change in changes)
    return replace(comparison, changes=changes, counts={kind: counts[kind] for kind in ChangeClass})


def _all_new(side: Side, outcomes: Mapping[Key, Outcome], *, is_case: bool) -> Comparison:
    changes = [Change(key=key, kind=_kind(each.word), base=None, a=None, b=each) for key, each in outcomes.items()]
    order = {kind: rank for rank, kind in enumerate(ChangeClass)}
    changes.sort(key=lambda change: (order[change.kind], change.key))
    counts = Counter(change.kind for change in changes)
    return Comparison(
        a=side,
        b=side,
        is_case=is_case,
        changes=changes,
        counts={kind: counts[kind] for kind in ChangeClass},
        matrix={},
    )


def _kind(word: str) -> ChangeClass:
    if word in FAILING:
        return ChangeClass.NEW_FAILING
    return ChangeClass.NEW_PASSING if word in PASSING else ChangeClass.NEW_OTHER
