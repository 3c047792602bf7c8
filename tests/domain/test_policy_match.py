"""Do criteria fire when they should, and say why when they do not?"""

import pytest

from webapp.domain.changes import ChangeClass
from webapp.domain.notices import Event
from webapp.domain.outcome import Level, RunStatus
from webapp.domain.policy import ChangeWord, Criteria, StatusWord
from webapp.domain.policy_match import Changes, Happening, find_mismatch, reaches

pytestmark = pytest.mark.unit

COMPLETE, INCOMPLETE, CANCELED, RUNNING = (
    RunStatus.COMPLETE,
    RunStatus.INCOMPLETE,
    RunStatus.CANCELED,
    RunStatus.RUNNING,
)


def happening(
    status: RunStatus, level: Level | None = None, before: RunStatus | None = None, **classes: int
) -> Happening:
    event = Event.RUNNING if status is RUNNING else Event.ENDED
    changes = Changes(reference=before, classes={ChangeClass(name): count for name, count in classes.items()})
    return Happening(event=event, status=status, level=level, changes=changes)


def fires(criteria: Criteria, what: Happening) -> bool:
    return find_mismatch(criteria, what) == ""


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("running", {RUNNING}),
        ("complete", {COMPLETE}),
        ("incomplete", {INCOMPLETE}),
        ("canceled", {CANCELED}),
        ("finished", {COMPLETE, INCOMPLETE, CANCELED}),
        ("all", {RUNNING, COMPLETE, INCOMPLETE, CANCELED}),
    ],
)
def test_status_fires_for_its_runs_alone(word: str, statuses: set[RunStatus]) -> None:
    criteria = Criteria(status=(StatusWord(word),))
    assert {each for each in (RUNNING, COMPLETE, INCOMPLETE, CANCELED) if fires(criteria, happening(each))} == statuses


def test_list_of_statuses_fires_for_each() -> None:
    criteria = Criteria(status=(StatusWord.RUNNING, StatusWord.INCOMPLETE))
    assert [fires(criteria, happening(each)) for each in (RUNNING, COMPLETE, INCOMPLETE)] == [True, False, True]


@pytest.mark.parametrize(
    ("word", "before", "status", "classes", "is_fired"),
    [
        ("regression", COMPLETE, INCOMPLETE, {}, True),
        ("regression", COMPLETE, COMPLETE, {"newly_failing": 1}, True),
        ("regression", COMPLETE, COMPLETE, {"new_failing": 1}, False),
        ("regression", COMPLETE, COMPLETE, {"still_failing": 3}, False),
        ("regression", INCOMPLETE, INCOMPLETE, {}, False),
        ("regression", None, INCOMPLETE, {"new_failing": 1}, False),
        ("progression", INCOMPLETE, COMPLETE, {}, True),
        ("progression", COMPLETE, COMPLETE, {"fixed": 1}, True),
        ("progression", None, COMPLETE, {"new_passing": 1}, False),
        ("new-failure", COMPLETE, COMPLETE, {"newly_failing": 1}, True),
        ("new-failure", COMPLETE, COMPLETE, {"new_failing": 1}, True),
        ("new-failure", None, COMPLETE, {"new_failing": 1}, True),
        ("new-failure", COMPLETE, COMPLETE, {"still_failing": 1}, False),
        ("fixed", COMPLETE, COMPLETE, {"fixed": 1}, True),
        ("still-failing", COMPLETE, COMPLETE, {"still_failing": 1}, True),
        ("still-failing", INCOMPLETE, INCOMPLETE, {}, True),
        ("still-failing", COMPLETE, COMPLETE, {"newly_failing": 1}, False),
        ("change", COMPLETE, COMPLETE, {"new_passing": 1}, True),
        ("change", COMPLETE, COMPLETE, {"missing": 1}, True),
        ("change", COMPLETE, COMPLETE, {"still_failing": 1, "same": 9}, False),
        ("change", COMPLETE, COMPLETE, {"same": 9}, False),
        ("regression", COMPLETE, CANCELED, {"newly_failing": 1}, False),
    ],
)
def test_change_fires(
    word: str, before: RunStatus | None, status: RunStatus, classes: dict[str, int], *, is_fired: bool
) -> None:
    criteria = Criteria(status=(StatusWord.ALL,), types=(ChangeWord(word),))
    assert fires(criteria, happening(status, None, before, **classes)) is is_fired


def test_run_with_both_is_both() -> None:
    both = happening(COMPLETE, before=COMPLETE, newly_failing=1, fixed=1)
    for word in (ChangeWord.REGRESSION, ChangeWord.PROGRESSION):
        assert fires(Criteria(status=(StatusWord.ALL,), types=(word,)), both)


@pytest.mark.parametrize("wanted", Level)
def test_level_fires_for_itself_and_worse(wanted: Level) -> None:
    levels = [level for level in Level if reaches(level, wanted)]
    assert levels == list(Level)[list(Level).index(wanted) :]
    assert not reaches(None, wanted)


def test_reason_names_what_was_asked() -> None:
    plain = Criteria(status=(StatusWord.INCOMPLETE,))
    assert find_mismatch(plain, happening(COMPLETE)) == "the run is complete, and the criteria ask for incomplete"
    level = Criteria(status=(StatusWord.ALL,), level=Level.ERRORS)
    assert find_mismatch(level, happening(COMPLETE, level=Level.OK)) == (
        "the run has the level ok, and the criteria ask for errors and worse"
    )
    change = Criteria(status=(StatusWord.ALL,), types=(ChangeWord.REGRESSION,))
    assert find_mismatch(change, happening(COMPLETE, before=COMPLETE)) == (
        "the criteria ask for regression, and nothing changed in that way"
    )
    assert find_mismatch(change, happening(COMPLETE)) == (
        "the criteria ask for regression, and there is no earlier run to compare with"
    )
    assert find_mismatch(change, happening(RUNNING)) == "a run that goes on has not changed anything yet"
