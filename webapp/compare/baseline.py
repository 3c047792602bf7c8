"""With which run is a run compared when nobody says so, and why with that one?"""

from dataclasses import dataclass

from webapp.domain.outcome import Level
from webapp.errors import NotFoundError
from webapp.store.db import Session
from webapp.store.runs import Run, find_last_good_run, find_previous_run, get_run

PREVIOUS = "previous"
LAST_OK = "last-ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The run to compare with, and the reason in words."""

    run: Run
    reason: str


def resolve(session: Session, word: str, *, of: Run | None) -> Baseline:
    """Return the run that `previous`, `last-ok` or a uid means.

    Args:
        session: a reading session.
        word: what the address says.
        of: the run on the other side, which the words are relative to.

    Raises:
        NotFoundError: there is no such run.
    """
    if word == PREVIOUS and of is not None:
        found = find_previous_run(session, of)
        if found is None:
            raise NotFoundError(f"{of.service} #{of.number} has no run before it to compare with")
        return Baseline(run=found, reason=f"the run before #{of.number} that ended and was not canceled")
    if word == LAST_OK and of is not None:
        good = find_last_good_run(session, of, levels=(Level.OK, Level.WARNINGS))
        if good is None:
            raise NotFoundError(f"no run of {of.service} before #{of.number} ended without errors")
        return Baseline(run=good, reason=f"the last run before #{of.number} that ended without errors")
    return Baseline(run=get_run(session, word), reason="")
