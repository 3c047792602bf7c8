"""What became of each device and each case from run A to run B?

Source of the rules: docs/comparing.md, section "Classes".
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from webapp.compare.ignored import NO_RULES, Rules, find_ignored
from webapp.domain.changes import CONCLUSIVE, Change, ChangeClass, Key, Outcome, Pair, class_of
from webapp.domain.outcome import DeviceStatus, RunStatus
from webapp.store.comparison import (
    NO_DETAIL,
    Detail,
    Place,
    Subject,
    count_words,
    load_details,
    load_differing,
    load_durations,
    load_gone,
    load_outcomes,
    name_subjects,
)
from webapp.store.db import Session
from webapp.store.runs import Run
from webapp.store.streaks import Asked, Streak, find_flaky, last_conclusive, streaks_before

Value = TypeVar("Value")
Found: TypeAlias = Mapping[Key, tuple[Pair | None, Pair]]

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
        matrix: how many had one word in A (None: not there) and one in B.
        is_partial: the rules of the service were not applied to every changed result, for lack of time.
    """

    changes: Sequence[Change]
    counts: Mapping[ChangeClass, int]
    matrix: Mapping[tuple[str | None, str | None], int]
    is_partial: bool = False

    @property
    def total(self) -> int:
        """Return how many devices or cases are in A or B."""
        return sum(self.counts.values())


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
    return _without_ignored(session, _compare(session, a, b, is_case=False), rules)


def compare_cases(session: Session, a: Side | None, b: Side) -> Comparison:
    """Compare the test cases of two runs."""
    return _compare(session, a, b, is_case=True)


def list_same(session: Session, comparison: Comparison) -> list[Change]:
    """Return everything that is the same in a comparison."""
    changed = {change.key for change in comparison.changes}
    outcomes = load_outcomes(session, comparison.b.place, is_case=comparison.is_case)
    return [_same(key, outcomes[key]) for key in sorted(outcomes.keys() - changed)]


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
    changed = {change.key: change for change in comparison.changes}
    outcomes = load_outcomes(session, b.place, is_case=is_case, firsts={first for first, _ in keys})
    timed = [changed.get(key) or _same(key, outcomes[key]) for key in keys]
    return show_changes(session, comparison, timed)


def _compare(session: Session, a: Side | None, b: Side, *, is_case: bool) -> Comparison:
    found, gone, matrix = _load(session, a, b, is_case=is_case)
    bases = _bases(session, a, b, found, is_case=is_case)
    pairs: dict[Key, tuple[Pair | None, Pair | None]] = {**found, **{key: (pair, None) for key, pair in gone.items()}}
    changes: list[Change] = []
    for key, (before, after) in pairs.items():
        kind = _class_of(b, before, after, bases.get(key))
        if kind is not ChangeClass.SAME:
            changes.append(Change(key=key, kind=kind, base=bases.get(key), a=_outcome(before), b=_outcome(after)))
    changes.sort(key=lambda change: (ORDER[change.kind], change.key))
    counts = Counter(change.kind for change in changes)
    counts[ChangeClass.SAME] = sum(matrix.values()) - len(changes)
    return Comparison(a=a, b=b, is_case=is_case, changes=changes, counts=_counted(counts), matrix=matrix)


def _load(
    session: Session, a: Side | None, b: Side, *, is_case: bool
) -> tuple[Found, Mapping[Key, Pair], Mapping[tuple[str | None, str | None], int]]:
    """Return what may differ, with the pairs of both sides; what is gone; and how many went from word to word."""
    if a is None:
        outcomes = load_outcomes(session, b.place, is_case=is_case)
        return (
            {key: (None, pair) for key, pair in outcomes.items()},
            {},
            Counter((None, w) for w, _ in outcomes.values()),
        )
    is_certain = RunStatus.CANCELED not in (a.run.status, b.run.status)
    found = load_differing(session, a.place, b.place, is_case=is_case, with_same=not is_certain)
    matrix: Counter[tuple[str | None, str | None]] = Counter(
        (before[0] if before else None, after[0]) for before, after in found.values()
    )
    words = count_words(session, b.place, is_case=is_case)
    seen = Counter(after[0] for _, after in found.values())
    matrix.update({(word, word): count - seen[word] for word, count in words.items() if count > seen[word]})
    new = sum(count for (before, _), count in matrix.items() if before is None)
    gone: Mapping[Key, Pair] = {}
    if sum(count_words(session, a.place, is_case=is_case).values()) > sum(words.values()) - new:
        gone = _as_in_b(a, b, load_gone(session, a.place, b.place, is_case=is_case), is_case=is_case)
    matrix.update((pair[0], None) for pair in gone.values())
    return found, gone, matrix


def _bases(session: Session, a: Side | None, b: Side, found: Found, *, is_case: bool) -> dict[Key, str]:
    """Return each key's last conclusive word at or before A; a canceled run has none."""
    if a is None:
        return {}
    bases: dict[Key, str] = {}
    if a.run.status is not RunStatus.CANCELED:
        bases = {key: before[0] for key, (before, _) in found.items() if before and before[0] in CONCLUSIVE}
    doubtful = [key for key in found if key not in bases]
    other = a.device_id if a.device_id != b.device_id else None
    asked = Asked(place=b.place, keys=doubtful, is_case=is_case, device_id=other)
    return bases | last_conclusive(session, asked, before=a.run)


def _class_of(b: Side, before: Pair | None, after: Pair | None, base: str | None) -> ChangeClass:
    status = None if after is None else after[0]
    if after is not None and b.run.status is RunStatus.CANCELED:
        status = DeviceStatus.CANCELED  # nothing in a canceled run is conclusive
    return class_of(base=base, status=status, is_known=before is not None, is_same=before == after)


def _outcome(pair: Pair | None) -> Outcome | None:
    return None if pair is None else Outcome(*pair)


def _same(key: Key, pair: Pair) -> Change:
    return Change(key=key, kind=ChangeClass.SAME, base=None, a=Outcome(*pair), b=Outcome(*pair))


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
