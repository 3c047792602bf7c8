"""Does what happened to a run meet somebody's criteria, and if not, why not?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.domain.changes import ChangeClass
from webapp.domain.notices import Event
from webapp.domain.outcome import LEVEL_ORDER, Level, RunStatus
from webapp.domain.policy import ChangeWord, Criteria, StatusWord

_ENDS = frozenset({StatusWord.COMPLETE, StatusWord.INCOMPLETE, StatusWord.CANCELED})
_CLASSES: Mapping[ChangeWord, frozenset[ChangeClass]] = {
    ChangeWord.REGRESSION: frozenset({ChangeClass.NEWLY_FAILING}),
    ChangeWord.PROGRESSION: frozenset({ChangeClass.FIXED}),
    ChangeWord.NEW_FAILURE: frozenset({ChangeClass.NEWLY_FAILING, ChangeClass.NEW_FAILING}),
    ChangeWord.FIXED: frozenset({ChangeClass.FIXED}),
    ChangeWord.STILL_FAILING: frozenset({ChangeClass.STILL_FAILING}),
    ChangeWord.CHANGE: frozenset(
        {
            ChangeClass.NEWLY_FAILING,
            ChangeClass.NEW_FAILING,
            ChangeClass.FIXED,
            ChangeClass.NEW_PASSING,
            ChangeClass.NEW_OTHER,
            ChangeClass.MISSING,
        }
    ),
}
_NEED_REFERENCE = frozenset({ChangeWord.REGRESSION, ChangeWord.PROGRESSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed from the previous comparable run.

    Args:
        reference: that run's status; None when there is none.
        classes: how many devices and cases each class has.
    """

    reference: RunStatus | None = None
    classes: Mapping[ChangeClass, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened to a run, as far as criteria ask.

    Args:
        event: it became running, or ended.
        status: its status at the event.
        level: its level; None while it goes on and when it was canceled.
        changes: what changed; None when nobody asked.
    """

    event: Event
    status: RunStatus
    level: Level | None
    changes: Changes | None = None


def asks_for_changes(criteria: Criteria) -> bool:
    """Say whether changes have to be known to decide."""
    return bool(criteria.types)


def find_mismatch(criteria: Criteria, happening: Happening) -> str:
    """Return why criteria are not met, or nothing when they are; `dependency_query` is not looked at."""
    return (
        _status_mismatch(criteria, happening)
        or _level_mismatch(criteria.level, happening.level)
        or _change_mismatch(criteria, happening)
    )


def reaches(level: Level | None, wanted: Level) -> bool:
    """Say whether a level is the wanted one or worse; a canceled run has none and reaches nothing."""
    return level is not None and LEVEL_ORDER.index(level) >= LEVEL_ORDER.index(wanted)


def has_changed(word: ChangeWord, happening: Happening) -> bool:
    """Say whether a run changed in one way."""
    changes = happening.changes or Changes()
    if happening.status is RunStatus.CANCELED or (word in _NEED_REFERENCE and changes.reference is None):
        return False
    if any(changes.classes.get(kind, 0) for kind in _CLASSES[word]):
        return True
    return word in _run_changes(changes.reference, happening.status)


def _run_changes(before: RunStatus | None, status: RunStatus) -> frozenset[ChangeWord]:
    """Return in which ways the run's own status changed."""
    pair = (before, status)
    if pair == (RunStatus.COMPLETE, RunStatus.INCOMPLETE):
        return frozenset({ChangeWord.REGRESSION, ChangeWord.NEW_FAILURE, ChangeWord.CHANGE})
    if pair == (RunStatus.INCOMPLETE, RunStatus.COMPLETE):
        return frozenset({ChangeWord.PROGRESSION, ChangeWord.FIXED, ChangeWord.CHANGE})
    if pair == (RunStatus.INCOMPLETE, RunStatus.INCOMPLETE):
        return frozenset({ChangeWord.STILL_FAILING})
    if pair == (None, RunStatus.INCOMPLETE):
        return frozenset({ChangeWord.NEW_FAILURE, ChangeWord.CHANGE})
    return frozenset()


def _status_mismatch(criteria: Criteria, happening: Happening) -> str:
    words = set(criteria.status)
    if StatusWord.ALL in words:
        return ""
    if StatusWord.FINISHED in words:
        words |= _ENDS
    got = StatusWord.RUNNING if happening.event is Event.RUNNING else StatusWord(str(happening.status))
    if got in words:
        return ""
    return f"the run is {got}, and the criteria ask for {' or '.join(criteria.status)}"


def _level_mismatch(wanted: Level | None, level: Level | None) -> str:
    if wanted is None or reaches(level, wanted):
        return ""
    return f"the run has {f'the level {level}' if level else 'no level'}, and the criteria ask for {wanted} and worse"


def _change_mismatch(criteria: Criteria, happening: Happening) -> str:
    if not criteria.types:
        return ""
    if happening.event is Event.RUNNING:
        return "a run that goes on has not changed anything yet"
    if any(has_changed(word, happening) for word in criteria.types):
        return ""
    asked = " or ".join(criteria.types)
    if happening.changes is None or happening.changes.reference is None:
        return f"the criteria ask for {asked}, and there is no earlier run to compare with"
    return f"the criteria ask for {asked}, and nothing changed in that way"
