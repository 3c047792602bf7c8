"""What became of each device and each case from run A to run B?

Source of the rules: docs/comparing.md, section "Classes".
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from webapp.compare.ignored import NO_RULES, Rules, find_ignored
from webapp.domain.changes import CONCLUSIVE, PASSING, Change, ChangeClass, Key, Outcome, Pair, class_of
from webapp.domain.outcome import DeviceStatus, RunStatus
from webapp.store.comparison import (
    NO_DETAIL,
    Detail,
    Place,
    Subject,
    load_cases,
    load_details,
    load_devices,
    load_durations,
    name_subjects,
)
from webapp.store.db import Session
from webapp.store.runs import Run
from webapp.store.streaks import Asked, Streak, find_flaky, last_conclusive, streaks_before

Value = TypeVar("Value")

ORDER = {change: rank for rank, change in enumerate(ChangeClass)}
# Of these it is told for how many runs they fail, or failed.
WITH_STREAK = frozenset(
    {ChangeClass.NEWLY_FAILING, ChangeClass.NEW_FAILING, ChangeClass.STILL_FAILING, ChangeClass.FIXED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: a run, its overall section or one attempt, and all devices or one."""

    run: Run
    attempt: int | None = None
    device_id: int | None = None

    @property
    def place(self) -> Place:
        """Return where its results are."""
        return Place(run_id=self.run.id, attempt=self.attempt, device_id=self.device_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Which runs are compared.

    Args:
        a: the older side; None when there is nothing to compare with, and everything is new.
        b: the newer side.
        is_case: cases are compared, else devices.
    """

    a: Side | None
    b: Side
    is_case: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Sides):
    """Two runs side by side, of devices or of cases.

    Args:
        changes: everything that is not the same, worst first.
        counts: how many have each class; every class is there.
        before: what each came to in A; one device against another has the keys of B's device.
        after: what each came to in B.
        is_partial: the rules of the service were not applied to every changed result, for lack of time.
    """

    changes: Sequence[Change]
    counts: Mapping[ChangeClass, int]
    before: Mapping[Key, Pair] = field(repr=False)
    after: Mapping[Key, Pair] = field(repr=False)
    is_partial: bool = False

    @property
    def total(self) -> int:
        """Return how many devices or cases are in A or B."""
        return sum(self.counts.values())

    def matrix(self) -> Mapping[tuple[str | None, str | None], int]:
        """Return how many had one word in A (None: not there) and one in B."""
        absent = (None, None)
        words: Counter[tuple[str | None, str | None]] = Counter(
            (self.before.get(key, absent)[0], pair[0]) for key, pair in self.after.items()
        )
        words.update((self.before[key][0], None) for key in self.before.keys() - self.after.keys())
        return words

    def same(self) -> list[Change]:
        """Return everything that is the same."""
        other = {change.key for change in self.changes}
        keys = sorted(self.after.keys() - other)
        return [_make(key, ChangeClass.SAME, self.after[key][0], self.before, self.after) for key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A change with names, messages and durations.

    `since` is the streak of what fails, or of what is fixed now; what `is_flaky` passes and fails by turns.
    """

    change: Change
    subject: Subject
    a: Detail
    b: Detail
    since: Streak | None
    is_flaky: bool


def compare_devices(session: Session, a: Side | None, b: Side, *, rules: Rules = NO_RULES) -> Comparison:
    """Compare the devices of two runs; what differs only in what the rules ignore is told apart."""
    before = {} if a is None else _as_in_b(a, b, load_devices(session, a.place), is_case=False)
    made = _compare(session, a, b, before=before, after=load_devices(session, b.place), is_case=False)
    return _without_ignored(session, made, rules)


def compare_cases(session: Session, a: Side | None, b: Side) -> Comparison:
    """Compare the test cases of two runs."""
    before = {} if a is None else _as_in_b(a, b, load_cases(session, a.place), is_case=True)
    return _compare(session, a, b, before=before, after=load_cases(session, b.place), is_case=True)


def show_changes(session: Session, sides: Sides, changes: Sequence[Change]) -> list[ShownChange]:
    """Return some changes of a comparison with everything a page says about them, in the same order."""
    a, b, is_case = sides.a, sides.b, sides.is_case
    keys = [change.key for change in changes]
    subjects = name_subjects(session, keys, is_case=is_case)
    after = load_details(session, b.place, keys=keys, is_case=is_case)
    before: Mapping[Key, Detail] = {}
    if a is not None:
        keys_in_a = _keys_on(a, keys, is_case=is_case)
        found = load_details(session, a.place, keys=keys_in_a, is_case=is_case)
        before = _as_in_b(a, b, found, is_case=is_case)
    streaks = _streaks(session, b, changes, is_case=is_case)
    flaky = find_flaky(session, list(streaks), run=b.run, is_case=is_case) if streaks else frozenset()
    return [
        ShownChange(
            change=change,
            subject=subjects[change.key],
            a=before.get(change.key, NO_DETAIL),
            b=after.get(change.key, NO_DETAIL),
            since=streaks.get(change.key),
            is_flaky=change.key in flaky,
        )
        for change in changes
    ]


def find_slower(session: Session, comparison: Comparison, *, limit: int) -> list[ShownChange]:
    """Return those in both runs whose duration changed most, the greatest difference first."""
    a, b, is_case = comparison.a, comparison.b, comparison.is_case
    if a is None:
        return []
    before = _as_in_b(a, b, load_durations(session, a.place, is_case=is_case), is_case=is_case)
    after = load_durations(session, b.place, is_case=is_case)
    keys = sorted(before.keys() & after.keys(), key=lambda key: (-abs(after[key] - before[key]), key))[:limit]
    kinds = {change.key: change for change in comparison.changes}
    same = ChangeClass.SAME
    timed = [
        kinds.get(key) or _make(key, same, comparison.after[key][0], comparison.before, comparison.after)
        for key in keys
    ]
    return show_changes(session, comparison, timed)


def _compare(
    session: Session,
    a: Side | None,
    b: Side,
    *,
    before: Mapping[Key, Pair],
    after: Mapping[Key, Pair],
    is_case: bool,
) -> Comparison:
    is_certain = a is not None and RunStatus.CANCELED not in (a.run.status, b.run.status)
    open_keys = [
        key
        for key, pair in after.items()
        if not (is_certain and pair[0] in PASSING and before.get(key) == pair)  # most are the same, and need no more
    ]
    bases = _bases(session, a, b, before=before, keys=open_keys, is_case=is_case)
    open_keys.extend(before.keys() - after.keys())
    changes = []
    for key in open_keys:
        kind = _class_of(b, before.get(key), after.get(key), bases.get(key))
        if kind is not ChangeClass.SAME:
            changes.append(_make(key, kind, bases.get(key), before, after))
    changes.sort(key=lambda change: (ORDER[change.kind], change.key))
    counts = Counter(change.kind for change in changes)
    counts[ChangeClass.SAME] = len(before.keys() | after.keys()) - len(changes)
    return Comparison(a=a, b=b, is_case=is_case, changes=changes, counts=_counted(counts), before=before, after=after)


def _bases(
    session: Session, a: Side | None, b: Side, *, before: Mapping[Key, Pair], keys: Sequence[Key], is_case: bool
) -> dict[Key, str]:
    """Return each key's last conclusive word at or before A; a canceled run has none."""
    if a is None:
        return {}
    bases: dict[Key, str] = {}
    if a.run.status is not RunStatus.CANCELED:
        bases = {key: before[key][0] for key in keys if key in before and before[key][0] in CONCLUSIVE}
    doubtful = [key for key in keys if key not in bases]
    other = a.device_id if a.device_id != b.device_id else None
    asked = Asked(place=b.place, keys=doubtful, is_case=is_case, device_id=other)
    return bases | last_conclusive(session, asked, before=a.run)


def _class_of(b: Side, before: Pair | None, after: Pair | None, base: str | None) -> ChangeClass:
    status = None if after is None else after[0]
    if after is not None and b.run.status is RunStatus.CANCELED:
        status = DeviceStatus.CANCELED  # nothing in a canceled run is conclusive
    return class_of(base=base, status=status, is_known=before is not None, is_same=before == after)


def _make(
    key: Key, kind: ChangeClass, base: str | None, before: Mapping[Key, Pair], after: Mapping[Key, Pair]
) -> Change:
    a, b = before.get(key), after.get(key)
    return Change(
        key=key, kind=kind, base=base, a=None if a is None else Outcome(*a), b=None if b is None else Outcome(*b)
    )


def _counted(counts: Mapping[ChangeClass, int]) -> dict[ChangeClass, int]:
    return {kind: counts.get(kind, 0) for kind in ChangeClass}


def _without_ignored(session: Session, comparison: Comparison, rules: Rules) -> Comparison:
    """Tell those changed results apart that differ only in what the rules ignore."""
    changed = {
        change.key: contents
        for change in comparison.changes
        if change.kind is ChangeClass.CHANGED and (contents := change.contents)
    }
    found = find_ignored(session, changed.values(), rules)
    if not found.pairs:
        return replace(comparison, is_partial=found.is_partial)
    changes = [
        replace(change, kind=ChangeClass.IGNORED_ONLY) if changed.get(change.key) in found.pairs else change
        for change in comparison.changes
    ]
    changes.sort(key=lambda change: ORDER[change.kind])
    counts = Counter(change.kind for change in changes)
    counts[ChangeClass.SAME] = comparison.counts[ChangeClass.SAME]
    return replace(comparison, changes=changes, counts=_counted(counts), is_partial=found.is_partial)


def _streaks(session: Session, b: Side, changes: Iterable[Change], *, is_case: bool) -> dict[Key, Streak]:
    """Return since which run what fails now fails, and since which one what is fixed now had failed."""
    failing = {change.key: change.kind is not ChangeClass.FIXED for change in changes if change.kind in WITH_STREAK}
    if not failing:
        return {}
    asked = Asked(place=b.place, keys=list(failing), is_case=is_case)
    found = streaks_before(session, asked, run=b.run)
    first = Streak(uid=b.run.uid, number=b.run.number, runs=0, is_longer=False)
    streaks = {key: replace(found.get(key, first), runs=found.get(key, first).runs + failing[key]) for key in failing}
    return {key: streak for key, streak in streaks.items() if streak.runs}


def _as_in_b(a: Side, b: Side, found: Mapping[Key, Value], *, is_case: bool) -> Mapping[Key, Value]:
    """Return what was found in A by the keys of B, which differ when one device is compared with another."""
    if a.device_id == b.device_id:
        return found
    return dict(zip(_keys_on(b, found, is_case=is_case), found.values(), strict=True))


def _keys_on(side: Side, keys: Iterable[Key], *, is_case: bool) -> list[Key]:
    """Return the keys of the same cases, or simply of the device, on the one device of a side."""
    if side.device_id is None:
        return list(keys)
    return [(first, side.device_id) if is_case else (side.device_id, 0) for first, _ in keys]
