"""What became of a device or a case from one run to the next: nine classes, and the rule that tells them apart.

A result is conclusive when it passed or failed. Each device and case is held against *its own* last conclusive result,
so a skipped, canceled or missing one in between neither makes nor hides a regression.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

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


# A device is (device id, 0), a case (test case id, device id or 0).
Key: TypeAlias = tuple[int, int]
# The word of a result, and the id of its JSON (cases have none): two equal pairs are the same result.
Pair: TypeAlias = tuple[str, int | None]


class Outcome(NamedTuple):
    """What a device or case came to in one run: a pair with names."""

    word: str
    content: int | None


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

    @property
    def has_other_result(self) -> bool:
        """Say whether both sides have a JSON result, and not the same."""
        a, b = self.a, self.b
        if a is None or b is None or a.content is None or b.content is None:
            return False
        return a.content != b.content

    @property
    def contents(self) -> tuple[int, int] | None:
        """Return the ids of both JSON results if they are all that may differ: equal words, a result on each side."""
        a, b = self.a, self.b
        if a is None or b is None or a.word != b.word or a.content is None or b.content is None:
            return None
        return a.content, b.content


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
