"""Are LAVA's queries read into the same tree as filters, and what can't be read named?"""

from typing import Any

import pytest

from tests.query.asking import NOW
from webapp.errors import InvalidError, QueryError
from webapp.query.expressions import EVERYTHING, Expression, canonical
from webapp.query.fields import View
from webapp.query.lava import NamedQuery, read_query
from webapp.query.parser import parse

pytestmark = pytest.mark.unit


def filter_of(query: Any) -> str:
    """Return what a query asks for as the text of a filter."""
    tree = read_query(query, now=NOW)
    assert not isinstance(tree, NamedQuery)
    return canonical(tree)


def faults_of(query: Any) -> dict[str, str]:
    with pytest.raises(InvalidError) as raised:
        read_query(query, now=NOW)
    return dict(raised.value.faults)


def test_saved_query_is_named() -> None:
    assert read_query({"username": "anna", "name": "nightly"}, now=NOW) == NamedQuery(username="anna", name="nightly")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("health__Complete", "status:complete"),
        ("testjob__health__exact__Complete", "status:complete"),
        ("health__iexact__complete", "status:complete"),
        ("health__ne__Incomplete", "-status:incomplete"),
        ("health__Unknown", "status:queued,running"),
        ("state__exact__Finished", "status:complete,incomplete,canceled"),
        ("submitter__exact__anna,health__Canceled", "submitter:anna status:canceled"),
        ("submitter__icontains__bot", "submitter:*bot*"),
        ("submitter__ne__anna", "-submitter:anna"),
        ("description__istartswith__smoke test", "service:smoke\\ test*"),
        ("description__endswith__*", "service:*\\*"),
        ("actual_device__exact__board-1", "device:board-1"),
        ("failure_comment__contains__timed out", "message:*timed\\ out*"),
        ("failure_comment__exact__gone", "message:gone"),
        ("start_time__gt__2026-11-01", "started:>2026-11-01T00:00:00.000000Z"),
        ("start_time__lte__2026-11-01 10:30:00", "started:<=2026-11-01T10:30:00.000000Z"),
        ("end_time__lt__2026-11-01", "ended:<2026-11-01"),
        ("priority__exact__High", "priority:100"),
        ("priority__gte__50", "priority:>=50"),
        ("priority__ne__low", "-priority:0"),
        ("testjob__submitter__exact__anna,health__ne__Canceled", "submitter:anna -status:canceled"),
    ],
)
def test_conditions_are_read(text: str, expected: str) -> None:
    assert filter_of(text) == expected
    key, _, value = text.split(",", maxsplit=1)[0].rpartition("__")
    if "," not in text:
        assert filter_of({"entity": "testjob", "conditions": {key: value}}) == expected


def test_tree_is_that_of_the_filter() -> None:
    wanted = parse("submitter:anna status:complete", view=View.RUNS, now=NOW)
    assert read_query("submitter__exact__anna,health__exact__Complete", now=NOW) == wanted
    for health in ("testjob__health__exact", "testjob__health"):
        conditions = {"submitter__exact": "anna", health: "Complete"}
        assert read_query({"entity": "testjob", "conditions": conditions}, now=NOW) == wanted


def test_no_condition_selects_every_run() -> None:
    everything: list[Expression | NamedQuery] = [EVERYTHING, EVERYTHING]
    assert [read_query(query, now=NOW) for query in ("", {"entity": "testjob", "conditions": {}})] == everything


@pytest.mark.parametrize("text", ["service:backup level:errors", "service:a__b", "#118", '"a__b"', "no route"])
def test_filter_of_ours_is_read_as_such(text: str) -> None:
    assert read_query(text, now=NOW) == parse(text, view=View.RUNS, now=NOW)


def test_filter_of_ours_is_refused_with_its_caret() -> None:
    with pytest.raises(QueryError) as raised:
        read_query("statis:ok", now=NOW)
    assert raised.value.position == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("requested_device_type__exact__qemu", 'the field "requested_device_type" is not supported; supported are'),
        ("helth__Complete", 'the field "helth" is not supported; did you mean "health"?'),
        ("testcase__name__exact__boot", 'conditions of "testcase" can\'t be read'),
        ("health__regex__Complete", 'the operator "regex" is not supported for health'),
        ("submitter__gt__anna", 'the operator "gt" is not supported for submitter'),
        ("health__Good", 'health: "Good" is not one of Unknown, Complete, Incomplete or Canceled'),
        ("start_time__gt__soon", 'start_time: "soon" is not a time'),
        ("priority__gt__urgent", 'priority: "urgent"'),
        ("a__b__c__d__e", "expected field__value"),
    ],
)
def test_condition_that_cannot_be_read_is_named(text: str, sentence: str) -> None:
    [(place, message)] = faults_of(text).items()
    assert place == "query: condition 1"
    assert message.startswith(sentence)


def test_every_fault_is_told_at_its_place() -> None:
    conditions = {"health__exact": "Good", "device_type__exact": "qemu", "submitter__exact": "anna"}
    found = faults_of({"entity": "testjob", "conditions": conditions})
    assert sorted(found) == ["query.conditions.device_type__exact", "query.conditions.health__exact"]
    assert sorted(faults_of("health__Good,submitter__anna,x__y")) == ["query: condition 1", "query: condition 3"]


def test_later_conditions_mean_the_table_that_was_named() -> None:
    found = faults_of("testsuite__name__exact__boot,submitter__anna")
    assert len(found) == 2
    assert "testsuite" in found["query: condition 2"]


@pytest.mark.parametrize(
    ("query", "place", "sentence"),
    [
        ({"username": "anna"}, "query", "expected username and name, entity and conditions"),
        ({"username": "anna", "name": 7}, "query.name", "expected a text"),
        ({"username": "", "name": "x"}, "query.username", "expected a text"),
        ({"entity": "testcase", "conditions": {}}, "query.entity", "expected testjob, got 'testcase'"),
        ({"entity": "testjob", "conditions": []}, "query.conditions", "expected a mapping"),
        ({"entity": "testjob", "conditions": {}, "more": 1}, "query", "expected username and name"),
        ("health__Complete," * 200, "query", "expected at most 2,000 characters"),
        (",".join(["a__b"] * 51), "query: condition 51", "expected at most 50 conditions"),
    ],
)
def test_other_shapes_are_refused(query: Any, place: str, sentence: str) -> None:
    assert faults_of(query)[place].startswith(sentence)
