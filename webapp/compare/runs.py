"""What became of each device and each case from run A to run B?

Source of the rules: docs/comparing.md, section "Classes".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.domain.changes import CONCLUSIVE, FAILING, ChangeClass, class_of
from webapp.store.comparison import (
    Key,
    Outcome,
    Streak,
    Subject,
    failing_since,
    last_conclusive,
    load_cases,
    load_devices,
    load_messages,
    name_cases,
    name_devices,
)
from webapp.store.db import Session
from webapp.store.runs import Run

ORDER = {change: rank for rank, change in enumerate(ChangeClass)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: a run, and its overall section or one attempt."""

    run: Run
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one device or case.

    Args:
        key: which one.
        kind: its class.
        base: the conclusive word that B is held against; it may stem from a run before A.
        a: what it came to in A, if it was there.
        b: what it came to in B, if it is there.
    """

    key: Key
    kind: ChangeClass
    base: str | None
    a: Outcome | None
    b: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs side by side, of devices or of cases.

    Args:
        a: the older side.
        b: the newer side.
        is_case: cases are compared, else devices.
        changes: everything that is in A or B.
        counts: how many have each class; every class is there.
        matrix: how many had one word in A (None: not there) and one in B.
    """

    a: Side
    b: Side
    is_case: bool
    changes: Sequence[Change]
    counts: Mapping[ChangeClass, int]
    matrix: Mapping[tuple[str | None, str | None], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A change with names, messages and, for what fails, since when."""

    change: Change
    subject: Subject
    message_a: str
    message_b: str
    since: Streak | None


def compare_devices(session: Session, a: Side, b: Side) -> Comparison:
    """Compare the devices of two runs."""
    return _compare(
        session,
        a,
        b,
        before=load_devices(session, run_id=a.run.id, attempt=a.attempt),
        after=load_devices(session, run_id=b.run.id, attempt=b.attempt),
        is_case=False,
    )


def compare_cases(session: Session, a: Side, b: Side) -> Comparison:
    """Compare the test cases of two runs."""
    return _compare(
        session,
        a,
        b,
        before=load_cases(session, run_id=a.run.id, attempt=a.attempt),
        after=load_cases(session, run_id=b.run.id, attempt=b.attempt),
        is_case=True,
    )


def show_changes(session: Session, comparison: Comparison, changes: Sequence[Change]) -> list[ShownChange]:
    """Return some changes of a comparison with everything a page says about them, in the same order."""
    keys = [change.key for change in changes]
    is_case = comparison.is_case
    subjects = name_cases(session, keys) if is_case else name_devices(session, keys)
    a, b = comparison.a, comparison.b
    before = load_messages(session, run_id=a.run.id, attempt=a.attempt, keys=keys, is_case=is_case)
    after = load_messages(session, run_id=b.run.id, attempt=b.attempt, keys=keys, is_case=is_case)
    failing = [change.key for change in changes if change.b is not None and change.b.word in FAILING]
    streaks = failing_since(session, run=b.run, keys=failing, is_case=is_case) if failing else {}
    return [
        ShownChange(
            change=change,
            subject=subjects[change.key],
            message_a=before.get(change.key, ""),
            message_b=after.get(change.key, ""),
            since=streaks.get(change.key),
        )
        for change in changes
    ]


def _compare(
    session: Session, a: Side, b: Side, *, before: Mapping[Key, Outcome], after: Mapping[Key, Outcome], is_case: bool
) -> Comparison:
    doubtful = [key for key in after if key not in before or before[key].word not in CONCLUSIVE]
    bases = last_conclusive(session, run=a.run, keys=doubtful, is_case=is_case) if doubtful else {}
    changes = [_change(key, before.get(key), after.get(key), bases) for key in before.keys() | after.keys()]
    changes.sort(key=lambda change: (ORDER[change.kind], change.key))
    counts = Counter(change.kind for change in changes)
    return Comparison(
        a=a,
        b=b,
        is_case=is_case,
        changes=changes,
        counts={kind: counts[kind] for kind in ChangeClass},
        matrix=Counter((_word(change.a), _word(change.b)) for change in changes),
    )


def _change(key: Key, before: Outcome | None, after: Outcome | None, bases: Mapping[Key, str]) -> Change:
    base = before.word if before is not None and before.word in CONCLUSIVE else bases.get(key)
    is_same = before is not None and after is not None and before[:2] == after[:2]
    status = None if after is None else after.word
    kind = class_of(base=base, status=status, is_known=before is not None, is_same=is_same)
    return Change(key=key, kind=kind, base=base, a=before, b=after)


def _word(outcome: Outcome | None) -> str | None:
    return None if outcome is None else outcome.word
