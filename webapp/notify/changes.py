"""What changed in a run since the previous comparable one: the classes of its devices and cases, and what fails."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.compare.runs import (
    Comparison,
    ShownChange,
    Side,
    compare_cases,
    compare_devices,
    list_same,
    show_changes,
)
from webapp.compare.stored import rules_for
from webapp.domain.changes import PASSING, Change, ChangeClass
from webapp.domain.policy_match import Changes
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
    """Compare a run with an earlier one; what the service ignores is no change."""
    b = Side(run=run)
    if earlier is None:
        devices = compare_devices(session, None, b)
        return RunChanges(run=run, earlier=None, devices=devices, cases=compare_cases(session, None, b))
    a = Side(run=earlier)
    devices = compare_devices(session, a, b, rules=rules_for(session, a, b))
    return RunChanges(run=run, earlier=earlier, devices=devices, cases=compare_cases(session, a, b))


def everything(session: Session, comparison: Comparison) -> list[Change]:
    """Return what changed and what is the same; the comparison must be of all devices."""
    return [*comparison.changes, *list_same(session, comparison)]


def failing(comparison: Comparison) -> list[Change]:
    """Return what fails, the new ones first."""
    return [change for change in comparison.changes if change.kind in FAILURES]


def passed(session: Session, comparison: Comparison, device_ids: frozenset[int]) -> list[Change]:
    """Return which devices passed, of some of them; of all when none are named."""
    return [
        change
        for change in everything(session, comparison)
        if change.b is not None and change.b.word in PASSING and (not device_ids or change.key[0] in device_ids)
    ]


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
