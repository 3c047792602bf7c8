"""Which results and cases of a run fail by a cause?"""

from flask import current_app

from webapp.compare.causes import EXTENSION, CauseCache, Causes
from webapp.compare.runs import Side
from webapp.query.expressions import EVERYTHING, Expression
from webapp.store.db import db
from webapp.store.filtering import only_rows
from webapp.store.runs import Run


def causes_of(run: Run, attempt: int | None, *, base: Run | None) -> Causes:
    """Return the causes of the failures of a run's section, held against those of another run."""
    cache: CauseCache = current_app.extensions.setdefault(EXTENSION, CauseCache())
    return cache.find(db.session(), Side(run=run, attempt=attempt), base=base)


def results_of_cause(run: Run, attempt: int | None, code: str) -> Expression:
    """Return the filter of device results that leaves those of a cause; an empty code leaves all."""
    if not code:
        return EVERYTHING
    cause = causes_of(run, attempt, base=None).find(code)
    return only_rows(cause.devices if cause else ())


def cases_of_cause(run: Run, attempt: int | None, code: str) -> Expression:
    """Return the filter of case results that leaves those of a cause; an empty code leaves all."""
    if not code:
        return EVERYTHING
    cause = causes_of(run, attempt, base=None).find(code)
    return only_rows(cause.cases if cause else ())
