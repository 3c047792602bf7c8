"""What do the failures of a run have in common, and which of them are chosen?"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request

from webapp.compare.causes import EXTENSION, Cause, CauseCache, Causes
from webapp.compare.runs import Side
from webapp.query.expressions import EVERYTHING, Expression
from webapp.store.db import Session
from webapp.store.filtering import only_rows
from webapp.store.runs import Run
from webapp.web.run_section import Section

# So many causes stand on the page at once, and so many more behind a click.
FIRST_CAUSES = 6
MORE_CAUSES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCauses:
    """The causes of a run's failures, as its page lists them.

    Args:
        causes: all of them.
        code: the one that the address chooses, or empty.
        chosen: it, if a failure has it.
        first: the causes that are listed; the chosen one is always among them.
        more: those behind a click.
    """

    causes: Causes
    code: str
    chosen: Cause | None
    first: Sequence[Cause]
    more: Sequence[Cause]

    @property
    def devices(self) -> Expression:
        """Return the filter of the device results that the choice leaves."""
        return self._only([] if self.chosen is None else self.chosen.devices)

    @property
    def cases(self) -> Expression:
        """Return the filter of the case results that the choice leaves."""
        return self._only([] if self.chosen is None else self.chosen.cases)

    def _only(self, ids: Sequence[int]) -> Expression:
        return only_rows(ids) if self.code else EVERYTHING


def read_causes(session: Session, section: Section, *, base: Run | None) -> ShownCauses:
    """Return the causes of the section's failures, held against those of another run unless it is one attempt."""
    cache: CauseCache = current_app.extensions.setdefault(EXTENSION, CauseCache())
    side = Side(run=section.run, attempt=section.attempt)
    causes = cache.find(session, side, base=base if section.attempt is None else None)
    code = request.args.get("cause", "")
    chosen = causes.find(code)
    first = list(causes.items[:FIRST_CAUSES])
    if chosen is not None and chosen not in first:
        first.append(chosen)
    more = [cause for cause in causes.items[FIRST_CAUSES : FIRST_CAUSES + MORE_CAUSES] if cause is not chosen]
    return ShownCauses(causes=causes, code=code, chosen=chosen, first=first, more=more)
