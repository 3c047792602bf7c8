"""What do some runs come to at a glance: a strip of bars, a few numbers, and how many there are of each outcome?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from flask import url_for

from webapp.domain.outcome import DEVICE_FAILURE, ENDED, Level, RunStatus
from webapp.domain.verdict import Tally, verdict_of
from webapp.query.editing import with_term, without_field
from webapp.store.runs import Run, RunFacet

# label, the filter's field and value, the word whose icon it has
CHIPS = (
    ("Running", "status", "running", "running"),
    ("Failed", "level", "failed", "failed"),
    ("Errors", "level", "errors", "errors"),
    ("Warnings", "level", "warnings", "warnings"),
    ("OK", "level", "ok", "ok"),
    ("Canceled", "status", "canceled", "canceled"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run of a strip."""

    url: str
    label: str
    tone_word: str
    duration_s: float | None


def strip_of(runs: Sequence[Run]) -> list[Bar]:
    """Return a bar for each run, oldest first.

    Args:
        runs: runs as lists have them, newest first.
    """
    return [_bar(run) for run in reversed(runs)]


def kpis_of(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Return what runs come to in four numbers, of those that have ended and were not canceled."""
    ended = [run for run in runs if run.status in ENDED and run.status is not RunStatus.CANCELED]
    if not ended:
        return []
    good = sum(run.level in (Level.OK, Level.WARNINGS) for run in ended)
    durations = [run.duration_s for run in ended if run.duration_s is not None]
    return [
        {"title": "Without errors", "value": f"{100 * good / len(ended):.0f} %"},
        {"title": "Failing devices", "value": f"{sum(_failing(run.device_counts) for run in ended):,}"},
        {"title": "Median duration", "value": short_duration(median(durations)) if durations else "—"},
        {"title": "Flaky devices", "value": f"{sum(run.flaky_devices for run in ended):,}"},
    ]


def chips_of(text: str, facets: Sequence[RunFacet], *, link: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return a chip for all runs and one for each outcome.

    Args:
        text: the filter in force; a chip changes the outcome it asks for and nothing else.
        facets: how the runs spread over outcomes.
        link: returns the address of the list with a filter.
    """
    base = without_field(text, "status", "level")
    total = sum(facet.count for facet in facets)
    chips: list[dict[str, Any]] = [
        {"label": "All", "url": link(base), "count": total, "current": text.strip() == base.strip()}
    ]
    for label, field, value, word in CHIPS:
        wanted = with_term(base, field, value)
        matching = (facet.count for facet in facets if str(facet.status if field == "status" else facet.level) == value)
        chips.append(
            {
                "label": label,
                "url": link(wanted),
                "count": sum(matching),
                "current": text.strip() == wanted.strip(),
                "word": word,
            }
        )
    return chips


def verdict_of_run(run: Run) -> str:
    """Return the one sentence about a run."""
    tally = Tally(
        devices=run.device_counts,
        cases=run.case_counts,
        flaky_devices=run.flaky_devices,
        log_errors=run.log_errors,
        log_warnings=run.log_warnings,
    )
    return verdict_of(run.status, tally, message=run.message)


def short_duration(seconds: float) -> str:
    """Return a duration in few characters: `2h 05m`, `14m 08s`, `3.2 s`, `17 ms`."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{seconds:.1f} s"


def _bar(run: Run) -> Bar:
    word = run.level or run.status
    return Bar(
        url=url_for("run.show", uid=run.uid),
        label=f"{run.service} #{run.number}: {word}",
        tone_word=word,
        duration_s=run.duration_s,
    )


def _failing(counts: Mapping[str, int]) -> int:
    return sum(counts.get(word, 0) for word in DEVICE_FAILURE)
