"""Which devices or cases took longer, and which were faster?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.compare.runs import Comparison, ShownChange, find_slower
from webapp.store.db import Session
from webapp.web.compare_wanted import Wanted
from webapp.web.paging import here

SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How long one device or case took in A and in B, in seconds."""

    shown: ShownChange
    a_s: float
    b_s: float

    @property
    def difference_s(self) -> float:
        """Return how much longer B took."""
        return self.b_s - self.a_s

    @property
    def factor(self) -> float | None:
        """Return how many times as long B took; None when A took no time."""
        return self.b_s / self.a_s if self.a_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The durations of one tab: of the runs as a whole, and of devices or cases, the greatest difference first."""

    is_case: bool
    run_a_s: float | None
    run_b_s: float | None
    rows: Sequence[Timed]
    choices: list[dict[str, Any]]


def read_timing(session: Session, devices: Comparison, cases: Comparison, wanted: Wanted) -> Timing:
    """Return whose duration changed most: of devices, or of cases where the address or the runs have only those."""
    is_case = wanted.by == "cases" or (not wanted.by and not devices.total)
    found = find_slower(session, cases if is_case else devices, limit=SHOWN)
    timed = [
        Timed(shown=shown, a_s=shown.a.duration_s, b_s=shown.b.duration_s)
        for shown in found
        if shown.a.duration_s is not None and shown.b.duration_s is not None
    ]
    choices = [
        {"title": "Devices", "url": here(by="devices"), "current": not is_case},
        {"title": "Cases", "url": here(by="cases"), "current": is_case},
    ]
    return Timing(
        is_case=is_case,
        run_a_s=wanted.a.run.duration_s,
        run_b_s=wanted.b.run.duration_s,
        rows=timed,
        choices=choices if devices.total and cases.total else [],
    )
