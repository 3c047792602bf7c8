"""What changed in a run, found once at its end and stored, so that lists and notifications need not compare again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.compare.baseline import COMPARABLE, Baseline, find_usual_baseline
from webapp.compare.ignored import Rules
from webapp.compare.runs import (
    Comparison,
    ShownChange,
    Side,
    Sides,
    compare_cases,
    compare_devices,
    show_changes,
)
from webapp.domain.changes import Change, ChangeClass, Key
from webapp.domain.compare_options import read_compare_options
from webapp.store import stored_comparisons as store
from webapp.store.db import Session
from webapp.store.recording_services import get_options
from webapp.store.runs import Run, get_run, list_runs
from webapp.store.stored_comparisons import NewComparison, StoredComparison

FIRST = "first"
FIRST_REASON = "there is no run before it to compare with"
BUDGET_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """A run held against its usual baseline; without one everything in it is new."""

    run: Run
    baseline: Baseline | None
    devices: Comparison
    cases: Comparison
    rules: Rules


def find_comparison(session: Session, run_id: int) -> StoredComparison | None:
    """Return what was found to have changed in a run at its end, or None when it was not compared yet."""
    return store.find_comparison(session, run_id)


def store_comparison(session: Session, run_id: int, *, now: datetime) -> StoredComparison | None:
    """Compare an ended run with its usual baseline and store what changed, in place of what was stored before.

    Call it twice with a session of its own each, `compare_run` and `save_run_comparison`, where the session would keep
    others from writing for too long: to compare takes up to a second, with rules of the service up to 20.

    Args:
        session: a writing session.
        run_id: the run.
        now: the moment.

    Returns:
        What was stored; None when the run is gone, has not ended, or was canceled, which says nothing of changes.
    """
    made = compare_run(session, run_id)
    if made is None or not save_run_comparison(session, made, now=now):
        return None
    return find_comparison(session, run_id)


def compare_run(session: Session, run_id: int) -> RunComparison | None:
    """Compare an ended run with its usual baseline; None when it is gone, has not ended, or was canceled."""
    run = next(iter(list_runs(session, [run_id])), None)
    if run is None or run.status not in COMPARABLE:
        return None
    baseline = find_usual_baseline(session, run)
    a = None if baseline is None else Side(run=baseline.run)
    b = Side(run=run)
    rules = Rules(options=read_compare_options(get_options(session, run.service_id)), budget_s=BUDGET_S)
    return RunComparison(
        run=run,
        baseline=baseline,
        devices=compare_devices(session, a, b, rules=rules),
        cases=compare_cases(session, a, b),
        rules=rules,
    )


def save_run_comparison(session: Session, made: RunComparison, *, now: datetime) -> bool:
    """Store a comparison that was made; say whether the run is still there."""
    baseline = made.baseline
    new = NewComparison(
        run_id=made.run.id,
        baseline_id=None if baseline is None else baseline.run.id,
        word=FIRST if baseline is None else baseline.word,
        reason=FIRST_REASON if baseline is None else baseline.reason,
        is_partial=made.devices.is_partial,
        rules_key=made.rules.key,
        devices=made.devices.counts,
        cases=made.cases.counts,
        changed_devices=made.devices.changes,
        changed_cases=made.cases.changes,
    )
    return store.save_comparison(session, new, now=now)


def show_stored(
    session: Session, run: Run, stored: StoredComparison, *, kinds: Sequence[ChangeClass], limit: int
) -> list[ShownChange]:
    """Return the first stored changes of some classes with names and messages: class by class, devices before cases."""
    kept = store.load_changes(session, run.id)
    b = Side(run=run)
    a = None if stored.baseline is None else Side(run=get_run(session, stored.baseline.uid))
    chosen: list[tuple[bool, Change]] = []
    for kind in kinds:
        chosen += [(False, change) for change in kept.devices if change.kind is kind]
        chosen += [(True, change) for change in kept.cases if change.kind is kind]
    shown: dict[tuple[bool, Key], ShownChange] = {}
    for is_case in (False, True):
        changes = [change for of_cases, change in chosen[:limit] if of_cases is is_case]
        found = show_changes(session, Sides(a=a, b=b, is_case=is_case), changes)
        shown |= {(is_case, each.change.key): each for each in found}
    return [shown[is_case, change.key] for is_case, change in chosen[:limit]]


def rules_for(session: Session, a: Side, b: Side) -> Rules:
    """Return what the service of B ignores, with what was found out about the same two runs when B ended."""
    rules = Rules(options=read_compare_options(get_options(session, b.run.service_id)))
    stored = find_comparison(session, b.run.id) if rules.options.rules else None
    if stored is None or stored.baseline is None or stored.baseline.id != a.run.id or stored.rules_key != rules.key:
        return rules
    judged = (ChangeClass.IGNORED_ONLY, ChangeClass.CHANGED) if not stored.is_partial else (ChangeClass.IGNORED_ONLY,)
    known = {
        contents: change.kind is ChangeClass.IGNORED_ONLY
        for change in store.load_changes(session, b.run.id).devices
        if change.kind in judged and (contents := change.contents)
    }
    return Rules(options=rules.options, known=known)
