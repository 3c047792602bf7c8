"""Are failures grouped by their causes, the most frequent first, and is it said which are new?"""

from collections.abc import Sequence

import pytest
from flask import Flask

from tests.factories.runs import CaseReport, Device, record_run
from tests.queries import counted_queries
from webapp.compare.causes import CauseCache, Causes
from webapp.compare.runs import Side
from webapp.store.db import db
from webapp.store.runs import Run, get_run

pytestmark = pytest.mark.integration


def run_of(uid: str) -> Run:
    db.session.rollback()  # a new moment, in which the run is there
    return get_run(db.session(), uid)


def causes_of(uid: str, *, base: str = "", attempt: int | None = None) -> Causes:
    side = Side(run=run_of(uid), attempt=attempt)
    return CauseCache().find(db.session(), side, base=run_of(base) if base else None)


def told(causes: Causes) -> Sequence[tuple[int, str, bool | None]]:
    return [(cause.count, cause.text, cause.is_new) for cause in causes.items]


@pytest.fixture
def failed(app: Flask) -> tuple[str, str]:
    """Record two runs; the later one has a cause of its own and lacks one."""
    before = record_run(
        app,
        devices=[
            Device(name="edge-1", status="timeout", message="edge-1: no prompt within 30 s\nmore"),
            Device(name="edge-2", status="failed", message="disk full"),
        ],
    )
    last = record_run(
        app,
        devices=[
            Device(name="edge-1", status="failed"),
            Device(name="edge-2", status="timeout", message="edge-2: no prompt within 9 s"),
            Device(name="edge-3", status="timeout", message="EDGE-3: no prompt within 30 s"),
            Device(name="edge-4", status="lost"),
            Device(name="edge-5", status="lost"),
        ],
        cases=[
            CaseReport(name="a", result="fail", device="edge-3", message="edge-3: no prompt within 30 s"),
            CaseReport(name="b", result="fail", message="assert 3 >= 4\nmore"),
            CaseReport(name="c", result="fail"),
        ],
        logs={"edge-1": ["10:00:00 hello", "10:00:01 ERROR: no licence", "10:00:02 ERROR: giving up"]},
    )
    return before, last


def test_causes_the_most_frequent_first(failed: tuple[str, str]) -> None:
    before, last = failed
    found = causes_of(last, base=before)
    assert found.failures == 8
    assert told(found) == [
        (3, "<device>: no prompt within <duration>", False),
        (2, "lost, without a message", True),
        (1, "ERROR: no licence", True),
        (1, "assert 3 >= 4", True),
        (1, "fail, without a message", True),
    ]
    assert [(cause.count, cause.text) for cause in found.gone] == [(1, "disk full")]
    prompt, _, licence, *_ = found.items
    assert (len(prompt.devices), len(prompt.cases)) == (2, 1)
    assert (prompt.example.device, prompt.message) == ("edge-2", "edge-2: no prompt within 9 s")
    assert (licence.example.device, licence.message) == ("edge-1", "ERROR: no licence")
    assert found.find(licence.code) == licence
    assert found.find("nonsense") is None


def test_codes_are_the_same_in_every_run(failed: tuple[str, str]) -> None:
    before, last = failed
    assert causes_of(before).items[1].code == causes_of(last).items[0].code


def test_without_a_base_nothing_is_new(failed: tuple[str, str]) -> None:
    assert {cause.is_new for cause in causes_of(failed[1]).items} == {None}


def test_sections_have_their_own_causes(app: Flask) -> None:
    uid = record_run(
        app,
        devices=[
            Device(name="a", status="failed", message="first"),
            Device(name="b", status="failed", message="first"),
            Device(name="a", status="failed", message="second", attempt=2),
        ],
    )
    assert told(causes_of(uid, attempt=1)) == [(2, "first", None)]
    assert told(causes_of(uid, attempt=2)) == [(1, "second", None)]
    assert told(causes_of(uid)) == [(1, "first", None), (1, "second", None)]


def test_a_run_without_failures_has_no_causes(app: Flask) -> None:
    found = causes_of(record_run(app, devices=["a"], cases=[CaseReport(name="x")]))
    assert (found.items, found.failures) == ([], 0)


def test_number_of_queries_does_not_depend_on_failures(app: Flask, failed: tuple[str, str]) -> None:
    one = run_of(record_run(app, devices=[Device(name="a", status="lost")], logs={"a": ["ERROR: x"]}))
    many = run_of(failed[1])
    with counted_queries() as few:
        CauseCache().find(db.session(), Side(run=one), base=None)
    with counted_queries() as all_of_them:
        CauseCache().find(db.session(), Side(run=many), base=None)
    assert few.count == all_of_them.count


def test_causes_are_kept_while_the_run_does_not_change(app: Flask, failed: tuple[str, str]) -> None:
    cache = CauseCache(limit=1)
    session = db.session()
    run = run_of(failed[1])
    first = cache.find(session, Side(run=run), base=None)
    with counted_queries() as queries:
        assert cache.find(session, Side(run=run), base=None) == first
    assert queries.count == 0
    cache.find(session, Side(run=run_of(failed[0])), base=None)
    with counted_queries() as queries:
        cache.find(session, Side(run=run), base=None)
    assert queries.count > 0
