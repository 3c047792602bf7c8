"""With which run is a run compared, and why with that one?"""

from dataclasses import dataclass, replace

from webapp.domain.access import Caller
from webapp.domain.compare_options import LAST_OK, PINNED, PREVIOUS, QUERY_PREFIX, read_compare_options
from webapp.domain.outcome import Level, RunStatus
from webapp.domain.saved_queries import may_see
from webapp.errors import NotFoundError, QueryError
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import Session
from webapp.store.queries import find_query
from webapp.store.recording_services import get_options
from webapp.store.runs import Run, find_last_good_run, find_previous_run, find_run, get_run, list_runs
from webapp.store.selections import find_earlier_run_id

RELATIVE = (PREVIOUS, LAST_OK, PINNED)
COMPARABLE = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The run to compare with, the word that it was found by (empty for its uid), and the reason for people."""

    run: Run
    word: str
    reason: str


def is_relative(word: str) -> bool:
    """Say whether a word means a run only relative to another one."""
    return word in RELATIVE or word.startswith(QUERY_PREFIX)


def resolve(session: Session, word: str, *, of: Run | None, caller: Caller | None = None) -> Baseline:
    """Return the run that a word means: `previous`, `last-ok`, `pinned`, `query:<owner>/<name>`, or a uid.

    Args:
        session: a reading session.
        word: what the address says.
        of: the run on the other side, which the words are relative to.
        caller: who asks, and may see the saved query; None is the server itself.

    Raises:
        NotFoundError: there is no such run.
    """
    if of is None or not is_relative(word):
        return Baseline(run=get_run(session, word), word="", reason="")
    if word == PREVIOUS:
        return _previous(session, of)
    if word == LAST_OK:
        return _last_ok(session, of)
    if word == PINNED:
        return _pinned(session, of)
    return _newest_of_query(session, word, of, caller)


def find_usual_baseline(session: Session, run: Run) -> Baseline | None:
    """Return what a run is compared with unless somebody chooses: what its service says, else the run before it.

    It is older than the run itself; None is returned for the first run of a service.
    """
    word = read_compare_options(get_options(session, run.service_id)).baseline
    refusal = ""
    try:
        found = resolve(session, word, of=run)
        if found.run.id < run.id:
            return found
        refusal = f"{found.reason} is not older"
    except NotFoundError as error:
        refusal = str(error)
    try:
        previous = _previous(session, run)
    except NotFoundError:
        return None
    return previous if word == PREVIOUS else replace(previous, reason=f"{previous.reason} ({refusal})")


def _previous(session: Session, of: Run) -> Baseline:
    found = find_previous_run(session, of)
    if found is None:
        raise NotFoundError(f"{of.service} #{of.number} has no run before it to compare with")
    return Baseline(run=found, word=PREVIOUS, reason=f"the run before #{of.number} that ended and was not canceled")


def _last_ok(session: Session, of: Run) -> Baseline:
    found = find_last_good_run(session, of, levels=(Level.OK, Level.WARNINGS))
    if found is None:
        raise NotFoundError(f"no run of {of.service} before #{of.number} ended without errors")
    return Baseline(run=found, word=LAST_OK, reason=f"the last run before #{of.number} that ended without errors")


def _pinned(session: Session, of: Run) -> Baseline:
    uid = read_compare_options(get_options(session, of.service_id)).pinned
    if uid is None:
        raise NotFoundError(f"no run of {of.service} is pinned")
    found = find_run(session, uid)
    if found is None or found.status not in COMPARABLE:
        raise NotFoundError(f"the run that was pinned for {of.service} is gone")
    return Baseline(run=found, word=PINNED, reason=f"the run pinned as the baseline of {of.service}")


def _newest_of_query(session: Session, word: str, of: Run, caller: Caller | None) -> Baseline:
    owner, _, name = word.removeprefix(QUERY_PREFIX).partition("/")
    query = find_query(session, owner=owner, name=name)
    if query is None or (caller is not None and not may_see(query, caller)):
        raise NotFoundError(f"there is no saved query {name!r} of {owner!r}")
    try:
        where = parse(query.text, view=View.RUNS, now=of.created_at)
    except QueryError as error:
        raise NotFoundError(f"the saved query {query.title} can't be read any more: {error}") from error
    found_id = find_earlier_run_id(session, of, where=where, statuses=COMPARABLE, same_service=False)
    if found_id is None:
        raise NotFoundError(f"the saved query {query.title} selects no run before #{of.number} to compare with")
    reason = f"the newest run before #{of.number} that the saved query {query.title} selects"
    return Baseline(run=list_runs(session, [found_id])[0], word=word, reason=reason)
