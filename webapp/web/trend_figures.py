"""How are trends drawn: figures with their lines, and rows of cells, one a run?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.domain.trends import Figure, Measure
from webapp.query.editing import with_term
from webapp.store.comparison import Subject
from webapp.store.inventory import Service
from webapp.store.runs import Run
from webapp.store.trends import TrendRow
from webapp.web.run_figures import short_duration

# The size of a line in the units of its drawing, and the room above and below it for its stroke.
WIDTH, HEIGHT, MARGIN = 100, 44, 3
MINUS = "\u2212"
# Below this a change is no change: it would be shown as zero.
STEADY = {Measure.PASS_RATE: 0.0005, Measure.DURATION: 0.05, Measure.UNREACHABLE: 0.05, Measure.RETRIES: 0.05}
TITLES = {
    Measure.PASS_RATE: "Pass rate",
    Measure.DURATION: "Median duration",
    Measure.UNREACHABLE: "Unreachable per run",
    Measure.RETRIES: "Retries per run",
}
WRITTEN: dict[Measure, Callable[[float], str]] = {
    Measure.PASS_RATE: lambda share: f"{100 * share:.1f} %",
    Measure.DURATION: short_duration,
    Measure.UNREACHABLE: lambda count: f"{count:,.1f}".removesuffix(".0"),
    Measure.RETRIES: lambda count: f"{count:,.1f}".removesuffix(".0"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFigure:
    """A figure as its card shows it.

    Args:
        title: what it is.
        value: the average over the runs.
        change: how the newer half differs from the older one, with its sign; empty when too few runs can say.
        tone: whether that is good (ok), bad, or neither (mute).
        low: the least value.
        high: the greatest value.
        line: the points of its line, `x,y` each, oldest first; empty with fewer than two values.
        numbers: the value in each run, oldest first; a dash where there is none.
    """

    title: str
    value: str
    change: str
    tone: str
    low: str
    high: str
    line: str
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a device or case came to in one run; without a word it has no result there."""

    number: int
    word: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """A device or case run after run, oldest first; `url` leads to its history.

    `suite` and `device` belong to the title of a case; those of a device are empty.
    """

    title: str
    suite: str
    device: str
    url: str
    passed: int
    failed: int
    switches: int
    cells: Sequence[Cell]


def show_figure(figure: Figure) -> ShownFigure:
    """Return a figure in words and points."""
    write = WRITTEN[figure.measure]
    known = [value for value in figure.values if value is not None]
    return ShownFigure(
        title=TITLES[figure.measure],
        value="—" if figure.average is None else write(figure.average),
        change=_change(figure),
        tone=_tone(figure),
        low=write(min(known)) if known else "",
        high=write(max(known)) if known else "",
        line=line_of(figure.values),
        numbers=["—" if value is None else write(value) for value in figure.values],
    )


def line_of(values: Sequence[float | None]) -> str:
    """Return values as the points of a line from left to right; those that are None are passed over."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    low = min(value for _, value in known)
    span = max(value for _, value in known) - low
    across = WIDTH / (len(values) - 1)
    up = (HEIGHT - 2 * MARGIN) / span if span else 0
    base = HEIGHT - MARGIN if span else HEIGHT / 2
    return " ".join(f"{place * across:.2f},{base - (value - low) * up:.1f}" for place, value in known)


def heat_row(row: TrendRow, runs: Sequence[Run], service: Service) -> HeatRow:
    """Return a row of cells.

    Args:
        row: the device or case.
        runs: the runs, oldest first.
        service: whose runs they are.
    """
    subject = row.subject
    return HeatRow(
        title=subject.name or subject.device or "",
        suite=subject.suite,
        device=(subject.device or "") if subject.name else "",
        url=_history_url(subject, service),
        passed=row.record.passed,
        failed=row.record.failed,
        switches=row.record.switches,
        cells=[_cell(row, run) for run in runs],
    )


def _history_url(subject: Subject, service: Service) -> str:
    if not subject.name:
        return url_for("devices.show", name=subject.device, service=service.slug)
    return url_for(
        "services.trends_case", slug=service.slug, suite=subject.suite, name=subject.name, device=subject.device or None
    )


def _cell(row: TrendRow, run: Run) -> Cell:
    word = row.words.get(run.id, "")
    return Cell(number=run.number, word=word, url=_cell_url(row.subject, run.uid) if word else "")


def _cell_url(subject: Subject, uid: str) -> str:
    if not subject.name:
        return url_for("run.show", uid=uid, device=subject.device)
    return url_for("run.show", uid=uid, cases=case_filter(subject), _anchor="run-cases")


def case_filter(subject: Subject) -> str:
    """Return the filter of a run's cases that finds this one."""
    text = with_term("", "name", subject.name)
    text = with_term(text, "suite", subject.suite) if subject.suite else text
    return with_term(text, "device", subject.device) if subject.device else text


def _change(figure: Figure) -> str:
    if figure.change is None:
        return ""
    size = abs(figure.change)
    if size < STEADY[figure.measure]:
        return "steady"
    written = f"{100 * size:.1f} pt" if figure.measure is Measure.PASS_RATE else WRITTEN[figure.measure](size)
    return f"{'+' if figure.change > 0 else MINUS}{written}"


def _tone(figure: Figure) -> str:
    """Return how good a change is: more passed is good, more unreachable or retried is bad, longer is neither."""
    change = figure.change or 0
    if figure.measure is Measure.DURATION or abs(change) < STEADY[figure.measure]:
        return "mute"
    return "ok" if (change > 0) == (figure.measure is Measure.PASS_RATE) else "bad"
