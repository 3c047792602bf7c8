"""Which rows of a difference stand on a page, which come on demand, and where in the whole do its changes lie?"""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.diff.fold import Fold
from webapp.diff.segments import SegmentKind
from webapp.web.paging import here

# More than a window shows; the others come when they are wanted.
FIRST_ROWS = 200
# A placeholder stands for so many; what fills it takes some hundreds at a time.
BLOCK_ROWS = 2_000
PAGE_ROWS = 250_000
# Fewer rows are seen without a map.
MAP_FROM = 60
MAP_STEPS = 200
MAP_HEIGHT = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows that come when they are wanted: from `start` up to `stop`, and the hunks (from 1) that begin in them."""

    start: int
    stop: int
    first_hunk: int | None
    last_hunk: int | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on the map: where it is drawn, what changed there, and the address that shows it."""

    y: int
    height: int
    tone: str
    url: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """The rows of one page.

    Args:
        start: the first row that is shown at once.
        stop: the row behind the last one that is.
        before: rows before them, on demand.
        after: rows behind them.
        marks: the map of all pages.
        number: which page, from 1.
        pages: how many there are.
        first_hunk: the first hunk (from 1) of the page, 0 for none.
        last_hunk: its last one.
        newer: the address of the page before, or empty.
        older: the address of the next one, or empty.
    """

    start: int
    stop: int
    before: Sequence[Chunk]
    after: Sequence[Chunk]
    marks: Sequence[Mark]
    number: int
    pages: int
    first_hunk: int
    last_hunk: int
    newer: str
    older: str


def lay_out_page(fold: Fold, *, row: int) -> RowPage:
    """Return the page that holds a row, with the rows around it shown at once."""
    row = min(max(row, 0), max(fold.row_count - 1, 0))
    url = f"{here(row=None, at=None, hit=None)}&row="  # the address names the runs, so it has a question mark
    number = row // PAGE_ROWS
    pages = max((fold.row_count + PAGE_ROWS - 1) // PAGE_ROWS, 1)
    first, last = number * PAGE_ROWS, min((number + 1) * PAGE_ROWS, fold.row_count)
    start = first + (row - first) // FIRST_ROWS * FIRST_ROWS
    stop = min(start + FIRST_ROWS, last)
    hunks = fold.hunks_between(first, last)
    return RowPage(
        start=start,
        stop=stop,
        before=[_chunk(fold, at, min(at + BLOCK_ROWS, start), url=url) for at in range(first, start, BLOCK_ROWS)],
        after=[_chunk(fold, at, min(at + BLOCK_ROWS, last), url=url) for at in range(stop, last, BLOCK_ROWS)],
        marks=_marks(fold, url=url),
        number=number + 1,
        pages=pages,
        first_hunk=hunks.start + 1 if hunks else 0,
        last_hunk=hunks.stop,
        newer=f"{url}{first - PAGE_ROWS}" if number else "",
        older=f"{url}{last}" if last < fold.row_count else "",
    )


def _chunk(fold: Fold, start: int, stop: int, *, url: str) -> Chunk:
    hunks = fold.hunks_between(start, stop)
    return Chunk(
        start=start,
        stop=stop,
        first_hunk=hunks.start + 1 if hunks else None,
        last_hunk=hunks.stop if hunks else None,
        url=f"{url}{start}",
    )


def _marks(fold: Fold, *, url: str) -> list[Mark]:
    """Draw the changes of all rows on a strip, neighbours of one kind as one mark."""
    steps = min(MAP_STEPS, fold.row_count) if fold.row_count >= MAP_FROM else 0
    marks: list[Mark] = []
    for step in range(steps):
        start, stop = (at * fold.row_count // steps for at in (step, step + 1))
        tone = _tone(fold.kinds(start, stop))
        y, end = (at * MAP_HEIGHT // steps for at in (step, step + 1))
        if not tone:
            continue
        if marks and marks[-1].tone == tone and marks[-1].y + marks[-1].height == y:
            last = marks.pop()
            marks.append(Mark(y=last.y, height=end - last.y, tone=tone, url=last.url, row=last.row))
        else:
            hunks = fold.hunks_between(start, stop)
            row = fold.hunk_rows[hunks.start] if hunks else start
            marks.append(Mark(y=y, height=max(end - y, 2), tone=tone, url=f"{url}{row}", row=row))
    return marks


def _tone(kinds: set[SegmentKind]) -> str:
    """Name the colour of a mark: what went, what came, or both."""
    went, came = bool(kinds & {"delete", "away"}), bool(kinds & {"insert", "here"})
    if "replace" in kinds or (went and came):
        return "both"
    return "del" if went else "add" if came else ""
