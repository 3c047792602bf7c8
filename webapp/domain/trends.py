"""How does a service do run after run: what passed, how long it took, what was out of reach, what was tried again?

Source of the rules: docs/trends.md, section "Figures".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median
from typing import Protocol

from webapp.domain.changes import FAILING, PASSING
from webapp.domain.outcome import ENDED, DeviceStatus, Level, RunStatus


class Measure(StrEnum):
    """What is followed from run to run."""

    PASS_RATE = "pass_rate"  # noqa: S105  (a share, not a password)
    DURATION = "duration_s"
    UNREACHABLE = "unreachable"
    RETRIES = "retries"


class Outline(Protocol):
    """What the figures need to know of a run; the counts are those of its overall section."""

    @property
    def status(self) -> RunStatus:
        """Return where the run stands."""

    @property
    def level(self) -> Level | None:
        """Return how bad it is; None while it goes on and for a canceled one."""

    @property
    def duration_s(self) -> float | None:
        """Return how long it took."""

    @property
    def attempts(self) -> int:
        """Return how many attempts it had."""

    @property
    def device_counts(self) -> Mapping[str, int]:
        """Return how many devices have each status."""

    @property
    def case_counts(self) -> Mapping[str, int]:
        """Return how many cases have each result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure over some runs.

    Args:
        measure: which.
        values: its value in each run, oldest first; None in a run that is canceled or goes on, or has no such value.
        average: of all of them: the median of durations, else the mean. None without any value.
        change: the average of the newer half of the values less that of the older half; None with fewer than four.
    """

    measure: Measure
    values: Sequence[float | None]
    average: float | None
    change: float | None


def figures_of(runs: Sequence[Outline]) -> list[Figure]:
    """Return a figure for each measure, given runs oldest first."""
    return [_figure(measure, [_value(run, measure) for run in runs]) for measure in Measure]


def pass_rate(run: Outline) -> float | None:
    """Return the share, 0 to 1, of a run's devices that passed; of its cases without devices.

    Only what passed or failed counts. A run without either passed as a whole or not at all.
    """
    for counts in (run.device_counts, run.case_counts):
        passed = sum(counts.get(word, 0) for word in PASSING)
        failed = sum(counts.get(word, 0) for word in FAILING)
        if passed + failed:
            return passed / (passed + failed)
    return float(run.level in (Level.OK, Level.WARNINGS))


def _value(run: Outline, measure: Measure) -> float | None:
    if run.status not in ENDED or run.status is RunStatus.CANCELED:
        return None
    match measure:
        case Measure.PASS_RATE:
            return pass_rate(run)
        case Measure.DURATION:
            return run.duration_s
        case Measure.UNREACHABLE:
            return float(run.device_counts.get(DeviceStatus.UNREACHABLE, 0))
        case Measure.RETRIES:
            return float(max(run.attempts - 1, 0))


def _figure(measure: Measure, values: Sequence[float | None]) -> Figure:
    known = [value for value in values if value is not None]
    average: Callable[[Sequence[float]], float] = median if measure is Measure.DURATION else fmean
    half = len(known) // 2
    return Figure(
        measure=measure,
        values=values,
        average=average(known) if known else None,
        change=average(known[half:]) - average(known[:half]) if half >= 2 else None,
    )
