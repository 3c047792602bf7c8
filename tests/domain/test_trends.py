"""Do the figures of some runs say what passed, how long it took, what was out of reach and what was tried again?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from webapp.domain.outcome import Level, RunStatus
from webapp.domain.trends import Measure, figures_of, pass_rate

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Run:
    """A run in outline."""

    device_counts: Mapping[str, int] = field(default_factory=dict)
    case_counts: Mapping[str, int] = field(default_factory=dict)
    level: Level | None = Level.OK
    duration_s: float | None = None
    attempts: int = 1
    status: RunStatus = RunStatus.COMPLETE


CANCELED = Run(status=RunStatus.CANCELED, level=None, device_counts={"failed": 9}, duration_s=1000, attempts=9)
GOING = Run(status=RunStatus.RUNNING, level=None, device_counts={"ok": 1}, duration_s=None)


@pytest.mark.parametrize(
    ("run", "share"),
    [
        (Run(device_counts={"ok": 5, "changed": 1, "failed": 1, "unreachable": 1}), 0.75),
        (Run(device_counts={"ok": 1, "skipped": 3, "canceled": 2}), 1.0),
        (Run(device_counts={"failed": 1, "ok": 1}, case_counts={"pass": 3, "fail": 1}), 0.5),
        (Run(case_counts={"pass": 3, "fail": 1, "skip": 8}), 0.75),
        (Run(device_counts={"skipped": 1}, case_counts={"pass": 1, "fail": 1}), 0.5),
        (Run(level=Level.WARNINGS), 1.0),
        (Run(level=Level.ERRORS), 0.0),
        (Run(level=Level.FAILED, status=RunStatus.INCOMPLETE), 0.0),
    ],
)
def test_pass_rate_is_of_devices_then_cases_then_the_run(run: Run, share: float) -> None:
    assert pass_rate(run) == share


def test_canceled_and_going_runs_have_no_values() -> None:
    for figure in figures_of([Run(duration_s=3), CANCELED, GOING]):
        assert figure.values[0] is not None
        assert figure.values[1:] == [None, None]


def test_averages_and_changes() -> None:
    runs = [
        Run(device_counts={"ok": 4}, duration_s=10, attempts=1),
        Run(device_counts={"ok": 4}, duration_s=11, attempts=1),
        CANCELED,
        Run(device_counts={"ok": 3, "unreachable": 1}, duration_s=100, attempts=2),
        Run(device_counts={"ok": 2, "unreachable": 2}, duration_s=13, attempts=4),
        Run(device_counts={"ok": 4}, duration_s=15, attempts=3),
    ]
    found = {figure.measure: figure for figure in figures_of(runs)}
    assert found[Measure.PASS_RATE].average == pytest.approx(0.85)
    assert found[Measure.PASS_RATE].change == pytest.approx(0.75 - 1)
    assert found[Measure.DURATION].average == 13
    assert found[Measure.DURATION].change == 15 - 10.5
    assert found[Measure.UNREACHABLE].average == pytest.approx(0.6)
    assert found[Measure.UNREACHABLE].change == 1
    assert found[Measure.RETRIES].values == [0, 0, None, 1, 3, 2]
    assert found[Measure.RETRIES].change == 2


def test_too_few_runs_say_no_change() -> None:
    assert [figure.change for figure in figures_of([Run(duration_s=1)] * 3)] == [None] * 4
    assert [figure.average for figure in figures_of([])] == [None] * 4
