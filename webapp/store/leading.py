"""Which index leads to the runs of a list soonest: the one to the fewest rows, where there is a choice?"""

from collections.abc import Sequence

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from webapp.store.filtering import Translation
from webapp.store.models.runs import RunRow
from webapp.store.patterns import Clause

# Counting stops here: an index to more rows is as good as any other to more.
COUNTED_ROWS = 15_000
# So many rows are soon sorted by their start.
SORTED_ROWS = 1_000


def choose_lead(session: Session, translation: Translation, *, is_by_start: bool) -> tuple[Clause, ...]:
    """Return the clauses of a filter of runs that an index follows; the others are to be tested on each row.

    Args:
        session: a reading session.
        translation: the filter.
        is_by_start: the list is sorted by start, else by id.
    """
    choices = translation.leads
    starts = tuple(clause for clause in translation.clauses if is_by_start and _is_of_start(clause))
    if not choices or (len(choices) == 1 and not starts):
        return choices[0] if choices else starts
    at_most = SORTED_ROWS if starts else COUNTED_ROWS
    rows, fewest = min(zip(_count(session, choices, at_most), choices, strict=True), key=lambda choice: choice[0])
    return starts if starts and rows == at_most else fewest


def _count(session: Session, choices: Sequence[tuple[Clause, ...]], at_most: int) -> Sequence[int]:
    """Return how many rows each choice leads to, in one statement, counted in the indexes alone."""
    found = [select(literal(1)).select_from(RunRow).where(*clauses).limit(at_most).subquery() for clauses in choices]
    counts = [select(func.count()).select_from(rows).scalar_subquery() for rows in found]
    return tuple(session.execute(select(*counts)).one())


def _is_of_start(clause: Clause) -> bool:
    left = getattr(clause, "left", None)
    return getattr(left, "key", None) == "started_at"
