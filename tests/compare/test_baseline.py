"""Is the right run taken to compare with, and is it said why?"""

import pytest
from flask import Flask

from tests.factories.people import make_caller, make_query
from tests.factories.runs import NOW, Device, record_run
from webapp.compare.baseline import find_usual_baseline, is_relative, resolve
from webapp.domain.access import Caller, Role
from webapp.errors import NotFoundError
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import reading, writing
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration


def number_of(word: str, uid: str, caller: Caller | None = None) -> int:
    with reading() as session:
        return resolve(session, word, of=get_run(session, uid), caller=caller).run.number


def refusal(word: str, uid: str, caller: Caller | None = None) -> str:
    with pytest.raises(NotFoundError) as raised:
        number_of(word, uid, caller)
    return str(raised.value)


def usual(uid: str) -> tuple[int, str, str]:
    with reading() as session:
        found = find_usual_baseline(session, get_run(session, uid))
    assert found is not None
    return found.run.number, found.word, found.reason


def choose(**compare: str) -> None:
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": compare}), now=NOW)


def test_words_relative_to_a_run(any_app: Flask) -> None:
    record_run(any_app, devices=["a"], fields={"labels": ["nightly"]})
    record_run(any_app, devices=[Device(name="a", status="failed")])
    record_run(any_app, status="canceled", fields={"labels": ["nightly"]})
    record_run(any_app, status=None, fields={"labels": ["nightly"]})
    record_run(any_app, service="other", fields={"labels": ["weekly"]})
    last = record_run(any_app)
    ann = make_caller("ann")
    make_query(ann, "nightly", "label:nightly")
    make_query(ann, "weekly", "label:weekly since:1000d")
    make_query(ann, "slash/in name", "service:audit")
    assert number_of("previous", last) == 2
    assert number_of("last-ok", last) == 1
    assert number_of("query:ann/nightly", last, ann) == 1
    assert number_of("query:ann/slash/in name", last, ann) == 2
    with reading() as session:
        weekly = resolve(session, "query:ann/weekly", of=get_run(session, last), caller=ann)
    assert weekly.run.service == "other"
    assert weekly.reason == "the newest run before #5 that the saved query ann/weekly selects"
    assert [is_relative(word) for word in ("previous", "last-ok", "pinned", "query:a/b", last)] == [True] * 4 + [False]


def test_words_that_mean_nothing(app: Flask) -> None:
    first = record_run(app)
    ann = make_caller("ann")
    make_query(ann, "none", "label:none")
    make_query(ann, "broken", "nonsense:1")
    assert refusal("previous", first) == "audit #1 has no run before it to compare with"
    assert refusal("last-ok", first) == "no run of audit before #1 ended without errors"
    assert refusal("pinned", first) == "no run of audit is pinned"
    assert "selects no run before #1" in refusal("query:ann/none", first)
    assert "can't be read any more: there is no field" in refusal("query:ann/broken", first)
    assert refusal("query:ann/gone", first) == "there is no saved query 'gone' of 'ann'"
    assert refusal("query:bob/none", first) == "there is no saved query 'none' of 'bob'"
    assert refusal("nonsense", first) == "there is no run nonsense"


def test_query_of_somebody_else_is_used_only_when_shared(app: Flask) -> None:
    record_run(app)
    last = record_run(app)
    ann, bob, root = make_caller("ann"), make_caller("bob"), make_caller("root", Role.ADMIN)
    make_query(ann, "own", "service:audit")
    make_query(ann, "shared", "service:audit", is_shared=True)
    assert number_of("query:ann/shared", last, bob) == 1
    assert number_of("query:ann/own", last, root) == 1
    assert "there is no saved query" in refusal("query:ann/own", last, bob)


def test_usual_baseline_follows_the_service(any_app: Flask) -> None:
    first = record_run(any_app, devices=["a"])
    record_run(any_app, devices=[Device(name="a", status="failed")])
    last = record_run(any_app)
    assert usual(last) == (2, "previous", "the run before #3 that ended and was not canceled")
    choose(baseline="last-ok")
    assert usual(last)[:2] == (1, "last-ok")
    choose(baseline="pinned", pinned=first)
    assert usual(last) == (1, "pinned", "the run pinned as the baseline of audit")
    make_query(make_caller("ann"), "failing", "level:errors")
    choose(baseline="query:ann/failing")
    assert usual(last)[:2] == (2, "query:ann/failing")


def test_usual_baseline_falls_back_and_says_why(app: Flask) -> None:
    first = record_run(app)
    choose(baseline="pinned", pinned=first)
    second, third = record_run(app), record_run(app)
    choose(baseline="pinned", pinned=third)
    previous = "the run before #2 that ended and was not canceled"
    assert usual(second) == (1, "previous", f"{previous} (the run pinned as the baseline of audit is not older)")
    choose(baseline="query:ann/gone")
    assert usual(second) == (1, "previous", f"{previous} (there is no saved query 'gone' of 'ann')")
    with reading() as session:
        assert find_usual_baseline(session, get_run(session, first)) is None
