"""Does a deadline pass when its time is over, and remember who stopped because of it?"""

import math

import pytest

from webapp.diff.deadline import Deadline

pytestmark = pytest.mark.unit


def test_deadline_passes_and_remembers() -> None:
    times = iter((100.0, 101.0, 103.0, 104.0))
    deadline = Deadline(3.0, clock=lambda: next(times))
    assert [(deadline.is_over(), deadline.cut) for _ in range(2)] == [(False, False), (True, True)]
    assert deadline.left_s() == -1.0


def test_no_budget_never_ends() -> None:
    deadline = Deadline()
    assert deadline.left_s() == math.inf
    assert not deadline.is_over()
