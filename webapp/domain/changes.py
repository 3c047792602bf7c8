"""What became of a device or a case from one run to the next: nine classes, and the rule that tells them apart.

A result is conclusive when it passed or failed. Each device and case is held against *its own* last conclusive result,
so a skipped, canceled or missing one in between neither makes nor hides a regression.
"""

from enum import StrEnum

from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_SUCCESS, CaseResult


class ChangeClass(StrEnum):
    """What became of a device or a case, worst first."""

    NEWLY_FAILING = "newly_failing"
    NEW_FAILING = "new_failing"
    STILL_FAILING = "still_failing"
    MISSING = "missing"
    CHANGED = "changed"
    FIXED = "fixed"
    NEW_PASSING = "new_passing"
    NEW_OTHER = "new_other"
    IGNORED_ONLY = "ignored_only"
    SAME = "same"


CLASS_TITLES = {
    ChangeClass.NEWLY_FAILING: "Newly failing",
    ChangeClass.NEW_FAILING: "New and failing",
    ChangeClass.STILL_FAILING: "Still failing",
    ChangeClass.MISSING: "Missing",
    ChangeClass.CHANGED: "Changed result",
    ChangeClass.FIXED: "Fixed",
    ChangeClass.NEW_PASSING: "New and passing",
    ChangeClass.NEW_OTHER: "New, not run",
    ChangeClass.IGNORED_ONLY: "Only ignored parts differ",
    ChangeClass.SAME: "Same",
}

PASSING = frozenset({*(str(word) for word in DEVICE_SUCCESS), str(CaseResult.PASS)})
FAILING = frozenset({*(str(word) for word in DEVICE_FAILURE), str(CaseResult.FAIL)})
CONCLUSIVE = PASSING | FAILING


def class_of(*, base: str | None, status: str | None, is_known: bool, is_same: bool) -> ChangeClass:
    """Return what became of a device or case.

    Args:
        base: its last conclusive word (device status or case result) at or before A; None when it never had one.
        status: its word in B; None when B does not have it.
        is_known: it was there in A, conclusive or not.
        is_same: word and result in A and B are equal.
    """
    if status is None:
        return ChangeClass.MISSING
    if status in FAILING:
        return _failing(base)
    if status in PASSING:
        if base is None:
            return ChangeClass.NEW_PASSING
        if base in FAILING:
            return ChangeClass.FIXED
        return ChangeClass.SAME if is_same else ChangeClass.CHANGED
    if not is_known and base is None:
        return ChangeClass.NEW_OTHER
    return ChangeClass.SAME if is_same else ChangeClass.CHANGED


def _failing(base: str | None) -> ChangeClass:
    if base is None:
        return ChangeClass.NEW_FAILING
    return ChangeClass.STILL_FAILING if base in FAILING else ChangeClass.NEWLY_FAILING
