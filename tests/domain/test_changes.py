"""Is each change given its class by the device's own last conclusive result?"""

import pytest

from webapp.domain.changes import CLASS_TITLES, ChangeClass, class_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("base", "status", "is_known", "is_same", "expected"),
    [
        ("ok", "failed", True, False, "newly_failing"),
        ("changed", "lost", True, False, "newly_failing"),
        ("ok", "unreachable", False, False, "newly_failing"),
        ("failed", "timeout", True, False, "still_failing"),
        ("failed", "failed", False, False, "still_failing"),
        (None, "failed", False, False, "new_failing"),
        (None, "failed", True, False, "new_failing"),
        ("fail", "pass", True, False, "fixed"),
        (None, "ok", False, False, "new_passing"),
        ("ok", "ok", True, True, "same"),
        ("ok", "ok", True, False, "changed"),
        ("ok", "ok", False, False, "changed"),
        (None, "skip", False, False, "new_other"),
        ("pass", "skip", True, False, "changed"),
        (None, "skip", True, True, "same"),
        ("ok", None, True, False, "missing"),
        (None, None, True, False, "missing"),
    ],
)
def test_class_of(base: str | None, status: str | None, is_known: bool, is_same: bool, expected: str) -> None:
    assert class_of(base=base, status=status, is_known=is_known, is_same=is_same) == expected


def test_every_class_has_a_title() -> None:
    assert set(CLASS_TITLES) == set(ChangeClass)
